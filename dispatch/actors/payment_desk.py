"""The outgoing work of payments: calls to Alipay's gateway, done by the payment host for its entities."""

from __future__ import annotations

from dispatch.actors.system import System
from dispatch.config import load_settings
from dispatch.entity import Command
from dispatch.payment.configured import open_gateways
from dispatch.payment.gateway_calls import company_of, perform
from dispatch.store.journal import StoredDue


class PaymentDesk:
    """Performs calls on the gateways that the settings name."""

    def __init__(self, system: System) -> None:
        settings = load_settings(system.config_file, dict(system.given))
        self._gateways = open_gateways(settings, system.clock())

    async def perform(self, due: StoredDue) -> Command:
        """Do what a due asks of the gateway; the command that tells the payment the answer."""
        return await perform(self._gateways.of(company_of(due.command)), due.name, due.command)

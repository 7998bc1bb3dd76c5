"""The outgoing work of payments: calls to Alipay's gateway, done by the payment host for its entities."""

from __future__ import annotations

from dispatch.actors.system import System
from dispatch.config import load_settings
from dispatch.entity import Command
from dispatch.payment.configured import open_gateway
from dispatch.payment.gateway_calls import perform
from dispatch.store.journal import StoredDue


class PaymentDesk:
    """Performs calls on the gateway that the settings name."""

    def __init__(self, system: System) -> None:
        settings = load_settings(system.config_file, dict(system.given))
        self._gateway = open_gateway(settings, system.clock())

    async def perform(self, due: StoredDue) -> Command:
        """Do what a due asks of the gateway; the command that tells the payment the answer."""
        return await perform(self._gateway, due.name, due.command)

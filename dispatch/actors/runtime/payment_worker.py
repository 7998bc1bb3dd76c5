"""Executes a payment host's scheduled calls to the payment gateways."""

from __future__ import annotations

import msgspec

from dispatch.actors.runtime.cluster_config import ClusterConfig
from dispatch.config.loader import load_settings
from dispatch.domain.entity import Command
from dispatch.payment.core.gateway_calls import company_of, perform
from dispatch.payment.gateways.factory import open_gateways
from dispatch.payment.gateways.response_capture import capture_responses
from dispatch.store.journal import StoredCommand


class PaymentWorker:
    """Performs calls on the gateways that the settings name."""

    def __init__(self, system: ClusterConfig) -> None:
        settings = load_settings(system.config_file, dict(system.overrides))
        self._clock = system.clock()
        self._gateways = open_gateways(settings, self._clock)

    async def perform(self, due: StoredCommand) -> Command:
        """Do what a due asks of the gateway; the command that tells the payment the answer, also as it came."""
        with capture_responses() as pages:
            told = await perform(self._gateways.for_company(company_of(due.command)), due.name, due.command)
        return msgspec.structs.replace(told, received="\n".join(pages), heard_at=self._clock.wall())

"""Executes a payment host's scheduled calls to the payment gateways."""

import msgspec

from dispatch.actors.runtime.cluster_config import ClusterConfig
from dispatch.config.loader import load_settings
from dispatch.domain.entity import Command
from dispatch.payment.core.gateway_calls import company_of, perform
from dispatch.payment.gateways.factory import open_gateways
from dispatch.payment.gateways.response_capture import capture_responses
from dispatch.store.journal import StoredCommand


class PaymentWorker:
    """Calls the gateways of the settings."""

    def __init__(self, system: ClusterConfig) -> None:
        settings = load_settings(system.config_file, dict(system.overrides))
        self._clock = system.clock()
        self._gateways = open_gateways(settings, self._clock)

    async def perform(self, scheduled: StoredCommand) -> Command:
        """Execute a scheduled gateway call.

        Returns the command that reports the response (parsed and raw) to the payment.
        """
        with capture_responses() as responses:
            report = await perform(
                self._gateways.for_company(company_of(scheduled.command)), scheduled.name, scheduled.command
            )
        return msgspec.structs.replace(report, received="\n".join(responses), heard_at=self._clock.wall())

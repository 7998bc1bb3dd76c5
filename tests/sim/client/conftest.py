"""Clients are tested at a gateway with hosts in memory."""

from tests.ws_gateway.conftest import gateway, start

__all__ = ["gateway", "start"]

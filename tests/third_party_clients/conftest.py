"""The sandbox that all third-party clients call."""

from collections.abc import AsyncIterator

import pytest

from tests.third_party_clients.live_sandbox import LiveSandbox, run_live_sandbox


@pytest.fixture
async def sandbox() -> AsyncIterator[LiveSandbox]:
    async with run_live_sandbox() as made:
        yield made

"""What all strangers meet."""

from collections.abc import AsyncIterator

import pytest

from tests.third_party_clients.notify_receiver import Town, opened


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with opened() as made:
        yield made

"""The sandbox that most tests talk to."""

from collections.abc import AsyncIterator

import pytest

from tests.sim.alipay_sandbox.sandbox_client import Alipay, alipay_of


@pytest.fixture
async def alipay() -> AsyncIterator[Alipay]:
    made = alipay_of()
    yield made
    await made.http.aclose()
    await made.sandbox.notifier.aclose()

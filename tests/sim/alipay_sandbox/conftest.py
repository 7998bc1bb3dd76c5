"""The sandbox that most tests talk to."""

from collections.abc import AsyncIterator

import pytest

from tests.sim.alipay_sandbox.sandbox_client import SandboxClient, open_sandbox


@pytest.fixture
async def alipay() -> AsyncIterator[SandboxClient]:
    made = open_sandbox()
    yield made
    await made.http.aclose()
    await made.sandbox.notifier.aclose()

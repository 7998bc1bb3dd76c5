"""Who the passenger is, asked of the sandbox over HTTP by the real client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest

from dispatch.clock import CityClock
from dispatch.config.loader import Settings, load_settings
from dispatch.domain.errors import ErrorCode
from sim.demo.sandbox_process import SandboxProcess
from tests.ws_gateway.pay.page_client import BUYER, Booth, step, text
from ws_gateway.pay.alipay_oauth import open_applications

pytestmark = pytest.mark.integration
OURS = "http://127.0.0.1:8080"


@pytest.fixture
async def settings(folder: Path) -> AsyncIterator[Settings]:
    """Settings of a system that has its payments at a sandbox of its own."""
    sandbox = SandboxProcess(folder)
    await sandbox.start()
    yield load_settings(None, {**sandbox.settings(), "server.data_dir": str(folder)})
    await sandbox.stop()


async def test_from_the_code_to_the_fare(settings: Settings) -> None:
    """A browser that goes on with the sandbox comes back with a code, which tells who it is, once."""
    booth = Booth(public_url=OURS, bridge_url=settings.alipay.bridge_url).fare_due()
    authorizations = open_applications(settings, CityClock())
    booth.serve(msgspec.structs.replace(booth.context, authorizers=authorizations))
    browser = booth.browser("Chrome")
    left = await browser.get("/pay/V1?sandbox=1")
    assert left.headers["location"].startswith(settings.alipay.authorize_url)
    async with httpx.AsyncClient(cookies={"alipay_sandbox_buyer": BUYER}) as web:
        sent_back = (await web.get(left.headers["location"])).headers["location"]
    back = urlsplit(sent_back)
    assert sent_back.startswith(f"{OURS}/pay/callback?")

    arrived = await browser.get(f"{back.path}?{back.query}")

    assert (arrived.status_code, arrived.headers["location"]) == (302, "/pay/V1")
    ride = await browser.get("/pay/V1/t1")
    assert step(ride) == "pay"
    await browser.submit(ride, "pay")
    assert booth.stage.trip.data.buyer == BUYER

    again = booth.browser("Chrome")
    state = (await again.get("/pay/V1?sandbox=1")).headers["location"].rpartition("state=")[2]
    used = f"{back.path}?{back.query.rpartition('state=')[0]}state={state}"
    refused = await again.get(used)
    assert (refused.status_code, text(refused, "error-number")) == (403, str(ErrorCode.WRONG_CREDENTIALS.value))
    await authorizations.aclose()


async def test_accounts(settings: Settings) -> None:
    """A company without an account of its own is known to the application that all share."""
    authorizations = open_applications(settings, CityClock())
    assert authorizations.account_of("Anybody") == ""
    assert authorizations.authorizer_for("") is not None
    assert authorizations.authorizer_for("Anybody") is None
    await authorizations.aclose()
    assert open_applications(load_settings(None, {}), CityClock()).authorizer_for("") is None

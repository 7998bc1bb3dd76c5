"""A sandbox on a real socket, a merchant's notification receiver and the passenger's phone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx

from sim.alipay_sandbox.http.app import create_app, running
from sim.alipay_sandbox.model.settings import SandboxSettings
from tests.sim.alipay_sandbox.live_samples import BUYER, KEYS, NotifyReceiver


@dataclass
class LiveSandbox:
    """A running sandbox with its addresses."""

    url: str
    gateway: str
    notify_url: str
    receiver: NotifyReceiver
    http: httpx.AsyncClient

    async def pay(self, trade_no: str) -> None:
        """The passenger pays on the phone."""
        said = (await self.http.post("/sandbox/tradepay", json={"trade_no": trade_no, "buyer_id": BUYER})).json()
        assert said["resultCode"] == "9000", said

    async def bar_code(self) -> str:
        code: str = (await self.http.get(f"/sandbox/buyers/{BUYER}/code")).json()["code"]
        return code

    async def auth_code(self) -> str:
        """The passenger opens our page, and comes back from Alipay's."""
        asked = {"app_id": KEYS.app_id, "scope": "auth_base", "redirect_uri": "http://127.0.0.1:1/back"}
        answer = await self.http.get("/oauth2/publicAppAuthorize.htm", params=asked)
        return parse_qs(urlsplit(answer.headers["location"]).query)["auth_code"][0]

    async def first_notification(self) -> dict[str, str]:
        """The fields of the first notification."""
        await self.receiver.arrived.wait()
        body, _ = self.receiver.posted[0]
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, strict_parsing=True))

    async def fault(self, **fault: Any) -> None:
        """Replace the active faults by one."""
        (await self.http.put("/sandbox/faults", json=[fault])).raise_for_status()

    async def order(self, number: str) -> dict[str, Any]:
        """The order as the sandbox's books have it."""
        orders = (await self.http.get("/sandbox/accounts")).json()["orders"]
        [found] = [each for each in orders if each["out_trade_no"] == number]
        return dict(found)


@asynccontextmanager
async def run_live_sandbox() -> AsyncIterator[LiveSandbox]:
    receiver = NotifyReceiver()
    settings = SandboxSettings(merchants=(KEYS.at_alipay(),), retry_time_factor=0.0001, default_buyer=BUYER)
    async with (
        running(create_app(settings)) as url,
        running(receiver.app()) as merchant,
        httpx.AsyncClient(base_url=url, trust_env=False) as http,
    ):
        yield LiveSandbox(url, f"{url}/gateway.do", f"{merchant}/notify", receiver, http)

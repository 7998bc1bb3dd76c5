"""Shared by tests against a sandbox on a real socket: a buyer, the merchant's keys and a receiver of notifications."""

import asyncio
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.sim.alipay_sandbox import merchant

BUYER = merchant.BUYER
KEYS = merchant.demo()


@dataclass
class NotifyReceiver:
    """Receives notifications; replies ``success`` after a number of refusals."""

    refuse: int = 0
    posted: list[tuple[bytes, str]] = field(default_factory=list)
    """Body and content type of each notification."""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self, request: Request) -> Response:
        self.posted.append((await request.body(), request.headers["content-type"]))
        if len(self.posted) > self.refuse:
            self.arrived.set()
            return PlainTextResponse("success")
        return PlainTextResponse("fail")

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/notify", self.receive, methods=["POST"])])

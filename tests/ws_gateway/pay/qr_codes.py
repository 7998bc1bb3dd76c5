"""A ride's whole payment in one process: a real car, trip and payment, the real gateway clients, pages on a port.

Only Alipay is played, by the sandbox over HTTP, and the hosts: entities stand in memory, and what they ask for is done
at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from dispatch.actors.core.protocol import Done, Envelope, Refused, Reply
from dispatch.clock import CityClock
from dispatch.config.loader import load_settings
from dispatch.domain.commands import decode_command
from dispatch.domain.entity import SYSTEM, Command, Context, Decision, EntityKey, Principal, ScheduledCommand
from dispatch.domain.errors import DispatchError
from dispatch.payment.core.gateway_calls import GATEWAY, company_of, perform
from dispatch.payment.core.payment import Payment
from dispatch.payment.gateways.factory import open_gateways, payment_rules_of
from dispatch.values.ids import CommandId
from dispatch.values.units import CityTime
from sim.demo.sandbox_process import SandboxProcess
from tests.ws_gateway.conftest import eventually
from tests.ws_gateway.pay.page_client import Booth
from ws_gateway.http.alipay_webhook import AlipayWebhook
from ws_gateway.pay.alipay_oauth import open_applications
from ws_gateway.pay.fare_commands import FareCommands
from ws_gateway.pay.routes import pay_routes
from ws_gateway.server.uvicorn_server import listen


class Street:
    """Car V1, its trip t1, and whoever scans its code. ``given``: settings beside those of the sandbox."""

    def __init__(self, folder: Path, **given: str) -> None:
        self.sandbox = SandboxProcess(folder)
        self._folder = folder
        self._given = {f"alipay.{name}": value for name, value in given.items()}
        self._socket = listen("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._replies: dict[str, Reply] = {}
        self._work: deque[ScheduledCommand] = deque()
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self.sandbox.start()
        self.clock = CityClock()
        ours = {"server.public_url": self.url, "server.data_dir": str(self._folder)}
        settings = load_settings(None, {**self.sandbox.settings(), **ours, **self._given})
        self._gateways = open_gateways(settings, self.clock)
        self._authorizations = open_applications(settings, self.clock)
        self.booth = Booth(public_url=self.url, bridge_url=settings.alipay.bridge_url)
        self.stage.now = self.clock.wall()
        self.stage.fix()
        self.payment = Payment("t1", payment_rules_of(settings))
        self._notices = AlipayWebhook(self._gateways, self)  # type: ignore[arg-type] # it sends commands alone
        await self._serve()
        return self

    async def _serve(self) -> None:
        commands = FareCommands(self, self.booth.cars, iter(f"q{n}" for n in range(10**9)).__next__)
        context = msgspec.structs.replace(
            self.booth.context, commands=commands, authorizers=self._authorizations, clock=self.clock
        )
        app = Starlette(routes=[*pay_routes(context), Route("/alipay/notify", self._notify, methods=["POST"])])
        self._server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="none"))
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        await eventually(lambda: self._server.started)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        await self._serving
        await self._authorizations.aclose()
        await self._gateways.aclose()
        await self.sandbox.stop()

    @property
    def stage(self) -> Any:
        return self.booth.stage

    # ── hosts ────────────────────────────────────────────────────────────────────────────────────────────────────

    async def command(self, envelope: Envelope) -> Reply:
        """What hosts do: each command once, and then all that it asks for."""
        async with self._lock:
            if envelope.command_id not in self._replies:
                self._replies[envelope.command_id] = self._decide(envelope)
                await self._do_what_is_asked()
            return self._replies[envelope.command_id]

    def _decide(self, envelope: Envelope) -> Reply:
        key = EntityKey.parse(envelope.key)
        try:
            decision = self._send(key, decode_command(envelope.body), envelope.principal, envelope.command_id)
        except DispatchError as error:
            return Refused(error.code.value, error.field, error.detail)
        entity = self._entity(key)
        return Done(entity.seq, entity.state, decision.reply or {})

    def _entity(self, key: EntityKey) -> Any:
        return self.payment if key.kind == "payment" else self.stage.entity(key)

    def _send(self, key: EntityKey, command: Command, principal: Principal, command_id: str) -> Decision:
        if key.kind != "payment":
            decision: Decision = self.stage.send(self.stage.entity(key), command, principal)
        else:
            decision = self.payment.decide(
                command, Context(CityTime(self.stage.now), principal, CommandId(command_id), {})
            )
            for event in decision.events:
                self.payment.apply(event)
        self._work.extend(due for due in decision.put if due.at <= self.stage.now)
        return decision

    async def _do_what_is_asked(self) -> None:
        while self._work:
            due = self._work.popleft()
            if due.target == GATEWAY:
                told = await perform(self._gateways.for_company(company_of(due.command)), due.name, due.command)
                self._send(EntityKey("payment", "t1"), told, SYSTEM, due.name)
            else:
                self._send(EntityKey.parse(due.target), decode_command(due.command), SYSTEM, due.name)

    async def _notify(self, request: Request) -> PlainTextResponse:
        kept = await self._notices.receive_notification(await request.body(), request.headers.get("content-type", ""))
        return PlainTextResponse("success" if kept else "failure")

    # ── the passenger ────────────────────────────────────────────────────────────────────────────────────────────

    def browser(self, buyer: str) -> httpx.AsyncClient:
        """A browser in which the sandbox plays Alipay's app for this buyer. It follows redirects, as browsers do."""
        agent = {"User-Agent": "Mozilla/5.0 AlipayClient/10.5 Language/en"}
        cookies = httpx.Cookies({"alipay_sandbox_buyer": buyer})
        return httpx.AsyncClient(base_url=self.url, headers=agent, cookies=cookies, follow_redirects=True)

    async def tells_the_app(self, trade: str, buyer: str, *, confirm: bool = True) -> str:
        """What ``tradePay`` answers the page when the passenger confirms, or leaves."""
        asked = {"trade_no": trade, "buyer_id": buyer, "confirm": confirm}
        async with httpx.AsyncClient() as web:
            answer = await web.post(f"{self.sandbox.url}/sandbox/tradepay", json=asked)
        return str(answer.json()["resultCode"])

    async def accounts(self) -> dict[str, Any]:
        """What Alipay's books say."""
        async with httpx.AsyncClient() as web:
            books: dict[str, Any] = (await web.get(f"{self.sandbox.url}/sandbox/accounts")).json()
            return books

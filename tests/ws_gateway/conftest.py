"""A gateway on a real port, with hosts in memory, and clients that speak to it as any client would."""

from __future__ import annotations

import asyncio
import gzip
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

import httpx
import msgpack
import numpy as np
import pytest
import websockets
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from dispatch.api.http_bodies import CityFacts
from dispatch.clock import CityClock
from dispatch.geo.road_travel_time import RoadGraph
from dispatch.observability.metrics import Metrics
from dispatch.payment.core.rotating_word import verification_word
from dispatch.values.roles import Role
from tests.dispatch.geo.grids import grid
from tests.dispatch.store.buses.memory_bus import MemoryBus
from tests.ws_gateway.fakes import (
    FakeAlarms,
    FakeAudit,
    FakeHistory,
    FakeHosts,
    FakeNotices,
    FakePayments,
    FakeRegistry,
    FakeRevocations,
)
from tests.ws_gateway.session.builders import SERVED, price
from ws_gateway.app import Application, Dependencies, create_app
from ws_gateway.auth.revocations import Revocations
from ws_gateway.auth.sign_in import SignIn
from ws_gateway.auth.sms import DevelopmentSms
from ws_gateway.auth.tokens import Tokens
from ws_gateway.http.city_routes import city_routes
from ws_gateway.hub.bus_subscriber import BusSubscriber
from ws_gateway.hub.phone_masking import PhoneMasker
from ws_gateway.server.uvicorn_server import Server, Tls, listen, make_server
from ws_gateway.session.identity import SessionRules
from ws_gateway.settings import GatewaySettings

SECRET = b"0123456789abcdef0123456789abcdef"
ROADS = RoadGraph(grid(np.random.default_rng(1)))
"""Six streets by six, from 37.7, -122.4 on."""
LAND = b'{"type": "FeatureCollection", "features": []}'
FACTS = CityFacts(
    name="test city",
    title="Test City",
    time_zone="America/Los_Angeles",
    currency="USD",
    speed=1.0,
    center=(37.5, -122.5),
    box=(SERVED.south, SERVED.west, SERVED.north, SERVED.east),
)


async def eventually(holds: Callable[[], object]) -> None:
    """Wait until something holds that nobody announces."""
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - there is nothing to wait for but time
            await asyncio.sleep(0.01)


class Client:
    """A WebSocket client that reads with the independent ``msgpack`` package."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, **message: Any) -> None:
        await self.socket.send(msgpack.packb(message))

    async def receive(self) -> dict[str, Any]:
        """The next message."""
        async with asyncio.timeout(10):
            message: dict[str, Any] = msgpack.unpackb(await self.socket.recv(), strict_map_key=False)
            return message

    async def until(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The next message of a kind with these fields; others are passed over."""
        while True:
            message = await self.receive()
            if message["t"] == kind and all(message.get(name) == value for name, value in fields.items()):
                return message

    async def ask(self, **message: Any) -> dict[str, Any]:
        """Send a command; its answer."""
        await self.send(**message)
        while True:
            answer = await self.receive()
            if answer["t"] in ("accepted", "rejected") and answer.get("id") == message["id"]:
                return answer

    async def closed(self) -> int:
        """Wait until the server closes; the code."""
        with suppress(websockets.ConnectionClosed):
            while True:
                await self.receive()
        assert self.socket.close_code is not None
        return self.socket.close_code


class Running:
    """A gateway that listens, and everything around it."""

    def __init__(
        self,
        directory: Path,
        bus: MemoryBus,
        hosts: FakeHosts,
        settings: GatewaySettings,
        *,
        revoked: FakeRevocations | None = None,
        tls: Tls | None = None,
    ) -> None:
        self.hosts = hosts
        self.bus = bus
        self.clock = CityClock()
        self.registry = FakeRegistry()
        self.history = FakeHistory()
        self.alarms = FakeAlarms()
        self.notices = FakeNotices()
        self.metrics = Metrics()
        self.tokens = Tokens(SECRET, settings.token_ttl_s)
        self.audit = FakeAudit()
        self.revoked = revoked or FakeRevocations()
        self.sms_file = directory / "sms.jsonl"
        self.journal_answers = True
        ids = itertools.count(1)
        self._new_id: Callable[[], str] = lambda: f"{id(self)}-{next(ids)}"
        self.sign_in = SignIn(
            registry=self.registry,
            sms=DevelopmentSms(self.sms_file),
            tokens=self.tokens,
            clock=self.clock,
            settings=settings,
            secret=SECRET,
            new_id=self._new_id,
            bus=bus,
            audit=self.audit,
        )
        self.app: Application = create_app(
            Dependencies(
                hosts=hosts,
                bus=BusSubscriber(bus, ["vehicle-0"], ["vehicle-0"]),
                registry=self.registry,
                history=self.history,
                roads=ROADS,
                alarms=self.alarms,
                notices=self.notices,
                payments=FakePayments(),
                metrics=self.metrics,
                sign_in=self.sign_in,
                phones=PhoneMasker(self.registry, self.clock, self._new_id),
                revocations=Revocations(self.revoked, self.tokens.verify, self.clock),
                clock=self.clock,
                settings=settings,
                rules=SessionRules(secret=SECRET, price=price, served=SERVED),
                zone=ZoneInfo("America/Los_Angeles"),
                word=lambda: verification_word(SECRET, self.clock.wall()),
                checks={"journal": self._journal},
                expose=self._expose,
                new_id=self._new_id,
                pages=tuple(city_routes(FACTS, {"land": gzip.compress(LAND)})),
            )
        )
        self.server: Server = make_server(self.app, settings, self.app.hub.drain, self.app.may_connect, tls)
        self.listening = listen("127.0.0.1", 0)
        self.port: int = self.listening.getsockname()[1]
        self._clients = AsyncExitStack()

    async def _journal(self) -> bool:
        return self.journal_answers

    async def _expose(self) -> bytes:
        return self.metrics.expose()

    def token(self, role: Role, subject: str, vehicle: str | None = None) -> str:
        return self.tokens.issue(role, subject, session="x", wall=self.clock.wall(), vehicle=vehicle)

    async def connect(self, protocol: str = "taxi.v1.msgpack", **options: Any) -> Client:
        """A socket that has said nothing yet."""
        options.setdefault("compression", None)
        socket = await self._clients.enter_async_context(
            connect(f"ws://127.0.0.1:{self.port}/v1/ws", subprotocols=[Subprotocol(protocol)], **options)
        )
        return Client(socket)

    async def client(self, role: Role, subject: str, vehicle: str | None = None, **hello: Any) -> Client:
        """A client that is welcome."""
        client = await self.connect()
        await client.send(t="hello", token=self.token(role, subject, vehicle), **hello)
        await client.until("welcome")
        return client

    async def __aenter__(self) -> Self:
        self._serving = asyncio.create_task(self.server.serve(sockets=[self.listening]))
        await eventually(lambda: self.server.started)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._clients.aclose()
        self.server.stop_soon()
        await self._serving


Start = Callable[..., Awaitable[Running]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts gateways that share one bus, and stops them at the end."""
    bus = MemoryBus(CityClock())
    revoked = FakeRevocations()
    async with AsyncExitStack() as stack:

        async def begin(*, hosts: FakeHosts | None = None, tls: Tls | None = None, **settings: Any) -> Running:
            settings = {"detach_after_s": 0.0, **settings}
            running = Running(
                tmp_path, bus, hosts or FakeHosts(), GatewaySettings(**settings), revoked=revoked, tls=tls
            )
            return await stack.enter_async_context(running)

        yield begin


@pytest.fixture
async def gateway(start: Start) -> Running:
    """One gateway with the default settings."""
    return await start()


@pytest.fixture
async def http(gateway: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}", timeout=20) as client:
        yield client

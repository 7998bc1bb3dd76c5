"""The ASGI application: HTTP by Starlette, the WebSocket as bare ASGI beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

import msgspec
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from dispatch.actors.protocol import Hosts
from dispatch.clock import Clock
from dispatch.payment.minute_word import MinuteWord, minute_word
from dispatch.signals import Metrics
from ws_gateway.announcer import Announcer
from ws_gateway.auth import SignIn
from ws_gateway.codec import CODECS
from ws_gateway.desk import Desk
from ws_gateway.gateway import Gateway
from ws_gateway.identity import Rules
from ws_gateway.ports import Alarms, GatewayBus, History, Notices, Payments, Registry, Roads
from ws_gateway.protocol import socket_of
from ws_gateway.routes import Check, Routes
from ws_gateway.settings import GatewaySettings
from ws_gateway.tokens import Tokens


class Dependencies(msgspec.Struct, frozen=True):
    """Everything that a gateway is made of.

    ``zone`` says when a day begins, ``checks`` are what ``/ready`` asks (``hosts``, ``journal``), ``expose`` gives the
    text of ``/metrics``, ``new_id`` makes names of sessions, a new one each time, and ``pages`` are served beside the
    rest.
    """

    hosts: Hosts
    bus: GatewayBus
    registry: Registry
    history: History
    roads: Roads
    alarms: Alarms
    notices: Notices
    payments: Payments
    metrics: Metrics
    sign_in: SignIn
    tokens: Tokens
    clock: Clock
    settings: GatewaySettings
    rules: Rules
    zone: ZoneInfo
    checks: Mapping[str, Check]
    expose: Callable[[], Awaitable[bytes]]
    new_id: Callable[[], str]
    pages: tuple[Route, ...] = ()


class Application(Starlette):
    """Starlette with the gateway that its sockets belong to."""

    gateway: Gateway


def create_app(deps: Dependencies) -> Application:
    """The application. Its lifespan starts and stops the gateway's pumps; draining is the server's to begin."""

    def word() -> MinuteWord:
        return minute_word(deps.rules.secret, deps.clock.wall())

    gateway = Gateway(
        hosts=deps.hosts,
        bus=deps.bus,
        desk=Desk(
            deps.hosts,
            deps.registry,
            deps.history,
            zone=deps.zone,
            word=word,
            roads=deps.roads,
            announcer=Announcer(deps.alarms, deps.notices, deps.bus),
        ),
        metrics=deps.metrics,
        clock=deps.clock,
        settings=deps.settings,
        rules=deps.rules,
        verify=deps.tokens.verify,
        new_id=deps.new_id,
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        gateway.start()
        yield
        await gateway.stop()

    routes = Routes(
        sign_in=deps.sign_in,
        payments=deps.payments,
        checks=deps.checks,
        expose=deps.expose,
        draining=lambda: gateway.draining,
    )
    socket = WebSocketRoute("/v1/ws", SocketEndpoint(gateway))
    app = Application(routes=[*routes.all(), socket, *deps.pages], lifespan=lifespan)
    app.gateway = gateway
    return app


class SocketEndpoint:
    """Accepts a socket that speaks one of our subprotocols, and refuses any other before the handshake."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI endpoint."""
        await receive()
        offered: list[str] = scope["subprotocols"]
        chosen = next((name for name in offered if name in CODECS), None)
        if chosen is None:
            await send({"type": "websocket.close", "code": 1002})
            return
        await send({"type": "websocket.accept", "subprotocol": chosen})
        await self._gateway.serve(chosen, receive, send, socket_of(scope))

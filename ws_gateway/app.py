"""The ASGI application: HTTP by Starlette, the WebSocket as bare ASGI beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from zoneinfo import ZoneInfo

import msgspec
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from dispatch.actors.core.protocol import Hosts
from dispatch.clock import Clock
from dispatch.observability.metrics import Metrics
from dispatch.payment.core.rotating_word import VerificationWord, verification_word
from dispatch.store.journal import JournalUnavailableError
from ws_gateway.auth.revocations import Revocations
from ws_gateway.auth.sign_in import SignIn
from ws_gateway.auth.tokens import Tokens
from ws_gateway.http.routes import Check, Routes
from ws_gateway.hub.announcements import AlarmAnnouncer
from ws_gateway.hub.hub import Hub
from ws_gateway.hub.phone_masking import PhoneMasker
from ws_gateway.hub.request_resolver import RequestResolver
from ws_gateway.limits.address_limits import AddressLimits
from ws_gateway.ports import (
    AlarmStore,
    GatewayBus,
    NoticeStore,
    NotificationReceiver,
    Registry,
    RoadRouter,
    SalesHistory,
)
from ws_gateway.server.origins import OriginPolicy
from ws_gateway.server.websocket_protocol import socket_of
from ws_gateway.session.codec import CODECS
from ws_gateway.session.identity import SessionRules
from ws_gateway.settings import GatewaySettings


class Dependencies(msgspec.Struct, frozen=True):
    """Everything that a gateway is made of.

    ``zone`` says when a day begins, ``checks`` are what ``/ready`` asks (``hosts``, ``journal``), ``expose`` gives the
    text of ``/metrics``, ``new_id`` makes names of sessions, a new one each time, and ``pages`` are served beside the
    rest.
    """

    hosts: Hosts
    bus: GatewayBus
    registry: Registry
    history: SalesHistory
    roads: RoadRouter
    alarms: AlarmStore
    notices: NoticeStore
    payments: NotificationReceiver
    metrics: Metrics
    sign_in: SignIn
    tokens: Tokens
    revocations: Revocations
    clock: Clock
    settings: GatewaySettings
    rules: SessionRules
    zone: ZoneInfo
    checks: Mapping[str, Check]
    expose: Callable[[], Awaitable[bytes]]
    new_id: Callable[[], str]
    pages: tuple[Route, ...] = ()


class Application(Starlette):
    """Starlette with the gateway that its sockets belong to."""

    gateway: Hub
    admits: Callable[[str], bool]
    """Whether a TCP connection of this peer is heard."""


def create_app(deps: Dependencies) -> Application:
    """The application. Its lifespan starts and stops the gateway's pumps; draining is the server's to begin."""

    def word() -> VerificationWord:
        return verification_word(deps.rules.secret, deps.clock.wall())

    contacts = PhoneMasker(deps.registry, deps.clock, deps.new_id)
    addresses = _address_limits(deps)
    gateway = Hub(
        hosts=deps.hosts,
        bus=deps.bus,
        desk=RequestResolver(
            deps.hosts,
            deps.registry,
            deps.history,
            zone=deps.zone,
            word=word,
            roads=deps.roads,
            announcer=AlarmAnnouncer(deps.alarms, deps.notices, deps.bus),
            contacts=contacts,
        ),
        metrics=deps.metrics,
        clock=deps.clock,
        settings=deps.settings,
        rules=deps.rules,
        revocations=deps.revocations,
        contacts=contacts,
        new_id=deps.new_id,
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        with suppress(JournalUnavailableError):  # it is asked again; until it answers, nobody comes in
            await deps.revocations.refresh()
        gateway.start()
        yield
        await gateway.stop()

    async def sign_out(token: str) -> None:
        await deps.revocations.end_session(deps.revocations.verify(token, deps.clock.wall()))
        await gateway.end_revoked()
        await deps.bus.announce_revocation()

    routes = Routes(
        sign_in=deps.sign_in,
        sign_out=sign_out,
        addresses=addresses,
        payments=deps.payments,
        checks=deps.checks,
        expose=deps.expose,
        draining=lambda: gateway.draining,
    )
    socket = WebSocketRoute("/v1/ws", SocketEndpoint(gateway, OriginPolicy(deps.settings.origins), addresses))
    app = Application(routes=[*routes.all(), socket, *deps.pages], lifespan=lifespan)
    app.gateway = gateway
    app.admits = addresses.may_connect
    return app


def _address_limits(deps: Dependencies) -> AddressLimits:
    limits = deps.settings
    return AddressLimits(
        limits.sign_ins_by_address,
        limits.sockets_by_address,
        limits.connections_by_address,
        deps.clock,
        proxies=limits.proxies,
        on_cut=deps.metrics.cut_connections.inc,
    )


class SocketEndpoint:
    """Accepts a socket that speaks one of our subprotocols, from a page of ours or no page at all, and not too many
    from one address; any other is refused in the handshake (403)."""

    def __init__(self, gateway: Hub, origins: OriginPolicy, addresses: AddressLimits) -> None:
        self._gateway = gateway
        self._origins = origins
        self._addresses = addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI endpoint."""
        await receive()
        offered: list[str] = scope["subprotocols"]
        chosen = next((name for name in offered if name in CODECS), None)
        if chosen is None or not self._origins.allows(scope) or not self._addresses.may_open_socket(scope):
            await send({"type": "websocket.close", "code": 1002})
            return
        await send({"type": "websocket.accept", "subprotocol": chosen})
        await self._gateway.serve(chosen, receive, send, socket_of(scope))

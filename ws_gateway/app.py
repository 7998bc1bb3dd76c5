"""The ASGI application: HTTP through Starlette, the WebSocket as a plain ASGI endpoint."""

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
from dispatch.payment.core.rotating_word import VerificationWord
from dispatch.store.journal import JournalUnavailableError
from ws_gateway import ports
from ws_gateway.auth.revocations import Revocations
from ws_gateway.auth.sign_in import SignIn
from ws_gateway.http.routes import Check, Routes
from ws_gateway.hub.hub import Hub
from ws_gateway.hub.phone_masking import PhoneMasker
from ws_gateway.hub.request_resolver import AlarmAnnouncer, RequestResolver
from ws_gateway.limits.address_limits import AddressLimits
from ws_gateway.server.origins import OriginPolicy
from ws_gateway.server.websocket_protocol import socket_of
from ws_gateway.session.codec import CODECS
from ws_gateway.session.identity import SessionRules
from ws_gateway.settings import GatewaySettings


class Dependencies(msgspec.Struct, frozen=True):
    """The parts of a gateway.

    ``zone`` defines the day, ``word`` returns the current verification word, ``checks`` are the parts of ``/ready``
    (``hosts``, ``journal``), ``expose`` returns the text of ``/metrics``, ``new_id`` returns a new session id at each
    call, and ``pages`` are further routes.
    """

    hosts: Hosts
    bus: ports.GatewayBus
    registry: ports.Registry
    history: ports.SalesHistory
    roads: ports.RoadRouter
    alarms: ports.AlarmStore
    notices: ports.NoticeStore
    payments: ports.NotificationReceiver
    metrics: Metrics
    sign_in: SignIn
    revocations: Revocations
    phones: PhoneMasker
    clock: Clock
    settings: GatewaySettings
    rules: SessionRules
    zone: ZoneInfo
    word: Callable[[], VerificationWord]
    checks: Mapping[str, Check]
    expose: Callable[[], Awaitable[bytes]]
    new_id: Callable[[], str]
    pages: tuple[Route, ...] = ()


class Application(Starlette):
    """Starlette, with the hub of its sockets and the limit on its TCP connections."""

    hub: Hub
    may_connect: Callable[[str], bool]
    """Counts a TCP connection of a peer; False if it must be dropped."""


def create_app(deps: Dependencies) -> Application:
    """The application. Its lifespan starts and stops the hub; the server starts the draining."""
    addresses = _address_limits(deps)
    hub = _hub(deps)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        with suppress(JournalUnavailableError):  # retried by the hub; until it succeeds, all tokens are refused
            await deps.revocations.refresh()
        hub.start()
        yield
        await hub.stop()

    async def sign_out(token: str) -> None:
        await deps.revocations.end_session(deps.revocations.verify(token, deps.clock.wall()))
        await hub.end_revoked()
        await deps.bus.announce_revocation()

    routes = Routes(
        sign_in=deps.sign_in,
        sign_out=sign_out,
        addresses=addresses,
        payments=deps.payments,
        checks=deps.checks,
        expose=deps.expose,
        draining=lambda: hub.draining,
    )
    socket = WebSocketRoute("/v1/ws", SocketEndpoint(hub, OriginPolicy(deps.settings.origins), addresses))
    app = Application(routes=[*routes.all(), socket, *deps.pages], lifespan=lifespan)
    app.hub = hub
    app.may_connect = addresses.may_connect
    return app


def _hub(deps: Dependencies) -> Hub:
    resolver = RequestResolver(
        deps.hosts,
        deps.registry,
        deps.history,
        zone=deps.zone,
        word=deps.word,
        roads=deps.roads,
        announcer=AlarmAnnouncer(deps.alarms, deps.notices, deps.bus),
        phones=deps.phones,
        subscribe_parallel=deps.settings.attach_parallel,
    )
    return Hub(
        hosts=deps.hosts,
        bus=deps.bus,
        resolver=resolver,
        metrics=deps.metrics,
        clock=deps.clock,
        settings=deps.settings,
        rules=deps.rules,
        revocations=deps.revocations,
        phones=deps.phones,
        new_id=deps.new_id,
    )


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
    """Accepts a socket with one of our subprotocols, from an allowed origin, within the limit of its address; refuses
    all others in the handshake (403)."""

    def __init__(self, hub: Hub, origins: OriginPolicy, addresses: AddressLimits) -> None:
        self._hub = hub
        self._origins = origins
        self._addresses = addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        offered: list[str] = scope["subprotocols"]
        chosen = next((name for name in offered if name in CODECS), None)
        if chosen is None or not self._origins.allows(scope) or not self._addresses.may_open_socket(scope):
            await send({"type": "websocket.close", "code": 1002})
            return
        await send({"type": "websocket.accept", "subprotocol": chosen})
        await self._hub.serve(chosen, receive, send, socket_of(scope))

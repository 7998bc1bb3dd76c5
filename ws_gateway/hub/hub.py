"""All connections of one gateway process, and the loops that deliver pushes and notices to them.

Rule 1. A stream is subscribed at its host while a connection here needs it (:mod:`ws_gateway.hub.stream_subscribers`).
Rule 2. The newest socket of a driver or device wins, here and at every other gateway that the bus reaches.
Rule 3. Without the bus only the live map is affected.
Rule 4. An overloaded gateway drops the messages that ``session.load_shedding`` names, and tells consoles and metrics.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import msgspec
import structlog

from dispatch.actors.core.protocol import HostRestarted, Hosts, Push
from dispatch.api.server_messages import MapStale
from dispatch.clock import Clock
from dispatch.domain.entity import Principal
from dispatch.domain.vehicle.position_tracker import FixRow
from dispatch.observability.metrics import Metrics
from dispatch.processes.task_set import TaskSet
from dispatch.values.roles import Audience
from ws_gateway import ports
from ws_gateway.auth.revocations import Revocations
from ws_gateway.hub.connection import Connection, Receive, Send
from ws_gateway.hub.map_relay import MapRelay
from ws_gateway.hub.phone_masking import PhoneMasker
from ws_gateway.hub.request_resolver import RequestResolver
from ws_gateway.hub.stream_subscribers import StreamSubscribers
from ws_gateway.session.codec import CODECS, Codec, kind_of
from ws_gateway.session.effects import Answer, Request, WatchCells
from ws_gateway.session.identity import SessionRules
from ws_gateway.session.load_shedding import LoadShedder, ShedLevel, Throttle
from ws_gateway.session.session import Session
from ws_gateway.settings import GatewaySettings

_log = structlog.get_logger("gateway")
_RETRY_S: Final = 1.0
LAG_CHECK_S: Final = 0.25
"""Wall seconds between two measurements of the event loop's lag."""
_codec = CODECS["taxi.v1.msgpack"]


class Hub:
    """Implements :class:`~ws_gateway.hub.connection.ConnectionOwner`. ``start`` and ``stop`` need a running loop."""

    def __init__(
        self,
        *,
        hosts: Hosts,
        bus: ports.GatewayBus,
        resolver: RequestResolver,
        clock: Clock,
        settings: GatewaySettings,
        rules: SessionRules,
        revocations: Revocations,
        phones: PhoneMasker,
        new_id: Callable[[], str],
        metrics: Metrics,
    ) -> None:
        self.settings = settings
        self.metrics = metrics
        self.draining = False
        self._resolver = resolver
        self._hosts = hosts
        self._bus = bus
        self._clock = clock
        self._rules = rules
        self._revocations = revocations
        self._phones = phones
        self._new_id = new_id
        self._connections: dict[Connection, None] = {}
        self._subscribers = StreamSubscribers(self._leave_stream, settings.detach_after_s)
        self._signed_on: dict[tuple[str, str], Connection] = {}
        self._consoles: dict[Connection, None] = {}
        self._bus_unavailable = False
        self._shedder = LoadShedder(settings.shed_after_lag_s)
        self._sheds_positions = False
        self._throttle = Throttle()
        self._empty = asyncio.Event()
        self._empty.set()
        self._tasks = TaskSet()
        self._map = MapRelay(bus, self._tasks.spawn)
        self._notice_handlers: dict[type[ports.BusNotice], Callable[[Any], object]] = {
            ports.MapFrameNotice: self._relay_map,
            ports.MapCountsNotice: self._relay_map,
            ports.ConsoleNotice: self._relay_to_consoles,
            ports.DriverNotice: self._relay_to_drivers,
            ports.RevokedNotice: lambda _: self._tasks.spawn(self.end_revoked()),
            ports.MapHealth: lambda notice: self._set_bus_unavailable(value=notice.stale),
            ports.SignOnNotice: self._close_older_socket,
        }

    def start(self) -> None:
        for loop in (self._deliver_pushes, self._deliver_notices, self._tick, self._check_revocations, self._check_lag):
            self._tasks.spawn(self._run_forever(loop))

    async def drain(self) -> None:
        """Accept no sockets, wait up to ``drain_s`` for pending requests, then close every socket as restarting."""
        self.draining = True
        with suppress(TimeoutError):
            async with asyncio.timeout(self.settings.drain_s):
                while requests := [each for connection in self._connections for each in connection.requests]:
                    await asyncio.wait(requests)
        for connection in list(self._connections):
            connection.perform(connection.session.shut_down())
        with suppress(TimeoutError):
            async with asyncio.timeout(self.settings.close_s):
                await self._empty.wait()

    async def stop(self) -> None:
        self._subscribers.stop()
        await self._tasks.cancel()

    async def serve(
        self, subprotocol: str, receive: Receive, send: Send, frames: ports.BinaryFrameSource | None = None
    ) -> None:
        codec: Codec = CODECS[subprotocol]
        session = Session(
            session_id=self._new_id(),
            codec=codec,
            clock=self._clock,
            settings=self.settings,
            rules=self._rules,
            verify=self._revocations.verify,
        )
        connection = Connection(self, session, text=codec.text)
        if self.draining:
            connection.perform(session.shut_down())
        await connection.serve(receive, send, frames)

    @property
    def sockets(self) -> int:
        return len(self._connections)

    @property
    def tasks(self) -> int:
        return len(self._tasks)

    @property
    def entries(self) -> int:
        """Entries of all tables of subscribers and watchers; zero without connections."""
        return self._subscribers.entries + len(self._signed_on) + len(self._consoles) + self._map.entries

    def add(self, connection: Connection) -> None:
        self._connections[connection] = None
        self._empty.clear()

    def remove(self, connection: Connection) -> None:
        self._connections.pop(connection, None)
        if not self._connections:
            self._empty.set()
        self._consoles.pop(connection, None)
        self._subscribers.remove_all(connection)
        self._map.remove_console(connection)
        identity = connection.session.identity
        if identity is None:
            return
        self.metrics.connections.labels(identity.role).dec()
        if self._signed_on.get((identity.role, identity.subject)) is connection:
            del self._signed_on[identity.role, identity.subject]
            self._tasks.spawn(self._bus.sign_off(identity.role, identity.subject))

    def resolve(self, request: Request) -> Awaitable[Answer]:
        return self._resolver.resolve(request)

    def take_fix(self, row: FixRow, session: Session) -> None:
        """Hot path. :class:`~dispatch.actors.runtime.host_client.HostClient` batches fixes for 50 ms."""
        if self._sheds_positions and session.car_is_free and not self._throttle.passes(row.vehicle, row.at):
            self.metrics.shed.labels("fix").inc()
            return
        self._hosts.fixes([row])

    def subscribe(self, connection: Connection, key: str, audience: Audience) -> None:
        self._subscribers.add(connection, key, audience)

    def unsubscribe(self, connection: Connection, key: str, audience: Audience) -> None:
        self._subscribers.remove(connection, key, audience)

    def watch_map(self, connection: Connection, wanted: WatchCells) -> None:
        self._map.watch(connection, wanted.cells, counts=wanted.counts)
        if connection.watches_map and self._map_is_stale:
            connection.relay(_codec.encode(MapStale(stale=True)), "map_stale")

    def signed_on(self, connection: Connection, principal: Principal) -> None:
        """A hello was accepted: close older sockets of the same driver or device, here and at other gateways."""
        self.metrics.connections.labels(principal.role).inc()
        if principal.role == "dispatcher":
            self._consoles[connection] = None
        if principal.role not in ("driver", "device"):
            return
        older = self._signed_on.get((principal.role, principal.id))
        self._signed_on[principal.role, principal.id] = connection
        if older is not None:
            older.perform(older.session.replaced())
        connection.signed_on_at = self._clock.wall()
        notice = ports.SignOnNotice(principal.role, principal.id, connection.session.id, connection.signed_on_at)
        self._tasks.spawn(self._bus.sign_on(notice))

    async def _deliver_pushes(self) -> None:
        for push in await self._hosts.pushes():
            if isinstance(push, HostRestarted):
                self._host_lost(push)
            else:
                message = await self._phones.mask_message(push.message, push.audience)
                self._deliver(msgspec.structs.replace(push, message=message) if message is not push.message else push)

    def _deliver(self, push: Push) -> None:
        if self._sheds_positions and self._is_excess_position(push):
            self.metrics.shed.labels("car_position").inc()
            return
        for connection in self._subscribers.connections(push.key, push.audience):
            connection.perform(connection.session.pushed(push.key, push.seq, push.message))

    def _is_excess_position(self, push: Push) -> bool:
        if push.seq != 0 or kind_of(push.message) != "car":
            return False
        return not self._throttle.passes(f"{push.audience} {push.key}", self._clock.city())

    def _host_lost(self, lost: HostRestarted) -> None:
        _log.warning("host restarted: streams are subscribed again", host=lost.host, sockets=len(self._connections))
        for connection in list(self._connections):
            connection.perform(connection.session.host_lost())

    def _leave_stream(self, key: str, audience: Audience) -> None:
        self._tasks.spawn(self._hosts.unsubscribe(key, audience))

    async def _deliver_notices(self) -> None:
        for notice in await self._bus.next_notices():
            if isinstance(notice, ports.ConsoleNotice):
                message = await self._phones.mask_message(notice.message, "dispatcher")
                self._relay_to_consoles(ports.ConsoleNotice(message, notice.slot))
            else:
                self._notice_handlers[type(notice)](notice)

    def _relay_map(self, notice: ports.MapFrameNotice | ports.MapCountsNotice) -> None:
        if self._map.halted:
            self.metrics.shed.labels("map_frame").inc()
        elif isinstance(notice, ports.MapFrameNotice):
            self._map.relay_frame(notice)
        else:
            self._map.relay_counts(notice)

    def _relay_to_consoles(self, notice: ports.ConsoleNotice) -> None:
        for connection in list(self._consoles):
            connection.relay(notice.message, notice.slot)

    def _relay_to_drivers(self, notice: ports.DriverNotice) -> None:
        for (role, _), connection in list(self._signed_on.items()):
            identity = connection.session.identity
            addressed = identity is not None and (not notice.vehicles or identity.vehicle in notice.vehicles)
            if role == "driver" and addressed:
                connection.relay(notice.message, notice.slot)

    def _close_older_socket(self, notice: ports.SignOnNotice) -> None:
        ours = self._signed_on.get((notice.role, notice.subject))
        if ours is not None and ours.session.id != notice.session and ours.signed_on_at <= notice.at:
            ours.perform(ours.session.replaced())

    @property
    def _map_is_stale(self) -> bool:
        return self._bus_unavailable or self._map.halted

    def _set_bus_unavailable(self, *, value: bool) -> None:
        was_stale, self._bus_unavailable = self._map_is_stale, value
        self._relay_map_health(was_stale)

    def _relay_map_health(self, was_stale: bool) -> None:
        if was_stale is self._map_is_stale:
            return
        message = _codec.encode(MapStale(stale=not was_stale))
        for connection in list(self._consoles):
            if connection.watches_map:
                connection.relay(message, "map_stale")

    async def _check_lag(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + LAG_CHECK_S
        await asyncio.sleep(LAG_CHECK_S)
        now = loop.time()
        if self._shedder.lagged(now - due, now):
            self._apply_shed_level(now - due)

    def _apply_shed_level(self, lag_s: float) -> None:
        level = self._shedder.level
        _log.warning("load shedding level changed", level=level.name.lower(), lag_s=round(lag_s, 2))
        self.metrics.shedding.set(level.value)
        self._sheds_positions = level is ShedLevel.POSITIONS
        self._throttle.clear()
        was_stale = self._map_is_stale
        if level is ShedLevel.NOTHING:
            self._map.resume()
        else:
            self._map.halt()
        self._relay_map_health(was_stale)

    async def _tick(self) -> None:
        await asyncio.sleep(1.0)
        for connection in list(self._connections):
            effects = connection.session.tick()
            if effects:
                connection.perform(effects)

    async def _check_revocations(self) -> None:
        await self.end_revoked()
        await asyncio.sleep(self.settings.revocations_s)

    async def end_revoked(self) -> None:
        """Close the sockets of revoked sign-ins. Raises ``JournalUnavailableError``."""
        if not await self._revocations.refresh():
            return
        for connection in list(self._connections):
            identity = connection.session.identity
            if identity is not None and self._revocations.refuses(identity):
                connection.perform(connection.session.revoked())

    async def _run_forever(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
            except Exception:  # noqa: BLE001 - a loop that ended would silence every client
                _log.exception("gateway loop failed", step=getattr(step, "__name__", ""))
                await asyncio.sleep(_RETRY_S)

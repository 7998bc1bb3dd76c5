"""One gateway: the sessions of this process, who follows what, and the pumps that bring news to them.

Rule 1. A stream is followed at the hosts as long as a session here follows it, and no longer.
Rule 2. The newest socket of a driver or a device wins, here and at every other gateway that the bus reaches.
Rule 3. Without the bus only the map suffers.
Rule 4. Where it has more to do than it can, it leaves out what ``session.load_shedding`` says, and says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, Final

import msgspec
import structlog

from dispatch.actors.core.protocol import FixRow, HostRestarted, Hosts, Push, SubscribeRequest
from dispatch.api.messages import MapStale
from dispatch.clock import Clock
from dispatch.domain.entity import Principal
from dispatch.observability.metrics import Metrics
from dispatch.values.roles import Audience
from ws_gateway.auth.revocations import Revocations
from ws_gateway.hub.connection import Connection, Receive, Send
from ws_gateway.hub.map_relay import MapRelay
from ws_gateway.hub.phone_masking import PhoneMasker
from ws_gateway.hub.request_resolver import RequestResolver
from ws_gateway.ports import (
    BusNotice,
    ConsoleNotice,
    DriverNotice,
    GatewayBus,
    MapCountsNotice,
    MapFrameNotice,
    MapHealth,
    RevokedNotice,
    SignOnNotice,
)
from ws_gateway.server.websocket_protocol import SocketProtocol
from ws_gateway.session.codec import CODECS, Codec, kind_of
from ws_gateway.session.effects import Answer, Request, WatchCells
from ws_gateway.session.identity import SessionRules
from ws_gateway.session.load_shedding import LoadShedder, ShedLevel, Throttle
from ws_gateway.session.session import Session
from ws_gateway.settings import GatewaySettings

_log = structlog.get_logger("gateway")
_RETRY_S: Final = 1.0
_LOOK_S: Final = 0.25
_codec = CODECS["taxi.v1.msgpack"]


class Hub:
    """Everything that the sockets of one process share. ``start`` and ``stop`` belong to the running event loop."""

    def __init__(
        self,
        *,
        hosts: Hosts,
        bus: GatewayBus,
        desk: RequestResolver,
        clock: Clock,
        settings: GatewaySettings,
        rules: SessionRules,
        revocations: Revocations,
        contacts: PhoneMasker,
        new_id: Callable[[], str],
        metrics: Metrics,
    ) -> None:
        self.settings = settings
        self.metrics = metrics
        self.draining = False
        self._desk = desk
        self._hosts = hosts
        self._bus = bus
        self._clock = clock
        self._rules = rules
        self._revocations = revocations
        self._contacts = contacts
        self._new_id = new_id
        self._connections: dict[Connection, None] = {}
        self._followers: dict[tuple[str, Audience], dict[Connection, None]] = {}
        self._leaving: dict[tuple[str, Audience], asyncio.TimerHandle] = {}
        self._signed_on: dict[tuple[str, str], Connection] = {}
        self._consoles: dict[Connection, None] = {}
        self._map = MapRelay(bus, self._aside)
        self._fixes: list[FixRow] = []
        self._bus_away = False
        self._shedding = LoadShedder(settings.shed_after_lag_s)
        self._seldom = False
        self._positions = Throttle()
        self._empty = asyncio.Event()
        self._empty.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._attaching = asyncio.Semaphore(settings.attach_parallel)

    # ── life ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Start the pumps."""
        for pump in (self._pump_hosts, self._pump_bus, self._tick, self._pump_revocations, self._watch_lag):
            self._spawn(self._forever(pump))

    async def drain(self) -> None:
        """Take nobody new, wait for pending answers (``drain_s`` at most), then close every socket as restarting."""
        self.draining = True
        with suppress(TimeoutError):
            async with asyncio.timeout(self.settings.drain_s):
                await self._all_answered()
        for connection in list(self._connections):
            connection.perform(connection.session.shut_down())
        with suppress(TimeoutError):
            async with asyncio.timeout(self.settings.close_s):
                await self._empty.wait()
        self._flush()

    async def _all_answered(self) -> None:
        while questions := [each for connection in self._connections for each in connection.questions]:
            await asyncio.wait(questions)

    async def stop(self) -> None:
        """Stop the pumps."""
        for leaving in self._leaving.values():
            leaving.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def serve(self, subprotocol: str, receive: Receive, send: Send, socket: SocketProtocol | None = None) -> None:
        """Run one accepted socket to its end."""
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
        await connection.serve(receive, send, socket)

    @property
    def sockets(self) -> int:
        """Sockets that are open here."""
        return len(self._connections)

    @property
    def tasks(self) -> int:
        """Tasks of the gateway's own that run: five pumps, and what is done aside."""
        return len(self._tasks)

    @property
    def entries(self) -> int:
        """Entries in every list of who follows or watches what; zero where nobody is there."""
        lists = (self._followers, self._leaving, self._signed_on, self._consoles)
        return sum(len(entries) for entries in lists) + self._map.entries

    # ── what connections ask for ─────────────────────────────────────────────────────────────────────────────────

    def add(self, connection: Connection) -> None:
        """A socket was opened."""
        self._connections[connection] = None
        self._empty.clear()

    def remove(self, connection: Connection) -> None:
        """A socket is gone: so is everything that was noted for it."""
        self._connections.pop(connection, None)
        if not self._connections:
            self._empty.set()
        self._consoles.pop(connection, None)
        for key, audience in list(connection.follows):
            self._drop_follower(connection, key, audience)
        self._map.remove_console(connection)
        identity = connection.session.identity
        if identity is not None:
            self.metrics.connections.labels(identity.role).dec()
        if identity is not None and self._signed_on.get((identity.role, identity.subject)) is connection:
            del self._signed_on[identity.role, identity.subject]
            self._aside(self._bus.sign_off(identity.role, identity.subject))

    def take_fix(self, row: FixRow, session: Session) -> None:
        """Gather fixes of one turn of the event loop: under load one call to the hosts carries many."""
        if self._seldom and session.car_is_free and not self._positions.passes(row.vehicle, row.at):
            self.metrics.shed.labels("fix").inc()
            return
        if not self._fixes:
            asyncio.get_running_loop().call_soon(self._flush)
        self._fixes.append(row)

    async def answer(self, request: Request) -> Answer:
        """The answer to a session's question. After a host's birth everybody attaches: not all at once."""
        if isinstance(request, SubscribeRequest):
            async with self._attaching:
                return await self._desk.answer(request)
        return await self._desk.answer(request)

    def subscribe(self, connection: Connection, key: str, audience: Audience) -> None:
        """Bring pushes for ``key`` to this connection."""
        connection.follows[key, audience] = None
        leaving = self._leaving.pop((key, audience), None)
        if leaving is not None:
            leaving.cancel()
        self._followers.setdefault((key, audience), {})[connection] = None

    def unsubscribe(self, connection: Connection, key: str, audience: Audience) -> None:
        """No longer bring them."""
        self._drop_follower(connection, key, audience)

    def watch(self, connection: Connection, wanted: WatchCells) -> None:
        """Bring map frames of these cells to this connection, in place of those before."""
        self._map.watch(connection, wanted.cells, counts=wanted.counts)
        if connection.watches_map and self._map_is_stale:
            connection.relay(_codec.encode(MapStale(stale=True)), "map_stale")

    def signed_on(self, connection: Connection, principal: Principal) -> None:
        """A hello was accepted: older sockets of the same driver or device are closed, wherever they are."""
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
        notice = SignOnNotice(principal.role, principal.id, connection.session.id, connection.signed_on_at)
        self._aside(self._bus.sign_on(notice))

    # ── pumps ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _flush(self) -> None:
        rows, self._fixes = self._fixes, []
        if rows:
            self._hosts.fixes(rows)

    async def _pump_hosts(self) -> None:
        for push in await self._hosts.pushes():
            if isinstance(push, HostRestarted):
                self._host_lost(push)
            else:
                message = await self._contacts.pushed(push.message, push.audience)
                self._pushed(msgspec.structs.replace(push, message=message) if message is not push.message else push)

    def _pushed(self, push: Push) -> None:
        if self._seldom and push.seq == 0 and kind_of(push.message) == "car" and not self._is_due(push):
            self.metrics.shed.labels("car_position").inc()
            return
        for connection in list(self._followers.get((push.key, push.audience), ())):
            connection.perform(connection.session.pushed(push.key, push.seq, push.message))

    def _host_lost(self, lost: HostRestarted) -> None:
        _log.warning("a host was born again", host=lost.host, sockets=len(self._connections))
        for connection in list(self._connections):
            connection.perform(connection.session.host_lost())

    async def _pump_bus(self) -> None:
        for notice in await self._bus.next_notices():
            self._noticed(await self._masked(notice))

    async def _masked(self, notice: BusNotice) -> BusNotice:
        """What all consoles are told shows nobody's number whole."""
        if not isinstance(notice, ConsoleNotice):
            return notice
        return ConsoleNotice(await self._contacts.pushed(notice.message, "dispatcher"), notice.slot)

    def _noticed(self, notice: BusNotice) -> None:
        if isinstance(notice, MapFrameNotice | MapCountsNotice) and self._map.halted:
            self.metrics.shed.labels("map_frame").inc()
        elif isinstance(notice, MapFrameNotice):
            self._map.relay_frame(notice)
        elif isinstance(notice, MapCountsNotice):
            self._map.relay_counts(notice)
        elif isinstance(notice, ConsoleNotice):
            for connection in list(self._consoles):
                connection.relay(notice.message, notice.slot)
        elif isinstance(notice, DriverNotice):
            self._tell_drivers(notice)
        elif isinstance(notice, RevokedNotice):
            self._aside(self.end_revoked())
        elif isinstance(notice, MapHealth):
            self._map_health(stale=notice.stale)
        else:
            self._elsewhere(notice)

    def _tell_drivers(self, notice: DriverNotice) -> None:
        for (role, _), connection in list(self._signed_on.items()):
            identity = connection.session.identity
            meant = identity is not None and (not notice.vehicles or identity.vehicle in notice.vehicles)
            if role == "driver" and meant:
                connection.relay(notice.message, notice.slot)

    @property
    def _map_is_stale(self) -> bool:
        return self._bus_away or self._map.halted

    def _map_health(self, *, stale: bool) -> None:
        was_stale, self._bus_away = self._map_is_stale, stale
        self._tell_map_health(was_stale)

    def _tell_map_health(self, was_stale: bool) -> None:
        if was_stale is self._map_is_stale:
            return
        message = _codec.encode(MapStale(stale=not was_stale))
        for connection in list(self._consoles):
            if connection.watches_map:
                connection.relay(message, "map_stale")

    def _elsewhere(self, notice: SignOnNotice) -> None:
        ours = self._signed_on.get((notice.role, notice.subject))
        if ours is not None and ours.session.id != notice.session and ours.signed_on_at <= notice.at:
            ours.perform(ours.session.replaced())

    async def _pump_revocations(self) -> None:
        await self.end_revoked()
        await asyncio.sleep(self.settings.revocations_s)

    async def end_revoked(self) -> None:
        """Close the sockets of sign-ins that were ended. Raises ``JournalUnavailableError``."""
        if not await self._revocations.refresh():
            return
        for connection in list(self._connections):
            identity = connection.session.identity
            if identity is not None and self._revocations.refuses(identity):
                connection.perform(connection.session.revoked())

    async def _tick(self) -> None:
        await asyncio.sleep(1.0)
        for connection in list(self._connections):
            effects = connection.session.tick()
            if effects:
                connection.perform(effects)

    def _is_due(self, push: Push) -> bool:
        return self._positions.passes(f"{push.audience} {push.key}", self._clock.city())

    async def _watch_lag(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + _LOOK_S
        await asyncio.sleep(_LOOK_S)
        now = loop.time()
        if self._shedding.lagged(now - due, now):
            self._shed(now - due)

    def _shed(self, lag_s: float) -> None:
        """What is left out has changed."""
        level = self._shedding.level
        _log.warning("overload changes what is left out", level=level.name.lower(), lag_s=round(lag_s, 2))
        self.metrics.shedding.set(level.value)
        self._seldom = level is ShedLevel.POSITIONS
        self._positions.forget()
        was_stale = self._map_is_stale
        if level is ShedLevel.NOTHING:
            self._map.resume()
        else:
            self._map.halt()
        self._tell_map_health(was_stale)

    async def _forever(self, pump: Callable[[], Awaitable[None]]) -> None:
        """Run a pump over and over; what breaks it once is logged and does not end it."""
        while True:
            try:
                await pump()
            except Exception:  # noqa: BLE001 - a pump that ended would silence every client
                _log.exception("a pump of the gateway failed", pump=getattr(pump, "__name__", ""))
                await asyncio.sleep(_RETRY_S)

    def _aside(self, job: Awaitable[None]) -> None:
        """Do something that nobody waits for, and whose failure costs nothing but a line in the log."""

        async def run() -> None:
            try:
                await job
            except Exception:  # noqa: BLE001 - nobody is there to handle it
                _log.exception("a job of the gateway failed")

        self._spawn(run())

    def _spawn(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _drop_follower(self, connection: Connection, key: str, audience: Audience) -> None:
        connection.follows.pop((key, audience), None)
        followers = self._followers.get((key, audience))
        if followers is None or connection not in followers:
            return
        del followers[connection]
        if not followers:
            del self._followers[key, audience]
            self._leave_later(key, audience)

    def _leave_later(self, key: str, audience: Audience) -> None:
        """Detach after a while. At once would race with the attachment of a client that reconnects."""

        def detach() -> None:
            del self._leaving[key, audience]
            self._aside(self._hosts.unsubscribe(key, audience))

        loop = asyncio.get_running_loop()
        self._leaving[key, audience] = loop.call_later(self.settings.detach_after_s, detach)

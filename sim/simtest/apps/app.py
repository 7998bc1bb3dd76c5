"""What every simulated app has: a socket that it opens again, commands sent until answered, streams with cursors.

It keeps a log of all it was told, and judges nothing: the oracles read it afterwards.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import msgspec

from dispatch.api.client_messages import ClientCommand, ClientMessage, Hello
from dispatch.api.fields import Cursor, TripView, VehicleView
from dispatch.api.server_messages import Accepted, CarPosition, FromServer, Heard, Rejected, Snapshot, Update
from sim.simtest.network import SimSocket

if TYPE_CHECKING:
    from sim.simtest.simulation import World

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(FromServer).decode

ASK_AGAIN_S = (1.0, 2.5)
SILENT_AFTER = 3
"""So many commands unanswered in a row, and an app takes its socket for dead."""


class StreamEntry(msgspec.Struct):
    """One entry of a stream's log: an update, or (``event`` empty) a snapshot. ``body`` is the message as it came."""

    seq: int
    event: str
    body: bytes


class SentCommand(msgspec.Struct):
    """One command, as its sender knows it. ``tries`` is how often it was sent."""

    id: str
    message: ClientCommand
    at: float
    tries: int = 0
    answer: Accepted | Rejected | None = None
    seen: list[Accepted | Rejected] = []


class SimApp:
    """One app. ``subject`` is who is signed in, ``vehicle`` the driver's car."""

    def __init__(self, world: World, role: str, subject: str, vehicle: str = "") -> None:
        self.world = world
        self.role = role
        self.subject = subject
        self.vehicle = vehicle
        self.rng = world.people
        self.offset = world.phone_offset()
        self.said: list[SentCommand] = []
        self.streams: dict[str, list[StreamEntry]] = {}
        self.refused_streams: set[str] = set()
        self.cursors: dict[str, int] = {}
        self.trips: dict[str, TripView] = {}
        self.car: VehicleView | None = None
        self.positions: dict[tuple[str, int], list[CarPosition]] = {}
        """What was told of a trip's car, by trip and connection."""
        self._dialled = 0
        self.wire: SimSocket | None = None
        self._waiting: dict[str, asyncio.Future[Accepted | Rejected | None]] = {}
        self._by_id: dict[str, SentCommand] = {}
        self._changed: asyncio.Future[None] | None = None
        self._cut: asyncio.Future[None] | None = None
        self._unanswered = 0
        self._count = 0
        self.closed = True
        world.apps.append(self)

    @property
    def now(self) -> float:
        """City time."""
        return self.world.clock.city()

    def start(self, *jobs: Coroutine[Any, Any, None]) -> None:
        """Connect, and do these things for ever."""
        self.open()
        for job in jobs:
            self.world.do(job)

    def open(self) -> None:
        """The app is in somebody's hand: from now on it is connected, or tries to be."""
        if self.closed:
            self.closed = False
            self.world.do(self._stay_connected())

    def close(self) -> None:
        """The app is closed, and hears nothing; opened again, it asks for what it missed."""
        self.closed = True
        self.hang_up()

    # ── the socket ───────────────────────────────────────────────────────────────────────────────────────────────

    async def _stay_connected(self) -> None:
        while True:
            await asyncio.sleep(self.rng.uniform(0.1, 0.8))
            if self.closed:
                return
            if self.wire is None or self.wire.gone:
                self._dial()
            while self.wire is not None and not self.wire.gone:
                self._cut = self.world.timeline.create_future()
                await self._cut

    def _dial(self) -> None:
        gateway = self.world.gateway_for_a_stranger()
        if gateway is None:
            return
        self._dialled += 1
        self.wire = self.world.dial(gateway, self)
        resume = [Cursor(stream, seq) for stream, seq in self.cursors.items()][-50:]
        token = f"{self.role}/{self.subject}/{self.vehicle}"
        clock = max(0.0, self.now + self.offset)
        self.say(Hello(token=token, clock=clock, resume=resume))
        self.connected()

    def connected(self) -> None:
        """A new socket is open."""

    def lost(self, wire: SimSocket) -> None:
        """A socket is gone."""
        if self.wire is wire:
            self.wire = None
            self._disconnected()

    def _disconnected(self) -> None:
        if self._cut is not None and not self._cut.done():
            self._cut.set_result(None)

    def hang_up(self) -> None:
        """Close the socket; it is opened again."""
        wire, self.wire = self.wire, None
        if wire is not None:
            wire.hang_up()
            self._disconnected()

    def say(self, message: ClientMessage) -> None:
        """Send something, if there is a socket."""
        if self.wire is not None:
            self.wire.say(_encode(message))

    # ── what comes ───────────────────────────────────────────────────────────────────────────────────────────────

    def hear(self, frame: bytes) -> None:
        """A frame of the gateway."""
        message = _decode(frame)
        if isinstance(message, (Update, Snapshot)):
            self._hear_stream(message, frame)
        elif isinstance(message, (Accepted, Rejected)):
            self._hear_answer(message)
        elif isinstance(message, CarPosition):
            self.positions.setdefault((message.trip, self._dialled), []).append(message)
        elif isinstance(message, Heard):
            self.heard(message.n)

    def heard(self, n: int) -> None:
        """Fixes up to ``n`` are safe."""

    def _hear_stream(self, message: Update | Snapshot, frame: bytes) -> None:
        event = message.event if isinstance(message, Update) else ""
        self.streams.setdefault(message.stream, []).append(StreamEntry(message.seq, event, frame))
        self.cursors[message.stream] = message.seq
        if message.trip is not None:
            self.trips[message.trip.trip] = message.trip
        if message.vehicle is not None and message.vehicle.vehicle == self.vehicle:
            self.car = message.vehicle
        self.world.note(f"{self.subject} received {message.stream} {message.seq} {event or 'snapshot'}")
        self.wake()

    def _hear_answer(self, message: Accepted | Rejected) -> None:
        said = self._by_id.get(message.id or "")
        if said is None:
            if isinstance(message, Rejected) and message.field == "stream":
                self.world.note(f"{self.subject} stream rejected {message.code}")
            return
        said.seen.append(message)
        self._unanswered = 0
        waiting = self._waiting.get(said.id)
        if waiting is not None and not waiting.done():
            waiting.set_result(message)

    def wake(self) -> None:
        """Something has changed."""
        changed, self._changed = self._changed, None
        if changed is not None and not changed.done():
            changed.set_result(None)

    async def news(self, within_s: float) -> None:
        """Wait until something changes, at most so many wall seconds."""
        if self._changed is None:
            self._changed = self.world.timeline.create_future()
        changed = self._changed
        await self.world.timeline.settle(changed, within_s)
        if self._changed is changed:
            self._changed = None

    # ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────

    def next_id(self) -> str:
        """An id for a command."""
        self._count += 1
        return f"{self.subject}.{self._count}"

    async def ask(self, message: ClientCommand, patience: int = 40) -> Accepted | Rejected | None:
        """Send a command until it is decided. None: the app gave up without an answer, or with "not now"."""
        said = SentCommand(message.id, message, self.now)
        self.said.append(said)
        self._by_id[said.id] = said
        for _ in range(patience):
            answer = await self._send_once(said)
            if answer is not None and not (isinstance(answer, Rejected) and answer.retryable):
                said.answer = answer
                self.world.note(f"{self.subject} {said.id} {_tag(message)} {_tag(answer)}")
                return answer
            if answer is not None:
                await asyncio.sleep(self.rng.uniform(0.3, 1.0))
        return None

    async def _send_once(self, said: SentCommand) -> Accepted | Rejected | None:
        """Send it (now and then twice), and wait a while for its answer."""
        while self.wire is None or self.wire.gone:  # noqa: ASYNC110 - a person looks at the screen again
            await asyncio.sleep(0.1)
        waiting: asyncio.Future[Accepted | Rejected | None] = self.world.timeline.create_future()
        self._waiting[said.id] = waiting
        said.tries += 1
        self.say(said.message)
        if self.world.faults.occurs("sends_again", "phone: sends again"):
            self.say(said.message)
        await self.world.timeline.settle(waiting, self.rng.uniform(*ASK_AGAIN_S))
        del self._waiting[said.id]
        answer = waiting.result()
        if answer is not None:
            return answer
        self._unanswered += 1
        if self._unanswered >= SILENT_AFTER:
            self._unanswered = 0
            self.hang_up()
        return None


def _tag(message: ClientCommand | Accepted | Rejected) -> str:
    return str(type(message).__struct_config__.tag)

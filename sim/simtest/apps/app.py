"""The common part of the simulated apps: a socket that reconnects, commands repeated until answered, stream cursors.

An app logs everything that it receives. The invariants are checked on these logs afterwards.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import msgspec

from dispatch.api.client_messages import ClientCommand, ClientMessage
from dispatch.api.fields import TripView, VehicleView
from dispatch.api.server_messages import Accepted, CarPosition, Heard, Rejected, Snapshot, Update
from sim.client.session import ClientSession, encode
from sim.simtest.context import SimContext
from sim.simtest.network import SimSocket

ASK_AGAIN_S = (1.0, 2.5)
SILENT_AFTER = 3
"""Consecutive unanswered commands after which an app closes its socket."""


class StreamEntry(msgspec.Struct):
    """One entry of a stream's log: an update, or a snapshot (``event`` is empty). ``body`` is the encoded message."""

    seq: int
    event: str
    body: bytes


class SentCommand(msgspec.Struct):
    """One command as its sender sees it. ``tries`` counts how often it was sent."""

    id: str
    message: ClientCommand
    at: float
    tries: int = 0
    answer: Accepted | Rejected | None = None
    seen: list[Accepted | Rejected] = []


class SimApp:
    """One app. ``subject`` is the signed-in user, ``vehicle`` the driver's vehicle."""

    def __init__(self, context: SimContext, role: str, subject: str, vehicle: str = "") -> None:
        self.context = context
        self.role = role
        self.subject = subject
        self.vehicle = vehicle
        self.rng = context.people
        self.offset = context.clock_offset()
        self.sent: list[SentCommand] = []
        self.streams: dict[str, list[StreamEntry]] = {}
        self.refused_streams: set[str] = set()
        self._session = ClientSession(subject)
        self.trips: dict[str, TripView] = {}
        self.car: VehicleView | None = None
        self.positions: dict[tuple[str, int], list[CarPosition]] = {}
        """Received positions of a trip's vehicle, by trip and connection."""
        self._connections = 0
        self.socket: SimSocket | None = None
        self._waiting: dict[str, asyncio.Future[Accepted | Rejected | None]] = {}
        self._by_id: dict[str, SentCommand] = {}
        self._changed: asyncio.Future[None] | None = None
        self._cut: asyncio.Future[None] | None = None
        self._unanswered = 0
        self.closed = True

    @property
    def now(self) -> float:
        return self.context.clock.city()

    def start(self, *jobs: Coroutine[Any, Any, None]) -> None:
        self.open()
        for job in jobs:
            self.context.spawn(job)

    def open(self) -> None:
        if self.closed:
            self.closed = False
            self.context.spawn(self._stay_connected())

    def close(self) -> None:
        self.closed = True
        self.hang_up()

    async def _stay_connected(self) -> None:
        while True:
            await asyncio.sleep(self.rng.uniform(0.1, 0.8))
            if self.closed:
                return
            if self.socket is None or self.socket.gone:
                self._connect()
            while self.socket is not None and not self.socket.gone:
                self._cut = self.context.timeline.create_future()
                await self._cut

    def _connect(self) -> None:
        self.socket = self.context.connect(self)
        if self.socket is None:
            return
        self._connections += 1
        token = f"{self.role}/{self.subject}/{self.vehicle}"
        self.socket.say(self._session.hello(token, max(0.0, self.now + self.offset)))
        self.connected()

    def connected(self) -> None:
        """Called after each connect."""

    def lost(self, socket: SimSocket) -> None:
        if self.socket is socket:
            self.socket = None
            self._disconnected()

    def _disconnected(self) -> None:
        if self._cut is not None and not self._cut.done():
            self._cut.set_result(None)

    def hang_up(self) -> None:
        socket, self.socket = self.socket, None
        if socket is not None:
            socket.hang_up()
            self._disconnected()

    def send(self, message: ClientMessage) -> None:
        if self.socket is not None:
            self.socket.say(encode(message))

    def on_frame(self, frame: bytes) -> None:
        message = self._session.receive(frame, 0.0).message
        if isinstance(message, (Update, Snapshot)):
            self._on_stream(message, frame)
        elif isinstance(message, (Accepted, Rejected)):
            self._on_answer(message)
        elif isinstance(message, CarPosition):
            self.positions.setdefault((message.trip, self._connections), []).append(message)
        elif isinstance(message, Heard):
            self.fixes_acked(message.n)

    def fixes_acked(self, n: int) -> None:
        """Fixes up to ``n`` are acknowledged."""

    def _on_stream(self, message: Update | Snapshot, frame: bytes) -> None:
        event = message.event if isinstance(message, Update) else ""
        self.streams.setdefault(message.stream, []).append(StreamEntry(message.seq, event, frame))
        if message.trip is not None:
            self.trips[message.trip.trip] = message.trip
        if message.vehicle is not None and message.vehicle.vehicle == self.vehicle:
            self.car = message.vehicle
        self.context.note(f"{self.subject} received {message.stream} {message.seq} {event or 'snapshot'}")
        self.wake()

    def _on_answer(self, message: Accepted | Rejected) -> None:
        sent = self._by_id.get(message.id or "")
        if sent is None:
            if isinstance(message, Rejected) and message.field == "stream":
                self.context.note(f"{self.subject} stream rejected {message.code}")
            return
        sent.seen.append(message)
        self._unanswered = 0
        waiting = self._waiting.get(sent.id)
        if waiting is not None and not waiting.done():
            waiting.set_result(message)

    def wake(self) -> None:
        changed, self._changed = self._changed, None
        if changed is not None and not changed.done():
            changed.set_result(None)

    async def news(self, within_s: float) -> None:
        if self._changed is None:
            self._changed = self.context.timeline.create_future()
        changed = self._changed
        await self.context.timeline.settle(changed, within_s)
        if self._changed is changed:
            self._changed = None

    def next_id(self) -> str:
        return self._session.next_id()

    async def command(self, message: ClientCommand, patience: int = 40) -> Accepted | Rejected | None:
        """Send a command until it is decided. None if the app gave up without a final answer."""
        sent = SentCommand(message.id, message, self.now)
        self.sent.append(sent)
        self._by_id[sent.id] = sent
        for _ in range(patience):
            answer = await self._send_once(sent)
            if answer is not None and not (isinstance(answer, Rejected) and answer.retryable):
                sent.answer = answer
                self.context.note(f"{self.subject} {sent.id} {_tag(message)} {_tag(answer)}")
                return answer
            if answer is not None:
                await asyncio.sleep(self.rng.uniform(0.3, 1.0))
        return None

    async def _send_once(self, sent: SentCommand) -> Accepted | Rejected | None:
        while self.socket is None or self.socket.gone:  # noqa: ASYNC110 - a person looks at the screen again
            await asyncio.sleep(0.1)
        waiting: asyncio.Future[Accepted | Rejected | None] = self.context.timeline.create_future()
        self._waiting[sent.id] = waiting
        sent.tries += 1
        self.send(sent.message)
        if self.context.faults.occurs("sends_again", "phone: sends again"):
            self.send(sent.message)
        await self.context.timeline.settle(waiting, self.rng.uniform(*ASK_AGAIN_S))
        del self._waiting[sent.id]
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

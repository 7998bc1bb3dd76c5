"""The simulated network: calls between actors, and client sockets. Faults come from the seed.

A call is delivered as often as it is sent, plus repeats; its request or answer may be lost, delayed or overtaken. A
socket keeps the order of frames. When it is cut, the frames in flight are lost.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, MutableMapping
from typing import Any, Final, Protocol

import msgspec

from dispatch.actors.rpc.client import Connect, RpcPeer
from dispatch.actors.rpc.transport import PeerGoneError
from sim.simtest.fault_model import FaultModel
from sim.simtest.virtual_loop import Incarnation, Timeline

Note = Callable[[str], None]
NO_ANSWER: Final = object()
"""Replaces the answer of a call whose process was gone or raised."""


class Serving(Protocol):
    """An actor that executes RPC methods."""

    async def serve(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - an RPC result
        ...


class Called(Protocol):
    """A process that receives calls."""

    incarnation: Incarnation

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]: ...

    @property
    def actor(self) -> Serving:
        """Executes the calls."""


class Network:
    """All actors by name, and the links between them."""

    def __init__(self, timeline: Timeline, faults: FaultModel, note: Note) -> None:
        self.actors: dict[str, Called] = {}
        self._timeline = timeline
        self._faults = faults
        self._note = note
        self._cut: set[tuple[str, str]] = set()
        self._newest: dict[tuple[str, str], int] = {}
        self._sent = 0

    def connect_from(self, caller: str) -> Connect:
        async def connect(name: str) -> RpcPeer:
            return Remote(self, caller, name)

        return connect

    def cut(self, one: str, other: str) -> None:
        self._cut |= {(one, other), (other, one)}
        self._faults.count("network: cut")
        self._note(f"cut {one} | {other}")

    def mend(self) -> None:
        self._cut.clear()

    def mend_one(self, one: str, other: str) -> None:
        self._cut -= {(one, other), (other, one)}

    def send(self, call: Call) -> None:
        self._sent += 1
        call.sent = self._sent
        if (call.caller, call.name) in self._cut or self._faults.occurs("lost", "network: request lost"):
            return
        self._timeline.call_later(self._faults.delay(), self._arrive, call, context=NOBODY)
        if call.method != "poll" and self._faults.occurs("repeated", "network: repeated"):
            self._timeline.call_later(self._faults.delay() * 3, self._arrive, call, context=NOBODY)

    def future(self) -> asyncio.Future[Any]:
        return self._timeline.create_future()

    def _arrive(self, call: Call) -> None:
        process = self.actors.get(call.name)
        if process is None or not process.incarnation.alive:
            self._timeline.call_later(0.05, _bring, call, NO_ANSWER, context=NOBODY)
            return
        way = (call.caller, call.name)
        newest = self._newest.get(way, 0)
        if call.sent < newest and call.method != "poll":
            self._faults.count("network: overtaken")
        self._newest[way] = max(newest, call.sent)
        actor = process.actor
        serving = actor.serve(call.method, *call.arguments) if call.answer is None else self._answered(call, actor)
        process.spawn(serving)

    async def _answered(self, call: Call, actor: Serving) -> None:
        try:
            result = await actor.serve(call.method, *call.arguments)
        except Exception:  # noqa: BLE001 - the caller sees only that the call failed
            result = NO_ANSWER
        if (call.name, call.caller) in self._cut or self._faults.occurs("lost", "network: answer lost"):
            return
        self._timeline.call_later(self._faults.delay(), _bring, call, result, context=NOBODY)


class Remote:
    """A connection to the current process of an actor."""

    closed = False

    def __init__(self, network: Network, caller: str, name: str) -> None:
        self.received = 0
        self._network = network
        self._caller = caller
        self._name = name

    def request(self, method: str, *arguments: object) -> asyncio.Future[Any]:
        answer = self._network.future()
        self._network.send(Call(self, self._caller, self._name, method, arguments, answer))
        return answer

    def notify(self, method: str, *arguments: object) -> bool:
        self._network.send(Call(self, self._caller, self._name, method, arguments, None))
        return True

    def close(self) -> None:
        self.closed = True


class Call(msgspec.Struct, eq=False):
    """One call in flight. ``answer`` is None for a notification."""

    remote: Remote
    caller: str
    name: str
    method: str
    arguments: tuple[Any, ...]
    answer: asyncio.Future[Any] | None
    sent: int = 0


def _bring(call: Call, result: object) -> None:
    call.remote.received += 1
    answer = call.answer
    if answer is None or answer.done():
        return
    if result is NO_ANSWER:
        answer.set_exception(PeerGoneError("no answer"))
        answer.exception()  # mark as retrieved: the caller may have gone
    else:
        answer.set_result(result)


class SimSocket:
    """One socket between an app and a gateway: ordered in both directions until it is cut."""

    def __init__(
        self, timeline: Timeline, faults: FaultModel, on_frame: Callable[[bytes], None], lost: Callable[[], None]
    ) -> None:
        self._timeline = timeline
        self._faults = faults
        self._on_frame = on_frame
        self._lost = lost
        self._inward: deque[MutableMapping[str, Any]] = deque()
        self._reading: asyncio.Future[None] | None = None
        self._last_in = self._last_out = 0.0
        self.gone = False
        self.dead = False

    def say(self, frame: bytes) -> None:
        if not self.gone:
            self._last_in = self._after(self._last_in)
            event = {"type": "websocket.receive", "bytes": frame}
            self._timeline.call_at(self._last_in, self._come_in, event, context=NOBODY)

    def hang_up(self) -> None:
        if not self.gone:
            self.gone = True
            self._timeline.call_later(self._faults.delay(), self._end_reading, context=NOBODY)

    def fall_silent(self) -> None:
        """Frames are lost from now on, and neither side notices."""
        self.dead = True

    async def receive(self) -> MutableMapping[str, Any]:
        while not self._inward:
            self._reading = self._timeline.create_future()
            await self._reading
        return self._inward.popleft()

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Send to the app. Raises ``OSError`` if the socket is closed."""
        if self.gone:
            raise OSError("the socket is gone")
        self._last_out = self._after(self._last_out)
        if message["type"] == "websocket.close":
            self._timeline.call_at(self._last_out, self.break_down, context=NOBODY)
            return
        self._timeline.call_at(self._last_out, self._come_out, message["bytes"], context=NOBODY)

    def break_down(self) -> None:
        if not self.gone:
            self.gone = True
            self._end_reading()
            self._lost()

    def _after(self, last: float) -> float:
        return max(last + 1e-6, self._timeline.time() + self._faults.rng.uniform(0.005, 0.05))

    def _come_in(self, event: MutableMapping[str, Any]) -> None:
        if self.gone or self.dead:
            return
        self._inward.append(event)
        self._wake()

    def _come_out(self, frame: bytes) -> None:
        if not (self.gone or self.dead):
            self._on_frame(frame)

    def _end_reading(self) -> None:
        self._inward.append({"type": "websocket.disconnect"})
        self._wake()

    def _wake(self) -> None:
        reading, self._reading = self._reading, None
        if reading is not None and not reading.done():
            reading.set_result(None)


NOBODY = Incarnation("the world").context()
"""The context of callbacks that belong to no process: messages in flight."""

"""The app's side of the wire protocol without I/O: messages in, bytes out.

Rule 1: a command keeps its id until it is answered, over every reconnect (:mod:`sim.client.pending_commands`).
Rule 2: streams are checked for gaps and repeats, and a violation is reported, never repaired
(:mod:`sim.client.stream_check`).
Rule 3: a reconnect resumes each stream at the last number seen.

One session outlives many connections. Its bytes are carried by sockets in :mod:`sim.client.app_client`, and by a
simulated network in :mod:`sim.simtest.apps.app`.
"""

from __future__ import annotations

from itertools import count
from typing import Final, NamedTuple

import msgspec

from dispatch.api.client_messages import Attach, ClientCommand, Detach, Hello
from dispatch.api.server_messages import Accepted, FromServer, Rejected, ServerMessage, Snapshot, Update
from sim.client.pending_commands import Answer, OnAnswer, PendingCommands
from sim.client.stream_check import StreamCursors, StreamOrder

MAX_RESUMED: Final = 50
"""Streams that one ``hello`` may resume; the newest are kept."""

encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(FromServer).decode


class Received(NamedTuple):
    """A message, how it fits its stream, and whether the app should see it (repeats and answers are hidden)."""

    message: ServerMessage
    order: StreamOrder = StreamOrder.NEXT
    deliver: bool = True


class ClientSession:
    """Command ids, pending commands and stream cursors of one app. ``prefix`` makes its command ids unique."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._serial = count(1)
        self.streams = StreamCursors()
        self.pending = PendingCommands()

    def next_id(self) -> str:
        return f"{self._prefix}.{next(self._serial)}"

    def hello(self, token: str, clock: float | None) -> bytes:
        """The first message of a connection. ``clock``: the phone's city time, if known."""
        return encode(Hello(token=token, clock=clock, resume=self.streams.resume()[-MAX_RESUMED:]))

    def command(self, command: ClientCommand, on_answer: OnAnswer, now: float) -> bytes:
        body = encode(command)
        self.pending.add(command.id, body, on_answer, now)
        return body

    def subscribe(self, stream: str, now: float) -> bytes:
        """A command that subscribes to a stream, from a snapshot on, over every reconnect."""
        self.streams.follow(stream)
        return self.command(Attach(id=self.next_id(), stream=stream), _ignore, now)

    def unsubscribe(self, stream: str, now: float) -> bytes:
        self.streams.leave(stream)
        return self.command(Detach(id=self.next_id(), stream=stream), _ignore, now)

    def receive(self, data: bytes, now: float) -> Received:
        """Process a message of the server. Raises ``msgspec.MsgspecError`` for an invalid one."""
        message = _decode(data)
        match message:
            case Accepted() | Rejected():
                self.pending.answer(message, now)
                return Received(message, deliver=False)
            case Update(stream, seq):
                order = self.streams.update(stream, seq)
                return Received(message, order, order is not StreamOrder.REPEAT)
            case Snapshot(stream, seq):
                return Received(message, self.streams.snapshot(stream, seq, recovered=message.recovered))
            case _:
                return Received(message)

    def reset(self) -> None:
        self.streams = StreamCursors()
        self.pending = PendingCommands()


def _ignore(_: Answer) -> None:
    """The stream's snapshot is the answer."""

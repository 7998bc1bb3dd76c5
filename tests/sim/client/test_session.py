"""The app's side of the protocol: one answer per command, streams in order, resume after a reconnect."""

from __future__ import annotations

import msgspec
import pytest

from dispatch.api.client_messages import Hello, StartShift
from dispatch.api.server_messages import Accepted, FromServer, Rejected, Snapshot, Update
from dispatch.domain.errors import ErrorCode
from sim.client.pending_commands import Answer
from sim.client.session import MAX_RESUMED, ClientSession, encode
from sim.client.stream_check import StreamOrder

STREAM = "trip:t1"


def packed(message: FromServer) -> bytes:
    return msgspec.msgpack.encode(message)


def test_a_command_has_one_answer() -> None:
    """A busy server is waited out, a repeated answer is ignored, and answers are not delivered as messages."""
    session, answers = ClientSession("run.V1"), list[Answer]()
    command = StartShift(id=session.next_id())
    body = session.command(command, answers.append, 0.0)
    busy = Rejected(code=ErrorCode.BUSY, text="busy", retryable=True, id=command.id)
    accepted = Accepted(id=command.id, stream="vehicle:V1", seq=1, state="idle")

    assert not session.receive(packed(busy), 0.0).deliver
    assert answers == []
    assert session.pending.due(1.0) == [body]
    session.receive(packed(accepted), 1.0)
    session.receive(packed(accepted), 1.0)
    assert answers == [accepted]
    assert len(session.pending) == 0


def test_ids_are_never_used_twice() -> None:
    """Not after a reset either."""
    session = ClientSession("run.V1")
    first = session.next_id()
    session.reset()
    assert session.next_id() != first


def test_streams_are_checked() -> None:
    """A repeat is hidden, a gap is reported and delivered."""
    session = ClientSession("run.P1")
    session.receive(packed(Snapshot(STREAM, 3, recovered=False)), 0.0)

    assert session.receive(packed(Update(STREAM, 4, "event", 0.0)), 0.0).order is StreamOrder.NEXT
    repeat = session.receive(packed(Update(STREAM, 4, "event", 0.0)), 0.0)
    assert (repeat.order, repeat.deliver) == (StreamOrder.REPEAT, False)
    gap = session.receive(packed(Update(STREAM, 6, "event", 0.0)), 0.0)
    assert (gap.order, gap.deliver) == (StreamOrder.GAP, True)


def test_a_hello_resumes_where_the_app_was() -> None:
    """Each stream at its last number, the newest streams only."""
    session = ClientSession("run.P1")
    for number in range(MAX_RESUMED + 1):
        session.receive(packed(Snapshot(f"trip:t{number}", number, recovered=False)), 0.0)

    hello = msgspec.msgpack.decode(session.hello("token", 5.0), type=Hello)
    assert (hello.token, hello.clock) == ("token", 5.0)
    assert [(cursor.stream, cursor.seq) for cursor in hello.resume] == [
        (f"trip:t{n}", n) for n in range(1, MAX_RESUMED + 1)
    ]


def test_nonsense_is_refused() -> None:
    """A message that is none raises, and leaves the session as it was."""
    session = ClientSession("run.P1")
    with pytest.raises(msgspec.MsgspecError):
        session.receive(encode({"t": "nonsense"}), 0.0)
    assert session.streams.resume() == []

"""The outbox: the newest position wins, events are kept in order, and who does not read is closed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.errors import CloseCode
from ws_gateway.session.outbox import Outbox


def test_the_newest_of_a_slot_wins() -> None:
    """An unsent position is replaced where it stood; a sent one is not."""
    outbox = Outbox(10, 1_000)
    outbox.put(b"a1", "a")
    outbox.put(b"event")
    assert outbox.put(b"a2", "a")
    assert outbox.take() == [b"a2", b"event"]
    assert not outbox.put(b"a3", "a")
    assert outbox.take() == [b"a3"]


@given(st.lists(st.tuples(st.sampled_from([None, "a", "b"]), st.booleans()), max_size=60))
def test_events_are_never_lost_nor_reordered(puts: list[tuple[str | None, bool]]) -> None:
    """Whatever is put and taken in between, every event comes once and in order."""
    outbox = Outbox(100, 10_000)
    taken: list[bytes] = []
    for number, (slot, take) in enumerate(puts):
        outbox.put(b"%d %s" % (number, b"event" if slot is None else slot.encode()), slot)
        if take:
            taken += outbox.take()
    taken += outbox.take()
    events = [b"%d event" % number for number, (slot, _) in enumerate(puts) if slot is None]
    assert [message for message in taken if message.endswith(b"event")] == events


def test_too_much_closes_as_slow() -> None:
    """More messages or bytes than allowed: nothing stale is sent any more, the client resumes instead."""
    for outbox, message in ((Outbox(3, 1_000), b"x"), (Outbox(100, 30), b"x" * 10)):
        for _ in range(4):
            outbox.put(message)
        assert outbox.closing is CloseCode.SLOW
        assert outbox.take() == []
        outbox.put(b"late")
        assert len(outbox) == 0


def test_positions_alone_never_make_a_reader_slow() -> None:
    """A thousand positions of one car are one message."""
    outbox = Outbox(3, 100)
    for _ in range(1_000):
        outbox.put(b"x" * 50, "car")
    assert outbox.closing is None
    assert len(outbox) == 1


def test_the_first_reason_to_close_stands() -> None:
    """What waits is sent, then the first code that was given."""
    outbox = Outbox(3, 100)
    outbox.put(b"last words")
    outbox.close(CloseCode.REPLACED)
    outbox.close(CloseCode.RESTARTING)
    assert (outbox.closing, outbox.take()) == (CloseCode.REPLACED, [b"last words"])

"""Requests under way, by number."""

from __future__ import annotations

from dispatch.actors.core.protocol import Done
from ws_gateway.session.effects import Answer, Effect, PendingRequests, RotatingWordRequest, SendMessage


def test_each_answer_reaches_its_continuation_once() -> None:
    """Answers may come in any order; an unknown number, a second answer and one after ``clear`` are dropped."""
    taken: list[tuple[str, Answer]] = []
    pending = PendingRequests()

    def continuation(name: str, answer: Answer) -> list[Effect]:
        taken.append((name, answer))
        return [SendMessage(name.encode())]

    one = pending.register(RotatingWordRequest(), lambda answer: continuation("one", answer))
    two = pending.register(RotatingWordRequest(), lambda answer: continuation("two", answer))
    assert (one.number, two.number, len(pending)) == (1, 2, 2)
    answer = Done(seq=1, state="s")
    assert pending.resolve(2, answer) == [SendMessage(b"two")]
    assert [list(pending.resolve(number, answer)) for number in (2, 3)] == [[], []]
    pending.clear()
    assert list(pending.resolve(1, answer)) == []
    assert taken == [("two", answer)]

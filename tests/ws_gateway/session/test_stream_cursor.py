"""The cursor of a stream: every number once and in order, whatever order pushes and answers take."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dispatch.actors.core.protocol import Subscribed
from ws_gateway.session.stream_cursor import StreamCursor


@given(
    total=st.integers(1, 20),
    cursor=st.integers(0, 20),
    data=st.data(),
)
def test_every_number_once_and_in_order(total: int, cursor: int, data: st.DataObject) -> None:
    """However pushes are lost, repeated or overtake, the client hears each number after its cursor once, in order."""
    start = min(cursor, total)
    following = StreamCursor(start)
    heard: list[int] = []

    def note(messages: list[bytes]) -> None:
        heard.extend(int(message) for message in messages)

    def answer(upto: int) -> None:
        seen = following.cursor or 0
        note(following.subscribed(Subscribed(upto, True, [(n, b"%d" % n) for n in range(seen + 1, upto + 1)])))

    def asking() -> bool:
        return following.asking

    pushes = data.draw(st.lists(st.integers(1, total), max_size=40))
    for seq in pushes:
        note(following.pushed(seq, b"%d" % seq))
        if asking() and data.draw(st.booleans()):
            answer(data.draw(st.integers(max(following.cursor or 0, seq), total)))
    while asking():
        answer(total)
    note(following.pushed(total, b"%d" % total))
    while asking():
        answer(total)
    assert heard == list(range(start + 1, total + 1))

"""Ids that are computed from what they stand for."""

from __future__ import annotations

from dispatch.values.ids import derived_id


def test_the_same_content_gives_the_same_id() -> None:
    """A repeated command makes nothing new; another content or prefix gives another id, safe in any address."""
    first = derived_id("t", "passenger:P1:c1")

    assert first == derived_id("t", b"passenger:P1:c1") == "t" + first[1:]
    assert first != derived_id("t", "passenger:P1:c2")
    assert derived_id("o", "passenger:P1:c1") == "o" + first[1:]
    assert first.isalnum()
    assert first.islower()
    assert len(first) == 17

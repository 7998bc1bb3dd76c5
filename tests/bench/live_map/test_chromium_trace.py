"""Script time a frame, read from a trace."""

from __future__ import annotations

import msgspec
import pytest

from bench.live_map.chromium_trace import Piece, outermost, script_times


def event(name: str, ts: float, dur: float, used: float, *, tid: int = 1) -> dict[str, object]:
    """A piece of script as Chromium writes it."""
    return {"name": name, "ph": "X", "ts": ts, "dur": dur, "tdur": used, "pid": 7, "tid": tid}


def mark(ts: float) -> dict[str, object]:
    """The page's word that a frame begins."""
    return {"name": "taxi-frame", "ph": "I", "ts": ts, "pid": 7, "tid": 1}


def test_script_between_two_frames_belongs_to_the_first() -> None:
    """Nested pieces count once, other threads not at all, messages between frames do; the last frame is not whole."""
    events = [
        event("FireAnimationFrame", 1000, 500, 300),
        mark(1010),
        event("FunctionCall", 1005, 400, 250),
        event("EventDispatch", 2000, 900, 700),
        event("FunctionCall", 2000, 900, 700, tid=2),
        event("FireAnimationFrame", 5000, 500, 400),
        mark(5001),
        event("TimerFire", 6000, 100, 50),
        event("FireAnimationFrame", 9000, 500, 400),
        mark(9001),
    ]
    times = script_times(msgspec.json.encode({"traceEvents": events}))
    assert times.ms.tolist() == pytest.approx([1.0, 0.45])
    assert times.clock == "processor"


def test_a_trace_without_frames_is_refused() -> None:
    """Then the page was not asked to measure."""
    with pytest.raises(ValueError, match="#measure"):
        script_times(b'{"traceEvents": []}')


def test_only_outermost_pieces_are_kept() -> None:
    """Whatever their order in the trace."""
    inner, outer, after = Piece(2, 3, 1), Piece(1, 4, 2), Piece(4, 5, 1)
    assert outermost([after, inner, outer]) == [outer, after]

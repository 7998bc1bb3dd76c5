"""Script time of each frame, from Chromium's own trace of a page.

What counts is every outermost piece of script on the page's main thread (animation frames, messages of the socket,
timers, collection of garbage), in processor time of that thread: on a machine whose processors are shared, the wall's
would count what others did. The page marks the begin of each frame (``web/src/map/frame_timer.ts``).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from itertools import pairwise
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

CATEGORIES: Final = ("devtools.timeline", "v8", "blink.user_timing")
MARK: Final = "taxi-frame"
SCRIPT: Final = frozenset(
    {
        "EvaluateScript",
        "EventDispatch",
        "FireAnimationFrame",
        "FireIdleCallback",
        "FunctionCall",
        "MajorGC",
        "MinorGC",
        "RunMicrotasks",
        "TimerFire",
        "V8.GCScavenger",
        "v8.callFunction",
    }
)
_MS: Final = 1e-3
"""Traces count in microseconds."""

Event = dict[str, Any]


class ScriptTimes(NamedTuple):
    """Milliseconds of script in each frame, by ``clock``: ``processor``, or ``wall`` where the trace has no other."""

    ms: NDArray[np.float64]
    clock: str


class Piece(NamedTuple):
    """A piece of script: begin and end by the wall, and its processor time, in microseconds."""

    began: float
    ended: float
    used: float


def script_times(trace: bytes) -> ScriptTimes:
    """Script in each whole frame of a trace. Raises ``ValueError`` where it has no frames."""
    events: list[Event] = msgspec.json.decode(trace)["traceEvents"]
    marks = [event for event in events if event.get("name") == MARK]
    if not marks:
        raise ValueError("the trace has no frames: was the page opened with #measure?")
    thread = Counter((mark["pid"], mark["tid"]) for mark in marks).most_common(1)[0][0]
    mine = [event for event in events if (event.get("pid"), event.get("tid")) == thread]
    script = [event for event in mine if event.get("ph") == "X" and event.get("name") in SCRIPT]
    pieces = outermost([_piece(event) for event in script])
    begins = [piece.began for piece in pieces]
    edges = sorted({_piece_at(mark["ts"], begins) for mark in marks if mark["pid"] == thread[0]})
    used = np.array([piece.used for piece in pieces])
    times = np.array([used[first:end].sum() for first, end in pairwise(edges)]) * _MS
    return ScriptTimes(times, "processor" if all("tdur" in event for event in script) else "wall")


def _piece(event: Event) -> Piece:
    """Where Chromium leaves processor times out, the wall's stand for them."""
    lasted: float = event["dur"]
    return Piece(event["ts"], event["ts"] + lasted, float(event.get("tdur", lasted)))


def outermost(pieces: list[Piece]) -> list[Piece]:
    """Pieces that lie in no other, in their order."""
    found: list[Piece] = []
    for piece in sorted(pieces, key=lambda each: (each.began, -each.ended)):
        if not found or piece.began >= found[-1].ended:
            found.append(piece)
    return found


def _piece_at(at: float, begins: list[float]) -> int:
    """The place of the piece in which something happened."""
    return max(bisect_right(begins, at) - 1, 0)

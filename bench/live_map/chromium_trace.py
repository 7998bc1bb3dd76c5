"""Script time of each frame, from Chromium's own trace of a page.

Every outermost piece of script on the page's main thread counts (animation frames, socket messages, timers, garbage
collection), in CPU time of that thread: on a shared machine, wall time would include the work of others. The page marks
the begin of each frame (``web/src/map/frame_timer.ts``).
"""

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

TraceEvent = dict[str, Any]


class ScriptTimes(NamedTuple):
    """Milliseconds of script in each frame, by ``clock``: ``processor`` (CPU time), else ``wall``."""

    ms: NDArray[np.float64]
    clock: str


class ScriptPiece(NamedTuple):
    """A piece of script: wall begin and end, and CPU time, in microseconds."""

    began: float
    ended: float
    used: float


def script_times(trace: bytes) -> ScriptTimes:
    """Script in each whole frame of a trace. Raises ``ValueError`` if it has no frames."""
    events: list[TraceEvent] = msgspec.json.decode(trace)["traceEvents"]
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


def _piece(event: TraceEvent) -> ScriptPiece:
    """Wall time replaces CPU time where Chromium omits it."""
    lasted: float = event["dur"]
    return ScriptPiece(event["ts"], event["ts"] + lasted, float(event.get("tdur", lasted)))


def outermost(pieces: list[ScriptPiece]) -> list[ScriptPiece]:
    """Pieces that lie in no other, by begin."""
    found: list[ScriptPiece] = []
    for piece in sorted(pieces, key=lambda each: (each.began, -each.ended)):
        if not found or piece.began >= found[-1].ended:
            found.append(piece)
    return found


def _piece_at(at: float, begins: list[float]) -> int:
    return max(bisect_right(begins, at) - 1, 0)

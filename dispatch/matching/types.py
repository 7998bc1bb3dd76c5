"""Input, output and parameters of a matcher, as plain data. Seconds are city time."""

from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from dispatch.values.ids import TripId, VehicleId

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int8]


class Proposal(msgspec.Struct, frozen=True):
    """A vehicle for a trip. Both are held until the outcome is reported or the hold expires.

    ``pickup_s`` is the travel time to the passenger; ``cost_s`` is the cost in the assignment, which is
    ``pickup_s`` minus the ageing credit. Both are seconds of city time.
    """

    trip_id: TripId
    trip_seq: int
    vehicle_id: VehicleId
    pickup_s: float
    cost_s: float


class WindowStats(msgspec.Struct, frozen=True):
    """Statistics of a window. ``pairs``: allowed pairs of the last round. ``widest``: the longest list of vehicles."""

    waiting: int = 0
    free: int = 0
    pairs: int = 0
    rounds: int = 0
    widest: int = 0
    proven: bool = True
    cost_s: float = 0.0


class Window(msgspec.Struct, frozen=True):
    """The outcome of one window: proposals in the order of their requests, oldest first."""

    proposals: tuple[Proposal, ...] = ()
    stats: WindowStats = WindowStats()


@dataclass(frozen=True, slots=True)
class Pairs:
    """The sparse graph: ``row``, ``column``, ``cost`` (ms) of each allowed pair, sorted by row, then by column.

    ``unserved`` is the cost of an unserved row. ``unlisted`` is, for each row, a lower bound of the cost of any pair
    that is not in the graph.
    """

    row: Ints
    column: Ints
    cost: Ints
    rows: int
    columns: int
    unserved: int
    unlisted: Ints


class MatcherSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters of one region's matcher.

    ``stale_after_s``: a vehicle whose last fix is older is not matched.
    ``hold_s``: a proposal without an outcome expires after this time; vehicle and trip are released.
    ``candidates``: vehicles considered per request at first; multiplied by ``widen_by`` while dual prices require it.
    ``ageing``: seconds of pick-up credited per second waited, at most ``ageing_ceiling_s``; 0 turns it off.
    ``unserved_s``: the cost of an unserved request; None serves as many requests as possible within their limits.
    ``why_kept_s`` and ``why_trips``: how long, and for how many closed trips, reasons are kept.
    ``why_spans``: spans of time kept per vehicle.
    """

    stale_after_s: float = 30.0
    hold_s: float = 60.0
    candidates: int = 32
    widen_by: int = 4
    ageing: float = 0.1
    ageing_ceiling_s: float = 300.0
    unserved_s: float | None = None
    why_kept_s: float = 86_400.0
    why_trips: int = 20_000
    why_spans: int = 96

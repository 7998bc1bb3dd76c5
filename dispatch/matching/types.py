"""Input and output of a matcher, as plain data."""

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

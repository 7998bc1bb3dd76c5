"""What the matcher is told and what it answers. Plain data; everyone who speaks to a matcher builds these."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from dispatch.values.ids import TripId, VehicleId
from dispatch.values.units import CityTime, LatLng, Seconds

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int8]


class FreeCar(msgspec.Struct, frozen=True, kw_only=True):
    """A car that may be offered a trip, as its host announces it.

    ``at`` is the city time of the fix that ``lat`` and ``lng`` (degrees) come from.
    """

    vehicle_id: VehicleId
    lat: float
    lng: float
    at: CityTime
    vehicle_class: str = "standard"
    seats: int = 4
    capabilities: frozenset[str] = frozenset()
    idle_since: CityTime = CityTime(0.0)


class OpenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A trip that looks for a car. ``excluded`` are the cars that had their chance and are not asked again."""

    trip_id: TripId
    trip_seq: int = 0
    pickup: LatLng
    dropoff: LatLng | None = None
    vehicle_class: str = "standard"
    needs: frozenset[str] = frozenset()
    seats: int = 1
    requested_at: CityTime
    max_pickup_s: Seconds = Seconds(900.0)
    excluded: tuple[VehicleId, ...] = ()


class Proposal(msgspec.Struct, frozen=True):
    """This car for this trip. Until the outcome is reported, or the hold runs out, both are out of the game.

    ``pickup_s`` is the travel time to the passenger, ``cost_s`` what the assignment reckoned with (the ageing
    credit taken off); both in seconds of city time.
    """

    trip_id: TripId
    trip_seq: int
    vehicle_id: VehicleId
    pickup_s: float
    cost_s: float


class WindowStats(msgspec.Struct, frozen=True):
    """How a window went. ``pairs`` counts allowed pairs of the last round, ``widest`` the longest list of cars."""

    waiting: int = 0
    free: int = 0
    pairs: int = 0
    rounds: int = 0
    widest: int = 0
    proven: bool = True
    cost_s: float = 0.0


class Window(msgspec.Struct, frozen=True):
    """The outcome of one window: proposals in the order of the requests, oldest first."""

    proposals: tuple[Proposal, ...] = ()
    stats: WindowStats = WindowStats()


@dataclass(frozen=True, slots=True)
class Pairs:
    """The sparse graph: ``row``, ``column``, ``cost`` (ms) of each allowed pair, by row and then by column.

    ``unserved`` is what a row costs that gets nothing; ``unlisted`` is, for each row, the least that a pair left out
    of the graph could cost.
    """

    row: Ints
    column: Ints
    cost: Ints
    rows: int
    columns: int
    unserved: int
    unlisted: Ints

"""Ways of cars, gathered for the archive: 13 bytes a point (``http_bodies.Track``), in stretches of minutes.

Rule 1. A point is kept where the last kept one is old enough, or the state is another. A car that stands still is kept
        every ``STILL_S`` only.
Rule 2. A car that is off shift is not followed: its way ends with the last fix of the shift.
Rule 3. Stretches end at times that differ from car to car, so that they are not all written at once.
"""

from __future__ import annotations

import struct
from math import floor
from typing import Final, NamedTuple
from zlib import crc32

import msgspec

from dispatch.values.units import CityTime
from dispatch.values.vehicle_states import MAP_STATES

LONGEST_S: Final = 600.0
"""No stretch is longer, in city seconds: who looks for those that touch a moment looks back so far."""
STILL_S: Final = 30.0
_STILL_DEG: Final = 4e-5
"""Some 4 m."""
_POINT: Final = struct.Struct("<IiiB")
POINT_BYTES: Final = _POINT.size
_STATE_OF: Final = {state: place for place, state in enumerate(MAP_STATES)}
_OFFLINE: Final = "offline"


class TrackRules(msgspec.Struct, frozen=True):
    """How ways are kept: a point at most every ``every_s``, stretches of ``chunk_s`` (both city seconds), and for how
    long (``keep_s``, city seconds; 0: nothing is kept)."""

    every_s: float = 5.0
    chunk_s: float = 120.0
    keep_s: float = 14 * 86_400.0


class Stretch(NamedTuple):
    """A car's way from ``since`` until ``until``; ``points`` as :class:`dispatch.api.http_bodies.Track` says."""

    vehicle: str
    since: float
    until: float
    points: bytes


class TrackPoint(NamedTuple):
    """Where a car was, at a city time; ``state`` is the place in ``MAP_STATES``."""

    at: float
    lat: float
    lng: float
    state: int


class _Way:
    """A stretch that is still being gathered, and its last point."""

    __slots__ = ("at", "ends", "lat", "lng", "points", "since", "state")

    def __init__(self, since: float, ends: float) -> None:
        self.since = since
        self.ends = ends
        self.points = bytearray()

    def add(self, at: float, lat: float, lng: float, state: str) -> None:
        self.at, self.lat, self.lng, self.state = at, lat, lng, state
        tenths = floor((at - self.since) * 10)  # never later than the fix, so that stretches do not overlap
        self.points += _POINT.pack(tenths, round(lat * 1e6), round(lng * 1e6), _STATE_OF[state])

    def stretch(self, vehicle: str) -> Stretch:
        return Stretch(vehicle, self.since, self.at, bytes(self.points))


class TrackRecorder:
    """The cars of one host."""

    def __init__(self, settings: TrackRules) -> None:
        self._every_s = settings.every_s
        self._chunk_s = settings.chunk_s
        self._ways: dict[str, _Way] = {}
        self._full: list[Stretch] = []

    def record(self, vehicle: str, state: str, at: float, lat: float, lng: float) -> None:
        """A fix that was believed. In the way of each: what is not kept leaves at once."""
        way = self._ways.get(vehicle)
        if way is None:
            if state != _OFFLINE:
                self._begin(vehicle, state, at, lat, lng)
        elif at > way.at and (state != way.state or at - way.at >= self._every_s):
            self._go_on(vehicle, way, state, at, lat, lng)

    def _go_on(self, vehicle: str, way: _Way, state: str, at: float, lat: float, lng: float) -> None:  # noqa: PLR0917
        still = state == way.state and abs(lat - way.lat) < _STILL_DEG and abs(lng - way.lng) < _STILL_DEG
        if still and at - way.at < STILL_S and at < way.ends:
            return
        if state == _OFFLINE:
            way.add(at, lat, lng, state)
            self._end(vehicle)
        elif at >= way.ends:
            self._end(vehicle)
            self._begin(vehicle, state, at, lat, lng)
        else:
            way.add(at, lat, lng, state)

    def _begin(self, vehicle: str, state: str, at: float, lat: float, lng: float) -> None:
        if state in _STATE_OF:
            way = self._ways[vehicle] = _Way(at, self._ends(vehicle, at))
            way.add(at, lat, lng, state)

    def _ends(self, vehicle: str, at: float) -> float:
        """The next time at which this car's stretches end."""
        offset = crc32(vehicle.encode()) % 1000 / 1000 * self._chunk_s
        return (floor((at + offset) / self._chunk_s) + 1) * self._chunk_s - offset

    def _end(self, vehicle: str) -> None:
        self._full.append(self._ways.pop(vehicle).stretch(vehicle))

    def take_full(self, now: CityTime) -> list[Stretch]:
        """Stretches whose time is over."""
        for vehicle in [name for name, way in self._ways.items() if way.ends <= now]:
            self._end(vehicle)
        full, self._full = self._full, []
        return full

    def take_all(self) -> list[Stretch]:
        """Everything, also what is not full."""
        return self.take_full(CityTime(float("inf")))


def points_of(stretch: Stretch) -> list[TrackPoint]:
    """The points of a stretch. Raises ``struct.error`` where the bytes are no whole number of points."""
    return [
        TrackPoint(stretch.since + tenths / 10, lat / 1e6, lng / 1e6, state)
        for tenths, lat, lng, state in _POINT.iter_unpack(stretch.points)
    ]

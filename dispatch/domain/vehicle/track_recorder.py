"""Records the tracks of a host's vehicles for the archive, 13 bytes per point, in sections of minutes.

Rule 1. A point is recorded if the last recorded one is old enough, or if the state has changed. A standing vehicle is
        recorded every ``STILL_EVERY_S`` only.
Rule 2. Vehicles off shift are not recorded: a track ends with the last fix of the shift.
Rule 3. Sections end at different times for different vehicles, so that they are not all written at once.
"""

import struct
from math import floor
from typing import Final, NamedTuple
from zlib import crc32

import msgspec

from dispatch.values.units import CityTime
from dispatch.values.vehicle_states import MAP_STATES

MAX_SECTION_S: Final = 600.0
"""Maximum length of a section in city seconds; a search for sections that contain a time starts this much earlier."""
STILL_EVERY_S: Final = 30.0
_STILL_DEG: Final = 4e-5
"""About 4 m."""
POINT: Final = struct.Struct("<IiiB")
"""Tenths of a second after the section's start, latitude and longitude in millionths of a degree, state."""
_STATE_OF: Final = {state: place for place, state in enumerate(MAP_STATES)}
_OFFLINE: Final = "offline"


class TrackRules(msgspec.Struct, frozen=True):
    """A point at most every ``every_s``, sections of ``chunk_s``, kept for ``keep_s`` (0: nothing is recorded); city
    seconds."""

    every_s: float = 5.0
    chunk_s: float = 120.0
    keep_s: float = 14 * 86_400.0


class TrackSection(NamedTuple):
    """A vehicle's track from ``since`` to ``until``; ``points`` as in :class:`dispatch.api.http_bodies.Track`."""

    vehicle: str
    since: float
    until: float
    points: bytes


class _OpenSection:
    """A section that is being recorded, and its last point."""

    __slots__ = ("at", "ends", "lat", "lng", "points", "since", "state")

    def __init__(self, since: float, ends: float) -> None:
        self.since = since
        self.ends = ends
        self.points = bytearray()

    def add(self, at: float, lat: float, lng: float, state: str) -> None:
        self.at, self.lat, self.lng, self.state = at, lat, lng, state
        tenths = floor((at - self.since) * 10)  # never later than the fix, so that sections do not overlap
        self.points += POINT.pack(tenths, round(lat * 1e6), round(lng * 1e6), _STATE_OF[state])

    def stands_at(self, lat: float, lng: float, state: str) -> bool:
        """Whether the vehicle has neither moved nor changed its state since the last point."""
        return state == self.state and abs(lat - self.lat) < _STILL_DEG and abs(lng - self.lng) < _STILL_DEG

    def section(self, vehicle: str) -> TrackSection:
        return TrackSection(vehicle, self.since, self.at, bytes(self.points))


class TrackRecorder:
    """Records the vehicles of one host."""

    def __init__(self, rules: TrackRules) -> None:
        self._every_s = rules.every_s
        self._chunk_s = rules.chunk_s
        self._open: dict[str, _OpenSection] = {}
        self._full: list[TrackSection] = []

    def record(self, vehicle: str, state: str, at: float, lat: float, lng: float) -> None:
        """Record an accepted fix. Hot path: returns early for points that are not kept."""
        track = self._open.get(vehicle)
        if track is None:
            if state != _OFFLINE:
                self._start(vehicle, state, at, lat, lng)
            return
        elapsed_s = at - track.at
        if elapsed_s <= 0 or (state == track.state and elapsed_s < self._every_s):
            return
        if elapsed_s < STILL_EVERY_S and at < track.ends and track.stands_at(lat, lng, state):
            return
        if at < track.ends or state == _OFFLINE:
            track.add(at, lat, lng, state)
            if state == _OFFLINE:
                self._end(vehicle)
        else:
            self._end(vehicle)
            self._start(vehicle, state, at, lat, lng)

    def _start(self, vehicle: str, state: str, at: float, lat: float, lng: float) -> None:
        if state in _STATE_OF:
            track = self._open[vehicle] = _OpenSection(at, self._end_after(vehicle, at))
            track.add(at, lat, lng, state)

    def _end_after(self, vehicle: str, at: float) -> float:
        offset = crc32(vehicle.encode()) % 1000 / 1000 * self._chunk_s
        return (floor((at + offset) / self._chunk_s) + 1) * self._chunk_s - offset

    def _end(self, vehicle: str) -> None:
        self._full.append(self._open.pop(vehicle).section(vehicle))

    def take_full(self, now: CityTime) -> list[TrackSection]:
        for vehicle in [name for name, track in self._open.items() if track.ends <= now]:
            self._end(vehicle)
        full, self._full = self._full, []
        return full

    def take_all(self) -> list[TrackSection]:
        """Remove and return all sections, including open ones."""
        return self.take_full(CityTime(float("inf")))

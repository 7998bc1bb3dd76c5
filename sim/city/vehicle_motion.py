"""The motion of a simulated vehicle, and the GPS fixes of its phone."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from dispatch.api.fields import Fix
from dispatch.geo.distance import haversine_m
from dispatch.values.units import LatLng
from sim.city.city import SimCity
from sim.city.route_progress import Drive, RoutePosition
from sim.client.unacked_fixes import UnackedFixes
from sim.time.scheduler import Timer

_FIX_NUMBERS_PER_S: Final = 10
_CANDIDATE_PLACES: Final = 6
_MIN_DISTANCE_M: Final = 15.0


class Car:
    """A parked or moving vehicle; the scheduler fires arrivals exactly on the city's clock."""

    def __init__(self, city: SimCity, start: LatLng, rng: Random) -> None:
        self._city = city
        self._rng = rng
        self._parked = RoutePosition(*start)
        self._drive: Drive | None = None
        self._arrival: Timer | None = None
        # Numbers must rise across runs too: they start from the wall time, which grows faster than the fixes.
        self.unacked = UnackedFixes(int(city.clock.wall() * _FIX_NUMBERS_PER_S))

    def position(self) -> RoutePosition:
        if self._drive is None:
            return self._parked
        return self._drive.at(self._city.clock.city())

    def here(self) -> LatLng:
        position = self.position()
        return LatLng(position.lat, position.lng)

    def fix(self) -> Fix:
        lat, lng, speed, heading = self.position()
        return self.unacked.add(self._city.clock.city(), lat, lng, speed, heading)

    def park(self) -> None:
        self._parked = RoutePosition(*self.here())
        self._drive = None
        if self._arrival is not None:
            self._arrival.cancel()
            self._arrival = None

    def drive_to(self, place: LatLng, arrived: Callable[[], None], fixed_s: float | None = None) -> None:
        """Drive along the streets, or for ``fixed_s`` city seconds in a straight line."""
        now = self._city.clock.city()
        start = self.here()
        self.park()
        if fixed_s is not None:
            drive = Drive.for_seconds(start, place, fixed_s, now)
        else:
            drive = Drive.along(self._city.roads.route(start, place, now), now)
        self._drive = drive
        self._arrival = self._city.scheduler.at_city(drive.ends_at, lambda: self._arrived(drive, arrived))

    def cruise(self) -> None:
        """Drive to a near place where rides begin at this hour."""
        here = self.here()
        places = self._city.demand.places(self._city.clock.city(), _CANDIDATE_PLACES)
        target = min(places, key=lambda place: haversine_m(here, place))
        if haversine_m(here, target) > _MIN_DISTANCE_M:
            self.drive_to(target, lambda: None)

    def _arrived(self, drive: Drive, then: Callable[[], None]) -> None:
        if self._drive is drive:
            self._parked = RoutePosition(*drive.end)
            self._drive = self._arrival = None
            then()

"""Ride requests, and the interface of their sources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from dispatch.values.units import CityTime, LatLng


class RideRequest(NamedTuple):
    """A request for a ride at ``at`` (city time)."""

    at: CityTime
    pickup: LatLng
    dropoff: LatLng


class RequestSource(Protocol):
    """The demand of a city, sampled or recorded."""

    def requests(self, start: CityTime) -> Iterator[RideRequest]:
        """Requests from ``start`` on, in time order. May be infinite."""

    def places(self, at: CityTime, many: int) -> list[LatLng]:
        """Places where rides begin at that time of day."""

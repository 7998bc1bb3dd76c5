"""Wishes to ride, and where they come from: drawn at a city's rates, or read from a file of real trips."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from dispatch.values.units import CityTime, LatLng


class RideRequest(NamedTuple):
    """Somebody begin_journey to ride at ``at`` (city time)."""

    at: CityTime
    pickup: LatLng
    dropoff: LatLng


class RequestSource(Protocol):
    """Where a city's requests come from."""

    def requests(self, start: CityTime) -> Iterator[RideRequest]:
        """Requests from ``start`` on, in time order. May be infinite."""

    def places(self, at: CityTime, many: int) -> list[LatLng]:
        """Places where rides begin at that time of day."""

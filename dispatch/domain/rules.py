"""The company's rules that entities decide by: one frozen object, made from the settings at start."""

from __future__ import annotations

import msgspec

from dispatch.domain.fare.fare import Tariff
from dispatch.domain.fare.gps_meter import MeterRules
from dispatch.geo.distance import haversine_m
from dispatch.values.units import LatLng


class Zone(msgspec.Struct, frozen=True):
    """A named disc: ``radius_m`` metres around a point in degrees."""

    name: str
    lat: float
    lng: float
    radius_m: float

    def holds(self, lat: float, lng: float) -> bool:
        """Whether the point lies in the zone."""
        return haversine_m(LatLng(self.lat, self.lng), LatLng(lat, lng)) <= self.radius_m


class Rules(msgspec.Struct, frozen=True):
    """All times are seconds on the city's clock."""

    tariff: Tariff
    meter: MeterRules
    offer_countdown_s: float = 15.0
    stale_after_s: float = 30.0
    give_up_s: float = 300.0
    reservation_lead_s: float = 1200.0
    no_show_after_s: float = 300.0
    max_mps: float = 150 / 3.6
    future_tolerance_s: float = 5.0
    zones: tuple[Zone, ...] = ()

    def from_airport(self, lat: float, lng: float) -> bool:
        """Whether a ride that begins here pays the tariff's airport fee."""
        airport = self.tariff.airport
        return airport is not None and any(z.name == airport.zone and z.holds(lat, lng) for z in self.zones)

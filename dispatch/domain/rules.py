"""The company's rules by which entities decide, built from the settings at start."""

import msgspec

from dispatch.domain.fare.fare import Tariff
from dispatch.domain.fare.gps_meter import MeterRules
from dispatch.geo.geofence import Geofence
from dispatch.values.units import LatLng


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
    zones: tuple[Geofence, ...] = ()

    def from_airport(self, lat: float, lng: float) -> bool:
        """Whether a ride that starts here pays the tariff's airport fee."""
        airport = self.tariff.airport
        return airport is not None and any(
            zone.name == airport.zone and zone.contains(LatLng(lat, lng)) for zone in self.zones
        )

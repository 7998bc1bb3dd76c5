"""Converts settings to the rules of the domain."""

from dispatch.config.loader import Settings, SettingsError
from dispatch.config.tariffs import TariffError, read_tariff
from dispatch.domain.fare.gps_meter import MeterRules
from dispatch.domain.rules import Rules
from dispatch.domain.vehicle.track_recorder import TrackRules
from dispatch.geo.geofence import Geofence
from dispatch.values.units import LatLng


def rules_of(settings: Settings) -> Rules:
    """Raises :class:`SettingsError` if ``city.tariff`` names no tariff."""
    try:
        tariff = read_tariff(settings.city.tariff)
    except TariffError as error:
        raise SettingsError(f"city.tariff: {error}") from None
    meter = settings.meter
    waiting_kmh = meter.waiting_below_kmh or tariff.waiting.below_kmh
    return Rules(
        tariff=tariff,
        meter=MeterRules(waiting_kmh, checkpoint_m=meter.checkpoint_m, checkpoint_s=meter.checkpoint_s),
        offer_countdown_s=settings.offer.countdown_s,
        stale_after_s=settings.vehicle.stale_after_s,
        give_up_s=settings.matching.give_up_s,
        reservation_lead_s=settings.trip.reservation_lead_s,
        no_show_after_s=settings.trip.no_show_after_s,
        max_mps=settings.vehicle.max_kmh / 3.6,
        future_tolerance_s=settings.vehicle.future_tolerance_s * max(1.0, settings.clock.speed),
        zones=tuple(Geofence(zone.name, LatLng(zone.lat, zone.lng), zone.radius_m) for zone in settings.city.zones),
    )


def track_rules_of(settings: Settings) -> TrackRules:
    track = settings.track
    return TrackRules(every_s=track.every_s, chunk_s=track.chunk_s, keep_s=track.keep_days * 86_400)

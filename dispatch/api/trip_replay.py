"""A past span told from the journal: which trips were open at its beginning, and what then happened to trips."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dispatch.api.fields import TripView
from dispatch.api.http_bodies import TripMoment
from dispatch.api.presenters import trip_for, trip_view
from dispatch.domain.entity import Event
from dispatch.domain.rules import Rules
from dispatch.domain.trip.trip import Trip
from dispatch.domain.trip.trip_state import OPEN
from dispatch.values.place import Place


class TripHistory(NamedTuple):
    """A trip's events from its first on."""

    trip: str
    events: Sequence[Event]


def replay_window(
    pasts: Iterable[TripHistory], since: float, until: float, rules: Rules
) -> tuple[list[TripMoment], list[TripView]]:
    """Moments of ``since <= t <= until``, the oldest first, and the trips open at ``since`` as they were then.

    A moment tells the trip's places where they are new: at its first, and where a later one changes them.
    """
    moments: list[tuple[float, int, TripMoment]] = []
    opened: list[TripView] = []
    for past in pasts:
        trip = Trip(past.trip, rules)
        events = iter(past.events)
        event = next(events, None)
        while event is not None and event.at < since:
            trip.apply(event)
            event = next(events, None)
        places: tuple[Place | None, Place | None] = (None, None)
        if trip.state in OPEN:
            opened.append(trip_for(trip_view(trip), "dispatcher"))
            places = trip.data.pickup, trip.data.dropoff
        while event is not None and event.at <= until:
            moment = _moment(trip, event, places)
            moments.append((event.at, trip.seq, moment))
            places = trip.data.pickup, trip.data.dropoff
            event = next(events, None)
    moments.sort(key=lambda each: (each[0], each[2].trip, each[1]))
    return [moment for _, _, moment in moments], opened


def _moment(trip: Trip, event: Event, told: tuple[Place | None, Place | None]) -> TripMoment:
    """Apply the event. Where it takes the car away, the car that it was about is told."""
    before = trip.data.vehicle
    trip.apply(event)
    data = trip.data
    return TripMoment(
        trip=trip.id,
        at=event.at,
        event=str(event.__struct_config__.tag),
        state=trip.state,
        vehicle=data.vehicle or before,
        pickup=data.pickup if data.pickup != told[0] else None,
        dropoff=data.dropoff if data.dropoff != told[1] else None,
    )

"""Replays trips from the journal for a past span: which were open at its start, and their events in it."""

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
    """A trip's events, starting with its first."""

    trip: str
    events: Sequence[Event]


def replay_window(
    histories: Iterable[TripHistory], since: float, until: float, rules: Rules
) -> tuple[list[TripMoment], list[TripView]]:
    """Moments of ``since <= t <= until``, oldest first, and the trips that were open at ``since`` in their state at
    that time.

    A moment contains the trip's places if they are new: in its first moment, and when a later event changes them.
    """
    moments: list[tuple[float, int, TripMoment]] = []
    opened: list[TripView] = []
    for history in histories:
        trip = Trip(history.trip, rules)
        events = iter(history.events)
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


def _moment(trip: Trip, event: Event, sent: tuple[Place | None, Place | None]) -> TripMoment:
    """Apply the event. If it removes the vehicle from the trip, the moment still names that vehicle."""
    before = trip.data.vehicle
    trip.apply(event)
    data = trip.data
    return TripMoment(
        trip=trip.id,
        at=event.at,
        event=str(event.__struct_config__.tag),
        state=trip.state,
        vehicle=data.vehicle or before,
        pickup=data.pickup if data.pickup != sent[0] else None,
        dropoff=data.dropoff if data.dropoff != sent[1] else None,
    )

"""What a run came to: what apps were told held against the journal, event by event and offer by offer. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from dispatch.domain.entity import Event
from dispatch.domain.events import (
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferLapsed,
    OfferWithdrawn,
    TripAssigned,
)

Told = Mapping[str, Mapping[int, str]]
"""Streams (``vehicle:V``), their numbers, and the event at each."""

ACCEPTED: Final = "accepted"
_OF_VEHICLE: Final[dict[type[Event], str]] = {
    OfferAccepted: ACCEPTED,
    OfferDeclined: "declined",
    OfferExpired: "expired",
    OfferWithdrawn: "withdrawn",
}


class FaultOutcome(NamedTuple):
    """What one side's stream says of an offer. ``side`` is ``vehicle`` or ``trip``."""

    offer: str
    side: str
    what: str


def untold_truth(told: Told, written: Told) -> list[str]:
    """What apps were told that does not stand in the journal so: it was told before it was committed, or is lost."""
    wrong = []
    for stream, events in told.items():
        there = written.get(stream, {})
        wrong += [
            f"{stream} {seq}: {event} was told, the journal has {there.get(seq, 'nothing')}"
            for seq, event in events.items()
            if there.get(seq) != event
        ]
    return wrong


def behind(heads: Mapping[str, int], stands_at: Mapping[str, int], streams: Iterable[str]) -> list[str]:
    """Followed streams whose app has not heard of the number at which the journal stood a while before."""
    return [
        f"{stream}: the app is at {stands_at.get(stream, 0)}, the journal was at {heads[stream]} before"
        for stream in streams
        if stands_at.get(stream, 0) < heads.get(stream, 0)
    ]


def outcome_of(event: Event) -> FaultOutcome | None:
    """What an event says of an offer's end, where it says anything."""
    if isinstance(event, OfferAccepted | OfferDeclined | OfferExpired | OfferWithdrawn):
        return FaultOutcome(event.offer, "vehicle", _OF_VEHICLE[type(event)])
    if isinstance(event, OfferLapsed):
        return FaultOutcome(event.offer, "trip", event.outcome)
    if isinstance(event, TripAssigned):
        return FaultOutcome(event.offer, "trip", ACCEPTED)
    return None


def two_outcomes(outcomes: Iterable[FaultOutcome]) -> list[str]:
    """Offers that ended twice on one side, or were accepted on one side and came to nothing on the other."""
    ends: dict[str, Counter[tuple[str, str]]] = {}
    for outcome in outcomes:
        ends.setdefault(outcome.offer, Counter())[outcome.side, outcome.what] += 1
    return [f"{offer}: {sorted(found)}" for offer, found in ends.items() if _contradict(found)]


def _contradict(found: Counter[tuple[str, str]]) -> bool:
    by_side = Counter[str]()
    for (side, _), count in found.items():
        by_side[side] += count
    accepted = {side for side, what in found if what == ACCEPTED}
    others = {side for side, what in found if what != ACCEPTED}
    return any(count > 1 for count in by_side.values()) or bool(accepted and others)

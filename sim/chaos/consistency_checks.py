"""Checks of a run: delivered events against the journal, and the outcomes of offers. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from dispatch.domain.entity import Event
from dispatch.domain.events import OfferAccepted, OfferDeclined, OfferExpired, OfferLapsed, OfferWithdrawn, TripAssigned

Events = Mapping[str, Mapping[int, str]]
"""By stream (``vehicle:V``) and number: the event."""

ACCEPTED: Final = "accepted"
_OF_VEHICLE: Final[dict[type[Event], str]] = {
    OfferAccepted: ACCEPTED,
    OfferDeclined: "declined",
    OfferExpired: "expired",
    OfferWithdrawn: "withdrawn",
}


class OfferOutcome(NamedTuple):
    """An offer's outcome in the stream of one side. ``side`` is ``vehicle`` or ``trip``."""

    offer: str
    side: str
    what: str


def missing_from_journal(delivered: Events, written: Events) -> list[str]:
    """Delivered events that the journal lacks or has differently: sent before the commit, or lost."""
    wrong = []
    for stream, events in delivered.items():
        there = written.get(stream, {})
        wrong += [
            f"{stream} {seq}: {event} was delivered, the journal has {there.get(seq, 'nothing')}"
            for seq, event in events.items()
            if there.get(seq) != event
        ]
    return wrong


def lagging_streams(heads: Mapping[str, int], last_seen: Mapping[str, int], streams: Iterable[str]) -> list[str]:
    """Subscribed streams whose app is lagging_streams an earlier head of the journal."""
    return [
        f"{stream}: the app is at {last_seen.get(stream, 0)}, the journal was at {heads[stream]} before"
        for stream in streams
        if last_seen.get(stream, 0) < heads.get(stream, 0)
    ]


def outcome_of(event: Event) -> OfferOutcome | None:
    if isinstance(event, OfferAccepted | OfferDeclined | OfferExpired | OfferWithdrawn):
        return OfferOutcome(event.offer, "vehicle", _OF_VEHICLE[type(event)])
    if isinstance(event, OfferLapsed):
        return OfferOutcome(event.offer, "trip", event.outcome)
    if isinstance(event, TripAssigned):
        return OfferOutcome(event.offer, "trip", ACCEPTED)
    return None


def contradictory_outcomes(outcomes: Iterable[OfferOutcome]) -> list[str]:
    """Offers that ended twice on one side, or were accepted on one side only."""
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

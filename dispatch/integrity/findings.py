"""What can be wrong with a journal, by name."""

from __future__ import annotations

from typing import Final

import msgspec

CHECKS: Final[dict[str, str]] = {
    "gap": "a stream's numbers have a hole or a repeat",
    "last": "a stream does not end where it is said to end",
    "unreadable": "an event, snapshot, due or reply that cannot be read",
    "time": "an event is filed under another time than it says",
    "illegal_move": "a history that the state machine forbids",
    "snapshot": "a snapshot is not what its history folds to",
    "row": "a row is not what its history folds to",
    "row_behind": "a row is older than its history, and nothing is on its way that would renew it",
    "claim": "an active assignment is not what the histories say",
    "offer": "vehicle and trip do not agree on an offer or a ride",
    "due_missing": "something is waited for, and no timer is set",
    "due_idle": "a timer is set that nothing waits for",
    "due_lost": "a due stands in a shard or under an owner where nobody looks for it",
    "entry": "the books do not hold what the payment's history says",
    "account": "an entry of the books names no two accounts, or no amount",
    "balance": "what the books add up to is not what was paid less what went back",
    "payment": "trip and payment do not agree whether the fare is paid",
    "reply": "a stored reply lacks its digest, or speaks of what has not happened",
    "orphan": "something is kept for an entity that has no history",
}
"""Each check that a finding may name, and what it means."""


class Finding(msgspec.Struct, frozen=True):
    """Something that is wrong: which check found it, at which stream or row, and what, in words with ids."""

    check: str
    where: str
    text: str


class Counts(msgspec.Struct):
    """What was looked at."""

    streams: int = 0
    events: int = 0
    rows: int = 0
    """Rows of all tables but events and streams."""

    def add(self, other: Counts) -> None:
        """Count more."""
        self.streams += other.streams
        self.events += other.events
        self.rows += other.rows

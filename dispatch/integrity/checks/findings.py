"""The names of all violations of a journal, and what they mean."""

from __future__ import annotations

from typing import Final

import msgspec

CHECKS: Final[dict[str, str]] = {
    "gap": "a stream's numbers have a gap or a duplicate",
    "last": "a stream does not end at its recorded last number",
    "unreadable": "an event, snapshot, timer or reply cannot be decoded",
    "time": "an event is stored under a different time than it contains",
    "illegal_move": "the state machine forbids an event of the history",
    "snapshot": "a snapshot differs from the replayed history",
    "row": "a row differs from the replayed history",
    "row_behind": "a row is older than its history, and no pending message will update it",
    "claim": "an active assignment differs from the histories",
    "offer": "vehicle and trip disagree about an offer",
    "due_missing": "a state requires a timer, and none is set",
    "due_idle": "a timer is set that the state does not use",
    "due_lost": "a timer is stored in the wrong shard, where no host reads it",
    "entry": "the ledger differs from the payment's history",
    "account": "a ledger entry lacks two known accounts or a positive amount",
    "balance": "the ledger's balance is not payments minus refunds",
    "payment": "trip and payment disagree whether the fare is paid",
    "reply": "a stored reply lacks its digest, or names an event that does not exist",
    "orphan": "a row belongs to an entity without history",
}


class Finding(msgspec.Struct, frozen=True):
    """One violation: the check's name, the stream, and a sentence with ids."""

    check: str
    where: str
    text: str


class Counts(msgspec.Struct):
    """Numbers of checked objects."""

    streams: int = 0
    events: int = 0
    rows: int = 0
    """Rows of all tables but events and streams."""

    def add(self, other: Counts) -> None:
        self.streams += other.streams
        self.events += other.events
        self.rows += other.rows

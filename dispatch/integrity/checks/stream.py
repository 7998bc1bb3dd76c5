"""One stream: its numbers, its replay, and whether snapshot and row equal the replayed state."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from dispatch.actors.core.entity_types import EntityKind
from dispatch.domain.entity import Entity, EntityKey, Event
from dispatch.domain.errors import DispatchError
from dispatch.domain.events import event_name
from dispatch.integrity.checks.findings import Finding
from dispatch.payment.core.context import PaymentContext
from dispatch.payment.core.ledger import LedgerEntry, ledger_entries
from dispatch.payment.core.payment import Payment
from dispatch.store.journal import StoredEvent, StoredSnapshot

LATER_COLUMNS: Final[dict[str, tuple[str, frozenset[str]]]] = {
    "trip": (
        "seats",
        frozenset({"contact", "pickup_text", "dropoff_text", "seats", "needs", "note", "eta_at", "stars", "method"}),
    ),
    "vehicle_state": ("state_since", frozenset({"state_since", "shift_since"})),
}
"""Columns added by a migration, and one of them that this release never leaves empty. A row in which that one is empty
was written by an earlier release and is not compared in these columns."""

Row = Mapping[str, Any]


class StreamCheck:
    """Replays one stream from its events, fed in the order of their numbers; call ``close`` after the last.

    ``last`` is the recorded end of the stream, ``row`` the entity's row by column. ``entity`` is the replayed state,
    None once the history cannot be replayed further; ``entries`` are a payment's ledger entries by id.
    """

    def __init__(
        self, kind: EntityKind, key: EntityKey, last: int, snapshot: StoredSnapshot | None, row: Row | None
    ) -> None:
        self.key = key
        self.last = last
        self.row = row
        self.entity: Entity | None = kind.make(key.id, 0, None)
        self.entries: dict[str, LedgerEntry] = {}
        self.events = 0
        self.findings: list[Finding] = []
        self._kind = kind
        self._snapshot = snapshot
        self._at = 0

    def report(self, check: str, text: str) -> None:
        self.findings.append(Finding(check, str(self.key), text))

    def feed(self, stored: StoredEvent) -> None:
        self.events += 1
        if stored.seq != self._at + 1:
            self.report("gap", f"event {stored.seq} follows event {self._at}")
            self.entity = None
        self._at = stored.seq
        if self.entity is not None:
            self._fold(self.entity, stored)

    def _fold(self, entity: Entity, stored: StoredEvent) -> None:
        try:
            event = self._kind.decode_event(stored.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self.report("unreadable", f"event {stored.seq} cannot be decoded: {error}")
            self.entity = None
            return
        if event.at != stored.at:
            self.report("time", f"event {stored.seq} is stored under {stored.at} and contains {event.at}")
        try:
            if isinstance(entity, Payment):
                self._moved_money(entity, event)
            entity.apply(event)
        except (DispatchError, ValueError) as error:
            self.report("illegal_move", f"event {stored.seq}, {event_name(event)}, is not allowed here: {error}")
            self.entity = None
            return
        self._compare(entity)

    def _moved_money(self, entity: Payment, event: Event) -> None:
        payment = PaymentContext(entity.id, entity.seq, entity.data, entity.rules)
        for line, entry in enumerate(ledger_entries(payment, event)):
            self.entries[f"{payment.id}:{payment.seq + 1}:{line}"] = entry

    def _compare(self, entity: Entity) -> None:
        if self._snapshot is not None and self._snapshot.seq == entity.seq:
            self._compare_snapshot(entity, self._snapshot)
        if self.row is not None and self.row["seq"] == entity.seq:
            self._compare_row(entity, self.row)

    def _compare_snapshot(self, entity: Entity, snapshot: StoredSnapshot) -> None:
        try:
            stored = msgspec.msgpack.decode(snapshot.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self.report("unreadable", f"the snapshot at {snapshot.seq} cannot be decoded: {error}")
            return
        where = difference(stored, msgspec.msgpack.decode(entity.snapshot()))
        if where is not None:
            self.report("snapshot", f"the snapshot at {snapshot.seq} differs in {where or 'everything'}")

    def _compare_row(self, entity: Entity, row: Row) -> None:
        folded = entity.row()
        if folded is None:
            return
        witness, later = LATER_COLUMNS.get(folded.table, ("", frozenset()))
        before = bool(witness) and row.get(witness) is None
        for column, value in folded.values.items():
            if row.get(column) != value and not (before and column in later):
                self.report("row", f"{folded.table}.{column} is {row.get(column)!r}; the history gives {value!r}")

    def close(self) -> None:
        if self._at != self.last:
            self.report("last", f"the recorded end is {self.last}; the last event is {self._at}")
        if self._snapshot is not None and self._snapshot.seq > self._at:
            self.report("snapshot", f"the snapshot is of {self._snapshot.seq}; the last event is {self._at}")
        if self.row is not None and self.row["seq"] > self._at:
            self.report("row", f"the row is of {self.row['seq']}; the last event is {self._at}")

    @property
    def row_seq(self) -> int:
        return int(self.row["seq"]) if self.row is not None else 0

    @property
    def row_is_behind(self) -> bool:
        """Whether the history is ahead of the row, which is allowed while a message that updates it is pending."""
        return self.entity is not None and self.row_seq < self.entity.seq


def difference(stored: Any, folded: Any, where: str = "") -> str | None:  # noqa: ANN401 - what MessagePack holds
    """The path at which two values differ, or None. Fields missing in ``stored`` were added by a later release."""
    if isinstance(stored, dict) and isinstance(folded, dict):
        for name, value in stored.items():
            inside = difference(value, folded.get(name), f"{where}.{name}" if where else str(name))
            if inside is not None:
                return inside
        return None
    if isinstance(stored, list) and isinstance(folded, list) and len(stored) == len(folded):
        pairs = enumerate(zip(stored, folded, strict=True))
        found = (difference(one, other, f"{where}[{number}]") for number, (one, other) in pairs)
        return next((each for each in found if each is not None), None)
    return None if stored == folded else where

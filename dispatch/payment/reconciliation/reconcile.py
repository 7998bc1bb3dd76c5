"""Compares a day of the ledger with Alipay's bill, and reports the differences that a person has to look at.

Both sides identify an entry by order number and refund number. In addition:

* **Neighbouring days.** A payment just before midnight may be in the next day's bill, and the ledger may record just
  after midnight a payment that Alipay counts to the day before. An entry without a counterpart on its own day is
  searched on the day before and the day after.
* **Tomorrow's bill.** Until that bill is available, a ledger entry from about midnight *awaits* it. The next day's
  reconciliation finds it there or reports it as missing in the bill: no entry is forgotten.
* **Cancels.** A cancel refunds a paid order without a refund number of ours. Alipay then writes no number, the order's
  or the trade's, while the ledger has the number of the refund that a person requested. An unmatched refund of the
  ledger is matched with such a row of the same order.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, Literal

import msgspec

from dispatch.payment.core.beijing_time import BEIJING
from dispatch.payment.reconciliation.alipay_bill import Bill, BillRow
from dispatch.values.money import Money

Standing = Literal["matched", "spilled", "awaited", "differs", "only_ours", "only_theirs"]
STANDINGS: Final[tuple[Standing, ...]] = ("matched", "spilled", "awaited", "differs", "only_ours", "only_theirs")
OPEN: Final[frozenset[Standing]] = frozenset({"differs", "only_ours", "only_theirs"})
"""Standings that a person has to look at."""
SPILL_S: Final = 3600.0
"""An entry that awaits tomorrow's bill is at most this far before midnight."""
ONE_DAY: Final = dt.timedelta(days=1)


class BookedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A ledger entry that Alipay's bill should contain."""

    order: str
    refund: str
    """Our refund number; blank for a payment."""
    amount: Money
    """Received by Alipay; negative for a refund."""
    day: dt.date
    at: float
    """Time of the entry, in seconds since 1970."""
    trade: str = ""
    vehicle: str = ""
    payment: str = ""


class ReconciledEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An order's payment or one of its refunds, on both sides."""

    standing: Standing
    ours: BookedEntry | None = None
    theirs: BillRow | None = None
    our_day: dt.date | None = None
    their_day: dt.date | None = None
    """The day of the bill that contains it."""

    @property
    def order(self) -> str:
        side = self.ours or self.theirs
        return side.order if side else ""

    @property
    def refund(self) -> str:
        side = self.ours or self.theirs
        return side.refund if side else ""

    @property
    def trade(self) -> str:
        """Alipay's number, if either side has it."""
        return (self.theirs.trade if self.theirs else "") or (self.ours.trade if self.ours else "")


class StandingTotal(msgspec.Struct, frozen=True):
    """The number of entries of one standing, and their sum on each side."""

    items: int
    ours: Money
    theirs: Money


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """One day. ``items`` are sorted by their numbers."""

    day: dt.date
    currency: str
    items: tuple[ReconciledEntry, ...]

    @property
    def totals(self) -> dict[Standing, StandingTotal]:
        """One total for each standing, even if it has no entries."""
        return {standing: self._total(standing) for standing in STANDINGS}

    @property
    def unsettled(self) -> tuple[ReconciledEntry, ...]:
        return tuple(item for item in self.items if item.standing in OPEN)

    def _total(self, standing: Standing) -> StandingTotal:
        items = [item for item in self.items if item.standing == standing]
        ours = [item.ours.amount for item in items if item.ours]
        theirs = [item.theirs.amount for item in items if item.theirs]
        return StandingTotal(len(items), self._sum(ours), self._sum(theirs))

    def _sum(self, amounts: Sequence[Money]) -> Money:
        return Money(sum(each.minor for each in amounts if each.currency == self.currency), self.currency)


def reconcile(
    day: dt.date,
    booked: Sequence[BookedEntry],
    bills: Mapping[dt.date, Bill],
    currency: str,
    *,
    spill_s: float = SPILL_S,
) -> Reconciliation:
    """Compare a day of the ledger with its bill.

    ``booked`` are the ledger's entries of the day and its two neighbours; ``bills`` are by day: the day's own bill is
    required, those of its neighbours are used if available. Of the neighbours, only entries that belong to the day are
    reported, and those that awaited its bill and are not in it.
    """
    found = (_item(day, pair, bills, spill_s) for pair in _paired(booked, bills))
    return Reconciliation(
        day=day, currency=currency, items=tuple(sorted((item for item in found if item is not None), key=_place))
    )


def _place(item: ReconciledEntry) -> tuple[str, str, int]:
    return item.order, item.refund, item.theirs.line if item.theirs else 0


class _Billed(msgspec.Struct, frozen=True):
    """A row and the day of its bill."""

    day: dt.date
    row: BillRow


class _Pair(msgspec.Struct, frozen=True):
    """An entry on both sides or on one."""

    ours: BookedEntry | None
    theirs: _Billed | None


_Key = tuple[str, ...]


def _paired(booked: Sequence[BookedEntry], bills: Mapping[dt.date, Bill]) -> list[_Pair]:
    billed = [_Billed(day, row) for day, bill in sorted(bills.items()) for row in bill.rows]
    pairs, ours, theirs = _match(booked, billed, _our_number, _their_number)
    cancelled, ours, theirs = _match(ours, theirs, _our_cancel, _their_cancel)
    alone = [*(_Pair(each, None) for each in ours), *(_Pair(None, each) for each in theirs)]
    return [*pairs, *cancelled, *alone]


def _our_number(entry: BookedEntry) -> _Key:
    return ("refund" if entry.refund else "trade"), entry.order, entry.refund


def _their_number(billed: _Billed) -> _Key:
    return billed.row.kind, billed.row.order, billed.row.refund


def _our_cancel(entry: BookedEntry) -> _Key | None:
    return (entry.order,) if entry.refund else None


def _their_cancel(billed: _Billed) -> _Key | None:
    """The key of a refund without a refund number of its own."""
    row = billed.row
    return (row.order,) if row.kind == "refund" and row.refund in ("", row.order, row.trade) else None


def _match(
    booked: Sequence[BookedEntry],
    billed: Sequence[_Billed],
    our_key: Callable[[BookedEntry], _Key | None],
    their_key: Callable[[_Billed], _Key | None],
) -> tuple[list[_Pair], list[BookedEntry], list[_Billed]]:
    """Pairs with equal keys, and the rest of either side. Among several the amount decides, then the day."""
    waiting: defaultdict[_Key | None, list[_Billed]] = defaultdict(list)
    for each in billed:
        waiting[their_key(each)].append(each)
    pairs: list[_Pair] = []
    left: list[BookedEntry] = []
    for entry in booked:
        key = our_key(entry)
        found = waiting[key] if key is not None else []
        if not found:
            left.append(entry)
            continue
        nearest = min(found, key=partial(_distance, entry))
        found.remove(nearest)
        pairs.append(_Pair(entry, nearest))
    return pairs, left, [each for rows in waiting.values() for each in rows]


def _distance(entry: BookedEntry, billed: _Billed) -> tuple[bool, dt.timedelta, dt.date]:
    return entry.amount != billed.row.amount, abs(entry.day - billed.day), billed.day


def _item(day: dt.date, pair: _Pair, bills: Mapping[dt.date, Bill], spill_s: float) -> ReconciledEntry | None:
    """None if the entry does not concern the day."""
    standing = _standing(day, pair, bills, spill_s)
    if standing is None:
        return None
    ours, theirs = pair.ours, pair.theirs
    return ReconciledEntry(
        standing=standing,
        ours=ours,
        theirs=theirs.row if theirs else None,
        our_day=ours.day if ours else None,
        their_day=theirs.day if theirs else None,
    )


def _standing(day: dt.date, pair: _Pair, bills: Mapping[dt.date, Bill], spill_s: float) -> Standing | None:
    ours, theirs = pair.ours, pair.theirs
    if ours is None:
        return "only_theirs" if theirs is not None and theirs.day == day else None
    if theirs is None:
        return _standing_alone(day, ours, bills, spill_s)
    if day not in (ours.day, theirs.day):
        return None
    if ours.amount != theirs.row.amount:
        return "differs"
    return "matched" if ours.day == theirs.day else "spilled"


def _standing_alone(day: dt.date, ours: BookedEntry, bills: Mapping[dt.date, Bill], spill_s: float) -> Standing | None:
    may_spill = ours.at >= _midnight_after(ours.day) - spill_s
    if ours.day == day:
        return "awaited" if may_spill and day + ONE_DAY not in bills else "only_ours"
    # It awaited this day's bill, which does not contain it.
    return "only_ours" if ours.day == day - ONE_DAY and may_spill and ours.day in bills else None


def _midnight_after(day: dt.date) -> float:
    return dt.datetime.combine(day + ONE_DAY, dt.time(), BEIJING).timestamp()

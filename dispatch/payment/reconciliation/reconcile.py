"""Our books of a day beside Alipay's bill: what agrees, and what somebody has to look at.

Both sides name an entry by order number and refund number. Beyond that:

* **Neighbouring days.** What happened just before midnight may stand in the next day's bill, and we may book just
  after midnight what Alipay counts to the day before. An entry that its own day's other side lacks is looked for in
  the day before and the day after.
* **Tomorrow's bill.** Where that one is not there yet, an entry of ours from about midnight *awaits* it. The next
  day's reconciliation looks for it, and finds it or says that only we have it: nothing is forgotten.
* **Cancels.** A cancel of a paid order gives its money back without a number of ours. Alipay then writes none, the
  order's number or the trade's; we book our own of the refund that a person asked for. A refund of ours that is left
  over meets such a row of the same order.
"""

from __future__ import annotations

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
"""What somebody has to look at."""
SPILL_S: Final = 3600.0
"""How near midnight an entry must be that may stand in a bill which is not there yet."""
ONE_DAY: Final = dt.timedelta(days=1)


class BookedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of our books that Alipay should know."""

    order: str
    refund: str
    """Ours of the refund; blank for a payment."""
    amount: Money
    """What Alipay got for us; below zero for what it gave back."""
    day: dt.date
    at: float
    """When we booked it, in seconds since 1970."""
    trade: str = ""
    vehicle: str = ""
    payment: str = ""


class ReconciledEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An order's payment, or one refund of it, on both sides."""

    standing: Standing
    ours: BookedEntry | None = None
    theirs: BillRow | None = None
    our_day: dt.date | None = None
    their_day: dt.date | None = None
    """The day of the bill that it stands in."""

    @property
    def order(self) -> str:
        """The order's number."""
        side = self.ours or self.theirs
        return side.order if side else ""

    @property
    def refund(self) -> str:
        """The refund's number, ours before theirs."""
        side = self.ours or self.theirs
        return side.refund if side else ""

    @property
    def trade(self) -> str:
        """Alipay's number, as far as anybody knows it."""
        return (self.theirs.trade if self.theirs else "") or (self.ours.trade if self.ours else "")


class StandingTotal(msgspec.Struct, frozen=True):
    """How many items stand so, and what each side says they come to in all."""

    items: int
    ours: Money
    theirs: Money


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """A day. ``items`` are in the order of their numbers."""

    day: dt.date
    currency: str
    items: tuple[ReconciledEntry, ...]

    @property
    def totals(self) -> dict[Standing, StandingTotal]:
        """One for each standing, also where nothing stands so."""
        return {standing: self._total(standing) for standing in STANDINGS}

    @property
    def unsettled(self) -> tuple[ReconciledEntry, ...]:
        """What somebody has to look at."""
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
    """Hold a day's books against its bill.

    ``booked`` are our entries of the day and of its two neighbours; ``bills`` are by day: that of the day itself must
    be there, those of the neighbours as far as they are. Of the neighbours nothing is reported but what belongs to the
    day, and what awaited its bill and is not in it.
    """
    found = (_item(day, pair, bills, spill_s) for pair in _paired(booked, bills))
    return Reconciliation(
        day=day, currency=currency, items=tuple(sorted((item for item in found if item is not None), key=_place))
    )


def _place(item: ReconciledEntry) -> tuple[str, str, int]:
    return item.order, item.refund, item.theirs.line if item.theirs else 0


# ── which entries are the same ───────────────────────────────────────────────────────────────────────────────────


class _Billed(msgspec.Struct, frozen=True):
    """A row, and the day of its bill."""

    day: dt.date
    row: BillRow


class _Pair(msgspec.Struct, frozen=True):
    """An entry on both sides, or on one."""

    ours: BookedEntry | None
    theirs: _Billed | None


_Key = tuple[str, ...]


def _paired(booked: Sequence[BookedEntry], bills: Mapping[dt.date, Bill]) -> list[_Pair]:
    """Each entry of either side once."""
    billed = [_Billed(day, row) for day, bill in sorted(bills.items()) for row in bill.rows]
    pairs, ours, theirs = _meet(booked, billed, _our_number, _their_number)
    cancelled, ours, theirs = _meet(ours, theirs, _our_cancel, _their_cancel)
    alone = [*(_Pair(each, None) for each in ours), *(_Pair(None, each) for each in theirs)]
    return [*pairs, *cancelled, *alone]


def _our_number(entry: BookedEntry) -> _Key:
    return ("refund" if entry.refund else "trade"), entry.order, entry.refund


def _their_number(billed: _Billed) -> _Key:
    return billed.row.kind, billed.row.order, billed.row.refund


def _our_cancel(entry: BookedEntry) -> _Key | None:
    return (entry.order,) if entry.refund else None


def _their_cancel(billed: _Billed) -> _Key | None:
    """Money that went back under no number of a refund's own."""
    row = billed.row
    return (row.order,) if row.kind == "refund" and row.refund in ("", row.order, row.trade) else None


def _meet(
    booked: Sequence[BookedEntry],
    billed: Sequence[_Billed],
    our_key: Callable[[BookedEntry], _Key | None],
    their_key: Callable[[_Billed], _Key | None],
) -> tuple[list[_Pair], list[BookedEntry], list[_Billed]]:
    """Those of the same key, and who is left on either side. Among several the amount decides, then the day."""
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


# ── how they stand ───────────────────────────────────────────────────────────────────────────────────────────────


def _item(day: dt.date, pair: _Pair, bills: Mapping[dt.date, Bill], spill_s: float) -> ReconciledEntry | None:
    """None where the day has nothing to do with it."""
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
    # It awaited this day's bill, which has come without it.
    return "only_ours" if ours.day == day - ONE_DAY and may_spill and ours.day in bills else None


def _midnight_after(day: dt.date) -> float:
    return dt.datetime.combine(day + ONE_DAY, dt.time(), BEIJING).timestamp()

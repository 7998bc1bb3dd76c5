"""A reconciliation as it is told to people and kept: totals of all, and each item that does not simply agree."""

from __future__ import annotations

from typing import Final

import msgspec

from dispatch.payment.reconciliation.reconcile import OPEN, ReconciledEntry, Reconciliation, Standing

MEANINGS: Final[dict[Standing, str]] = {
    "matched": "agree",
    "spilled": "agree, in a neighbouring day's bill or books",
    "awaited": "from about midnight, expected in tomorrow's bill",
    "differs": "amounts differ",
    "only_ours": "only in our books",
    "only_theirs": "only in Alipay's bill",
}


class ReportTotal(msgspec.Struct, frozen=True):
    """How many items stand so, and both sides' sums in major units."""

    items: int
    ours: str
    theirs: str


class ReportLine(msgspec.Struct, frozen=True, kw_only=True):
    """An item. Amounts carry their currency; a side that does not have it is None."""

    standing: Standing
    order: str
    refund: str
    trade: str
    vehicle: str
    ours: str | None
    our_day: str | None
    theirs: str | None
    their_day: str | None
    their_time: str | None


class ReconciliationReport(msgspec.Struct, frozen=True, kw_only=True):
    """A day of one account. ``company`` is whose own account it is, blank for the default one."""

    day: str
    company: str
    currency: str
    open: int
    totals: dict[str, ReportTotal]
    lines: tuple[ReportLine, ...]
    left_out: int = 0
    """Lines that were too many to be kept."""


def report_of(found: Reconciliation, company: str, *, most: int | None = None) -> ReconciliationReport:
    """The report, with at most so many lines; those that are open come first."""
    told = sorted((item for item in found.items if item.standing != "matched"), key=_settled)
    return ReconciliationReport(
        day=found.day.isoformat(),
        company=company,
        currency=found.currency,
        open=len(found.unsettled),
        totals={
            standing: ReportTotal(total.items, total.ours.plain(), total.theirs.plain())
            for standing, total in found.totals.items()
        },
        lines=tuple(map(_line, told[:most])),
        left_out=len(told[most:]) if most is not None else 0,
    )


def _settled(item: ReconciledEntry) -> bool:
    return item.standing not in OPEN


def _line(item: ReconciledEntry) -> ReportLine:
    ours, theirs = item.ours, item.theirs
    return ReportLine(
        standing=item.standing,
        order=item.order,
        refund=item.refund,
        trade=item.trade,
        vehicle=ours.vehicle if ours else "",
        ours=str(ours.amount) if ours else None,
        our_day=item.our_day.isoformat() if item.our_day else None,
        theirs=str(theirs.amount) if theirs else None,
        their_day=item.their_day.isoformat() if item.their_day else None,
        their_time=theirs.finished if theirs else None,
    )

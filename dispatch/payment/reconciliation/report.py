"""A reconciliation as it is stored and shown: totals, and each entry that does not simply agree."""

from typing import Final

import msgspec

from dispatch.payment.reconciliation.reconcile import OPEN, ReconciledEntry, Reconciliation, Standing

MEANINGS: Final[dict[Standing, str]] = {
    "matched": "agree",
    "spilled": "agree, in a neighbouring day's bill or ledger",
    "awaited": "from about midnight, expected in tomorrow's bill",
    "differs": "amounts differ",
    "only_ours": "only in our ledger",
    "only_theirs": "only in Alipay's bill",
}


class ReportTotal(msgspec.Struct, frozen=True):
    """The number of entries of one standing, and both sums in major units."""

    items: int
    ours: str
    theirs: str


class ReportLine(msgspec.Struct, frozen=True, kw_only=True):
    """One entry. Amounts contain their currency; a side without the entry is None."""

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
    """One day of one account. ``company`` is blank for the default account."""

    day: str
    company: str
    currency: str
    open: int
    totals: dict[str, ReportTotal]
    lines: tuple[ReportLine, ...]
    left_out: int = 0
    """Number of lines beyond the limit."""


def report_of(found: Reconciliation, company: str, *, most: int | None = None) -> ReconciliationReport:
    """The report with at most ``most`` lines, open ones first."""
    shown = sorted((item for item in found.items if item.standing != "matched"), key=_settled)
    return ReconciliationReport(
        day=found.day.isoformat(),
        company=company,
        currency=found.currency,
        open=len(found.unsettled),
        totals={
            standing: ReportTotal(total.items, total.ours.plain(), total.theirs.plain())
            for standing, total in found.totals.items()
        },
        lines=tuple(map(_line, shown[:most])),
        left_out=len(shown[most:]) if most is not None else 0,
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

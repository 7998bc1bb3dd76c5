"""A report has the totals of everything, and one line for each entry that does not simply agree."""

from dispatch.payment.reconciliation.reconcile import STANDINGS, ReconciledEntry, Reconciliation
from dispatch.payment.reconciliation.report import MEANINGS, report_of
from tests.dispatch.payment.reconciliation.bill_samples import DAY
from tests.dispatch.payment.reconciliation.reconcile_samples import booked

FOUND = Reconciliation(
    day=DAY,
    currency="CNY",
    items=(
        ReconciledEntry(standing="matched", ours=booked("o1", 1235)),
        ReconciledEntry(standing="awaited", ours=booked("o2", 200)),
        ReconciledEntry(standing="only_ours", ours=booked("o3", 300), our_day=DAY),
    ),
)


def test_open_entries_come_first() -> None:
    """What agrees has no line; the totals count it."""
    report = report_of(FOUND, "blue")

    assert [line.order for line in report.lines] == ["o3", "o2"]
    assert (report.company, report.open, report.left_out) == ("blue", 1, 0)
    assert (report.totals["matched"].items, report.totals["matched"].ours) == (1, "12.35")
    assert report.lines[0].ours == "3.00 CNY"
    assert report.lines[0].theirs is None


def test_lines_beyond_the_limit_are_counted() -> None:
    """A report stays small, and says how much it leaves out."""
    report = report_of(FOUND, "", most=1)

    assert ([line.order for line in report.lines], report.left_out) == (["o3"], 1)


def test_every_standing_has_a_meaning() -> None:
    """Operators read the meaning, not the name."""
    assert set(MEANINGS) == set(STANDINGS)

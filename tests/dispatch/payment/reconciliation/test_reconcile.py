"""Each entry of either side is named once, by how it stands."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.payment.reconciliation.alipay_bill import Bill, BillRow
from dispatch.payment.reconciliation.reconcile import BookedEntry, ReconciledEntry, Reconciliation, Standing, reconcile
from dispatch.values.money import Money
from tests.dispatch.payment.reconciliation.bill_samples import ACCOUNT, DAY, row
from tests.dispatch.payment.reconciliation.reconcile_samples import NOON, booked

BEFORE, AFTER = DAY - dt.timedelta(days=1), DAY + dt.timedelta(days=1)


def bill(*rows: BillRow, day: dt.date = DAY) -> Bill:
    return Bill(account=ACCOUNT, begins=day, ends=day + dt.timedelta(days=1), rows=rows)


def done(ours: Sequence[BookedEntry], *bills: Bill, day: dt.date = DAY) -> Reconciliation:
    return reconcile(day, ours, {each.begins: each for each in bills}, "CNY")


def standing(found: Reconciliation) -> list[tuple[str, str, Standing]]:
    return [(item.order, item.refund, item.standing) for item in found.items]


def test_a_day_that_agrees() -> None:
    """Payments and refunds meet by their numbers, and the totals are those of both sides."""
    found = done(
        [booked("T1", 1235), booked("T1", -235, "T1_R1"), booked("T1", -100, "T1_R2")],
        bill(row("T1", -100, "T1_R2"), row("T1", 1235), row("T1", -235, "T1_R1")),
    )

    assert standing(found) == [("T1", "", "matched"), ("T1", "T1_R1", "matched"), ("T1", "T1_R2", "matched")]
    assert found.unsettled == ()
    total = found.totals["matched"]
    assert (total.items, total.ours, total.theirs) == (3, Money(900, "CNY"), Money(900, "CNY"))


def test_what_somebody_has_to_look_at() -> None:
    """Only ours, only theirs, and amounts that differ; a refund is not taken for the payment."""
    found = done(
        [booked("T1", 100), booked("T2", 200), booked("T3", -50, "T3_R1")],
        bill(row("T2", 201), row("T3", 50), row("T4", 300)),
    )

    assert standing(found) == [
        ("T1", "", "only_ours"),
        ("T2", "", "differs"),
        ("T3", "", "only_theirs"),
        ("T3", "T3_R1", "only_ours"),
        ("T4", "", "only_theirs"),
    ]
    assert len(found.unsettled) == 5
    assert (found.totals["differs"].ours.minor, found.totals["differs"].theirs.minor) == (200, 201)


def test_the_next_days_bill() -> None:
    """What happened just before midnight awaits a bill that is not there yet, and is found in it."""
    late = [booked("T1", 100, hour=23.9)]

    assert standing(done(late, bill())) == [("T1", "", "awaited")]
    assert done(late, bill()).unsettled == ()
    next_day = bill(row("T1", 100), day=AFTER)
    assert standing(done(late, bill(), next_day)) == [("T1", "", "spilled")]
    assert standing(done(late, bill(), next_day, day=AFTER)) == [("T1", "", "spilled")]


def test_what_awaited_its_bill_in_vain() -> None:
    """The next day's reconciliation says that only we have it; nothing else of the day before is told again."""
    late = [booked("T1", 100, hour=23.9), booked("T2", 100)]

    assert standing(done(late, bill(), bill(day=AFTER), day=AFTER)) == [("T1", "", "only_ours")]
    assert standing(done(late, bill(row("T1", 100)), bill(day=AFTER), day=AFTER)) == []
    assert standing(done(late, bill(day=AFTER), day=AFTER)) == []


def test_what_we_booked_after_midnight() -> None:
    """A refund that was heard of on the next day is found there, at any hour."""
    heard = [booked("T1", -100, "T1_R1", day=AFTER, hour=2)]

    assert standing(done(heard, bill(row("T1", -100, "T1_R1")))) == [("T1", "T1_R1", "spilled")]
    assert standing(done(heard, bill(row("T1", -100, "T1_R1")), bill(day=AFTER), day=AFTER)) == [
        ("T1", "T1_R1", "spilled")
    ]


def test_only_what_is_at_midnight_awaits() -> None:
    """A payment of noon that the bill does not have is open at once."""
    assert standing(done([booked("T1", 100)], bill())) == [("T1", "", "only_ours")]


def test_amounts_of_neighbouring_days_differ() -> None:
    """An entry that spilled with another amount is open on both days."""
    for day in (DAY, AFTER):
        found = done([booked("T1", 100)], bill(), bill(row("T1", 101), day=AFTER), day=day)
        assert standing(found) == [("T1", "", "differs")]


@pytest.mark.parametrize("number", ["", "T1", "2026112122001T1"])
def test_a_cancel(number: str) -> None:
    """The money of a cancelled order went back under no number, the order's or the trade's: ours meets it."""
    theirs = bill(row("T1", 100), row("T1", -100, number, kind="refund"))

    found = done([booked("T1", 100), booked("T1", -100, "T1_R1")], theirs)

    assert standing(found) == [("T1", "", "matched"), ("T1", "T1_R1", "matched")]
    undone = done([booked("T1", 100), booked("T1", -100, "T1")], theirs)
    assert {each[2] for each in standing(undone)} == {"matched"}


def test_a_cancel_is_no_other_refund() -> None:
    """A refund with a number of its own is never taken for another one."""
    found = done([booked("T1", -100, "T1_R1")], bill(row("T1", -100, "T1_R2")))

    assert standing(found) == [("T1", "T1_R1", "only_ours"), ("T1", "T1_R2", "only_theirs")]


def test_an_order_that_stands_twice() -> None:
    """One row for each entry of ours; the other one is Alipay's alone."""
    found = done([booked("T1", 100)], bill(row("T1", 99, line=6), row("T1", 100, line=7)))

    assert [(item.standing, item.theirs and item.theirs.line) for item in found.items] == [
        ("only_theirs", 6),
        ("matched", 7),
    ]


def test_another_currency_differs() -> None:
    """The same number in another currency is another amount."""
    ours = [booked("T1", 100)]

    assert standing(reconcile(DAY, ours, {DAY: bill(row("T1", 100))}, "CNY"))[0][2] == "matched"
    dollars = BookedEntry(order="T1", refund="", amount=Money(100, "USD"), day=DAY, at=0.0)
    assert standing(reconcile(DAY, [dollars], {DAY: bill(row("T1", 100))}, "CNY"))[0][2] == "differs"


days = st.sampled_from([BEFORE, DAY, AFTER])
numbers = st.sampled_from(["T1", "T2", "T3"])
refunds = st.sampled_from(["", "", "R1", "R2"])
ours = st.builds(
    lambda order, refund, day, hour: booked(order, -100 if refund else 100, refund, day=day, hour=hour),
    numbers,
    refunds,
    days,
    st.sampled_from([0.1, NOON, 23.9]),
)
theirs = st.tuples(days, st.builds(lambda order, refund: row(order, -100 if refund else 100, refund), numbers, refunds))


@given(st.lists(ours, max_size=12), st.lists(theirs, max_size=12), st.booleans())
def test_nothing_is_lost_or_told_twice(
    entries: list[BookedEntry], rows: list[tuple[dt.date, BillRow]], there_yet: bool
) -> None:
    """Every entry of the day's books and every row of its bill stands in exactly one item, with the right total."""
    there = [BEFORE, DAY, *([AFTER] if there_yet else [])]
    found = done(entries, *(bill(*(each for at, each in rows if at == day), day=day) for day in there))

    def mine(items: Sequence[ReconciledEntry]) -> list[BookedEntry]:
        return [item.ours for item in items if item.ours and item.our_day == DAY]

    def alipays(items: Sequence[ReconciledEntry]) -> list[BillRow]:
        return [item.theirs for item in items if item.theirs and item.their_day == DAY]

    assert Counter(map(repr, mine(found.items))) == Counter(repr(each) for each in entries if each.day == DAY)
    assert Counter(map(repr, alipays(found.items))) == Counter(repr(each) for at, each in rows if at == DAY)
    assert sum(total.items for total in found.totals.values()) == len(found.items)
    for item in found.items:
        assert item.standing not in ("matched", "spilled") or (item.ours and item.theirs)


@given(st.lists(ours, max_size=8, unique_by=lambda it: (it.order, it.refund)))
def test_what_alipay_says_too_is_never_open(entries: list[BookedEntry]) -> None:
    """A bill that tells the same, on whichever side of midnight, leaves nothing to look at."""
    bills = [
        bill(*(row(each.order, each.amount.minor, each.refund) for each in entries if each.day == day), day=day)
        for day in (BEFORE, DAY, AFTER)
    ]

    assert done(entries, *bills).unsettled == ()

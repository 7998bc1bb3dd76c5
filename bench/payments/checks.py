"""Result of a case by the sandbox's accounts, the journal and the company's ledger."""

from collections import Counter
from typing import NamedTuple

import msgspec
from sqlalchemy import text

from bench.payments.ride import PaidRide
from dispatch.actors.core.entity_types import EntityKind
from dispatch.actors.core.stream_replay import replay
from dispatch.domain.entity import EntityKey
from dispatch.payment.core.ledger import ALIPAY, FARES, IN_CASH, OWED
from dispatch.payment.core.payment import Payment
from dispatch.payment.core.state import COLLECTED, CREATING, UNKNOWN, WAITING
from dispatch.store.journal import StoredHistory
from dispatch.store.journals.sql_journal import SqlJournal

_BOOKS = text("SELECT from_account, to_account, amount_minor FROM ledger WHERE payment = :payment")


class CaseResult(msgspec.Struct, frozen=True, kw_only=True):
    """Result of a case; ``why`` describes what is wrong."""

    case: str
    state: str
    paid: bool
    struck: bool
    died: bool
    charged_twice: bool
    lost: bool
    unknown: bool
    unbalanced: bool
    off_the_bill: bool
    """Balanced, but a payment and its refund are missing on one side: the daily bill will differ."""
    alarms: int
    why: str

    @property
    def good(self) -> bool:
        return not (self.charged_twice or self.lost or self.unknown or self.unbalanced or self.why)


async def check_ride(ride: PaidRide, journal: SqlJournal, kind: EntityKind) -> CaseResult:
    (history,) = await journal.load([EntityKey("payment", ride.trip)])
    payment = replay(kind, history)
    assert isinstance(payment, Payment)  # noqa: S101 - of its kind
    books = await _books(journal, ride.trip)
    orders = ride.counterparty.balances(ride.trip)
    got, gave = sum(each.captured_minor for each in orders), sum(each.refunded_minor for each in orders)
    spent = got - gave + books.balance(IN_CASH)
    data = payment.data
    kept = ride.fare.minor - data.refunded if data.state in COLLECTED else 0
    charged_twice = spent > ride.fare.minor
    open_ends = _open_ends(payment, history)
    wrong_books = _wrong_books(books, got - gave, kept)
    off_the_bill = (books.credits[ALIPAY], books.debits[ALIPAY]) != (got, gave)
    return CaseResult(
        case=ride.case.name,
        state=data.state,
        paid=data.state in COLLECTED,
        struck=ride.strikes > 0,
        died=any(crash.happened for crash in ride.crashes),
        charged_twice=charged_twice,
        lost=not charged_twice and spent != kept,
        unknown=bool(open_ends),
        unbalanced=bool(wrong_books),
        off_the_bill=off_the_bill,
        alarms=len(ride.host.alarms),
        why="; ".join([*open_ends, *wrong_books, *ride.host.failures, *_repeated_outcomes(ride)])
        + (f"; spent {spent}, kept {kept}" if spent != kept else ""),
    )


class PaymentLedger(NamedTuple):
    """Ledger entries of one payment by account, in minor units."""

    credits: Counter[str]
    debits: Counter[str]

    def balance(self, account: str) -> int:
        return self.credits[account] - self.debits[account]


async def _books(journal: SqlJournal, payment: str) -> PaymentLedger:
    rows = await journal.database.read(lambda it: it.execute(_BOOKS, {"payment": payment}).all())
    books = PaymentLedger(Counter(), Counter())
    for giver, taker, minor in rows:
        books.debits[giver] += minor
        books.credits[taker] += minor
    return books


def _wrong_books(books: PaymentLedger, held: int, kept: int) -> list[str]:
    expected = {
        ALIPAY: (books.balance(ALIPAY), held),
        FARES: (-books.balance(FARES), kept),
        OWED: (books.balance(OWED), 0),
    }
    return [f"{name}: {ours}, not {theirs}" for name, (ours, theirs) in expected.items() if ours != theirs]


def _open_ends(payment: Payment, history: StoredHistory) -> list[str]:
    data = payment.data
    found = [f"attempt {each.order} open: {each.reason}" for each in data.attempts if each.end == "open"]
    found += [f"refund {each.refund} open: {each.unclear}" for each in data.refunds if each.end == "open"]
    found += [f"{each.order} has a pending check" for each in data.attempts if each.checking]
    found += [f"state {data.state}"] if data.state in (CREATING, WAITING, UNKNOWN) else []
    return found + [f"due {each.name}" for each in history.scheduled]


def _repeated_outcomes(ride: PaidRide) -> list[str]:
    """The trip must receive "paid" at most once. A repetition after a crash is identical and does not count."""
    times = len({msgspec.json.encode(outcome) for outcome in ride.outcomes if outcome.state == "paid"})
    return [f"the trip received {times} different outcomes 'paid'"] if times > 1 else []

"""What became of a case, by the sandbox's accounts, the journal and the company's books."""

from __future__ import annotations

from collections import Counter

import msgspec
from sqlalchemy import text

from bench.payments.ride import Ride
from dispatch.actors.core.cached_entity import replay
from dispatch.actors.core.entity_types import EntityKind
from dispatch.domain.entity import EntityKey
from dispatch.payment.core.ledger import ALIPAY, FARES, IN_CASH, OWED
from dispatch.payment.core.payment import Payment
from dispatch.payment.core.state import COLLECTED, CREATING, UNKNOWN, WAITING
from dispatch.store.journal import StoredHistory
from dispatch.store.journals.sql_journal import SqlJournal

_BOOKS = text("SELECT from_account, to_account, amount_minor FROM ledger WHERE payment = :payment")


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """How a case ended; ``why`` says in words what is wrong."""

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
    """Balanced, but money that came and went back stands on one side alone: the daily bill will differ."""
    alarms: int
    why: str

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.charged_twice or self.lost or self.unknown or self.unbalanced or self.why)


async def judge(ride: Ride, journal: SqlJournal, kind: EntityKind) -> Verdict:
    """Look at a ride whose days are over."""
    (history,) = await journal.load([EntityKey("payment", ride.trip)])
    payment = replay(kind, history)[0]
    assert isinstance(payment, Payment)  # noqa: S101 - of its kind
    books = await _books(journal, ride.trip)
    orders = ride.alipay.balances(ride.trip)
    got, gave = sum(each.captured_minor for each in orders), sum(each.refunded_minor for each in orders)
    spent = got - gave + books.balance(IN_CASH)
    data = payment.data
    kept = ride.fare.minor - data.refunded if data.state in COLLECTED else 0
    charged_twice = spent > ride.fare.minor
    open_ends = _open_ends(payment, history)
    wrong_books = _wrong_books(books, got - gave, kept)
    off_the_bill = (books.came[ALIPAY], books.left[ALIPAY]) != (got, gave)
    return Verdict(
        case=ride.case.name,
        state=data.state,
        paid=data.state in COLLECTED,
        struck=ride.strikes > 0,
        died=any(death.died for death in ride.deaths),
        charged_twice=charged_twice,
        lost=not charged_twice and spent != kept,
        unknown=bool(open_ends),
        unbalanced=bool(wrong_books),
        off_the_bill=off_the_bill,
        alarms=len(ride.host.alarms),
        why="; ".join([*open_ends, *wrong_books, *ride.host.failures, *_wrong_tale(ride)])
        + (f"; spent {spent}, kept {kept}" if spent != kept else ""),
    )


class Books(msgspec.Struct, frozen=True):
    """The ledger's entries of one payment, in minor units: what came to each account, and what left it."""

    came: Counter[str]
    left: Counter[str]

    def balance(self, account: str) -> int:
        """What the rides of the payment have left in an account."""
        return self.came[account] - self.left[account]


async def _books(journal: SqlJournal, payment: str) -> Books:
    rows = await journal.database.read(lambda it: it.execute(_BOOKS, {"payment": payment}).all())
    books = Books(Counter(), Counter())
    for giver, taker, minor in rows:
        books.left[giver] += minor
        books.came[taker] += minor
    return books


def _wrong_books(books: Books, held: int, kept: int) -> list[str]:
    told = {ALIPAY: (books.balance(ALIPAY), held), FARES: (-books.balance(FARES), kept), OWED: (books.balance(OWED), 0)}
    return [f"{name}: {ours}, not {theirs}" for name, (ours, theirs) in told.items() if ours != theirs]


def _open_ends(payment: Payment, history: StoredHistory) -> list[str]:
    data = payment.data
    told = [f"attempt {each.order} open: {each.reason}" for each in data.attempts if each.end == "open"]
    told += [f"refund {each.refund} open: {each.unclear}" for each in data.refunds if each.end == "open"]
    told += [f"{each.order} is being checked" for each in data.attempts if each.checking]
    told += [f"state {data.state}"] if data.state in (CREATING, WAITING, UNKNOWN) else []
    return told + [f"due {each.name}" for each in history.dues]


def _wrong_tale(ride: Ride) -> list[str]:
    """The trip must hear at most once that it is paid."""
    # A tale that is told again after a death is the same to the letter.
    times = len({msgspec.json.encode(outcome) for outcome in ride.outcomes if outcome.state == "paid"})
    return [f"told {times} times that it is paid"] if times > 1 else []

"""The books of a day held against Alipay's bill: for who asks, and by itself once a day.

A bill is there on the next day from about nine o'clock in Beijing. Every account that has an application at the openapi
gateway is reconciled at ``alipay.reconcile_at``; an acquirer's account is not, for its bill is the acquirer's.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, NamedTuple, Protocol

import msgspec
import structlog

from dispatch.clock import Clock
from dispatch.config.loader import Settings, SettingsError
from dispatch.config.tariffs import read_tariff
from dispatch.domain.entity import Signal
from dispatch.payment.core.context import BEIJING
from dispatch.payment.core.ledger import ALIPAY
from dispatch.payment.core.port import Unknown
from dispatch.payment.gateways.bill_download import EMPTY_BILL, NoBill
from dispatch.payment.gateways.factory import accounts_of, open_bill_download
from dispatch.payment.reconciliation.alipay_bill import Bill, BillError, read_bill
from dispatch.payment.reconciliation.reconcile import ONE_DAY, OPEN, Booked, Reconciliation, reconcile
from dispatch.payment.reconciliation.report import report_of
from dispatch.store.journal import JournalUnavailableError
from dispatch.store.queries.ledger import LedgerRow, Scope, SqlLedger
from dispatch.values.money import Money

log = structlog.get_logger()

BILL_HOUR: Final = dt.time(9)
"""From about when a bill is there."""
LOOK_EVERY_S: Final = 60.0
HAVE_FOR_S: Final = 900.0
"""How long who has taken a day may work on it, and how long after a failure it is tried again."""
TRIES: Final = 24
"""Then, after six hours, somebody is told that there is no bill."""
LOOK_BACK_DAYS: Final = 7
LINES_KEPT: Final = 1000
NOTHING_HAPPENED: Final = frozenset({EMPTY_BILL, "NO_BILL_DATA"})


class NotReconciledError(Exception):
    """A day cannot be reconciled now; the text says why in one line."""


class BillSource(Protocol):
    """Where bills come from: Alipay (:class:`~dispatch.payment.gateways.bill_download.BillDownload`), or files."""

    async def fetch_bill(self, day: dt.date) -> bytes | NoBill | Unknown:
        """The zip of a day's bill."""
        ...


class BillAccount(NamedTuple):
    """An account that has bills. ``holders`` are whom its bills name, by the beginning of the account's number."""

    company: str
    scope: Scope
    currency: str
    holders: tuple[str, ...]


def bill_accounts(settings: Settings) -> list[BillAccount]:
    """The accounts whose bills Alipay gives us; the default one comes first."""
    return [
        bill_account(settings, company)
        for company, account in sorted(accounts_of(settings).items())
        if account.app_id and account.protocol != "acquirer"
    ]


def bill_account(settings: Settings, company: str) -> BillAccount:
    """The account by which a company collects: its own, or the default one with all who use it."""
    companies = settings.alipay.companies
    account = companies.get(company, settings.alipay)
    own = company if company in companies else ""
    holders = () if account.protocol == "acquirer" else (account.partner, account.seller_id)
    return BillAccount(
        company=own,
        scope=Scope(own) if own else Scope("", tuple(sorted(companies))),
        currency=read_tariff(settings.city.tariff).currency,
        holders=tuple(holder for holder in holders if holder),
    )


# ── one day ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def reconcile_day(
    day: dt.date, account: BillAccount, books: SqlLedger, source: BillSource, now: float
) -> Reconciliation:
    """Hold a day of an account against its bill, and its neighbours' as far as they are there ``now`` (wall seconds).

    Raises :class:`NotReconciledError`, and ``JournalUnavailableError``.
    """
    days = (day - ONE_DAY, day, day + ONE_DAY)
    rows = await books.entries(ALIPAY, [each.isoformat() for each in days], account.scope)
    booked = [_booked(row) for row in rows]
    bills = {each: await _bill(each, account, source, now) for each in days if each == day or is_there(each, now)}
    if bills[day] is None:
        if not is_there(day, now) or any(entry.day == day for entry in booked):
            why = "it comes on the next day from about nine o'clock in Beijing"
            raise NotReconciledError(f"Alipay has no bill of {day}: {why}")
        bills[day] = _empty(day)
    there = {each: bill for each, bill in bills.items() if bill is not None}
    return reconcile(day, booked, there, account.currency)


def is_there(day: dt.date, now: float) -> bool:
    """Whether a day's bill may be expected at ``now`` (wall seconds)."""
    return dt.datetime.fromtimestamp(now, BEIJING) >= dt.datetime.combine(day + ONE_DAY, BILL_HOUR, BEIJING)


def _booked(row: LedgerRow) -> Booked:
    """What it means to Alipay's account: money that came is above zero."""
    sign = 1 if row.to_account == ALIPAY else -1
    return Booked(
        order=row.order_no,
        refund=row.refund_no or "",
        amount=Money(sign * row.amount_minor, row.currency),
        day=dt.date.fromisoformat(row.day),
        at=row.at,
        trade=row.trade_no or "",
        vehicle=row.vehicle,
        payment=row.payment,
    )


async def _bill(day: dt.date, account: BillAccount, source: BillSource, now: float) -> Bill | None:
    content = await source.fetch_bill(day)
    if isinstance(content, NoBill):
        return _empty(day) if content.reason in NOTHING_HAPPENED and is_there(day, now) else None
    if isinstance(content, Unknown):
        raise NotReconciledError(f"the bill of {day} cannot be fetched: {content.reason}")
    try:
        bill = read_bill(content, account.currency)
    except BillError as error:
        raise NotReconciledError(f"the bill of {day} is not understood: {error}") from error
    if bill.day != day:
        raise NotReconciledError(f"the bill is of {bill.begins} to {bill.ends}, not of {day}")
    if account.holders and not bill.account.startswith(account.holders):
        raise NotReconciledError(f"the bill is of account {bill.account}, not of {account.holders[0]}")
    return bill


def _empty(day: dt.date) -> Bill:
    return Bill(account="", begins=day, ends=day + ONE_DAY, rows=())


@asynccontextmanager
async def alipay_bills(settings: Settings, clock: Clock, company: str) -> AsyncIterator[BillSource]:
    """Where Alipay has an account's bills. Raises :class:`NotReconciledError` without an application to ask by."""
    try:
        download = open_bill_download(settings, clock, company)
    except SettingsError as error:
        raise NotReconciledError(str(error)) from error
    if download is None:
        raise NotReconciledError("no application (app_id) is configured that could ask Alipay for the bill")
    try:
        yield download
    finally:
        await download.aclose()


class BillFiles:
    """Bills that were downloaded by hand, by the days that they name. Raises ``BillError`` for what is no bill."""

    def __init__(self, contents: Sequence[bytes], currency: str) -> None:
        self._by_day: dict[dt.date, bytes] = {read_bill(each, currency).begins: each for each in contents}

    @property
    def days(self) -> list[dt.date]:
        """The days that there is a file of."""
        return sorted(self._by_day)

    async def fetch_bill(self, day: dt.date) -> bytes | NoBill | Unknown:
        """The file of a day."""
        return self._by_day.get(day, NoBill("no file of that day"))


# ── once a day ───────────────────────────────────────────────────────────────────────────────────────────────────

OpenSource = Callable[[str], AbstractAsyncContextManager[BillSource]]
"""Opens where a company's account has its bills."""
Alarm = Callable[[Signal], Awaitable[None]]


class DailyReconciliation:
    """Reconciles each account's days when they are due, once, whoever else looks after them too.

    A day is taken in the journal before anything is done, and is done when its result stands there. The alarm is raised
    before that: after a crash it may be raised twice, and is never forgotten.
    """

    def __init__(self, settings: Settings, books: SqlLedger, clock: Clock, alarm: Alarm, source: OpenSource) -> None:
        self._at = settings.alipay.reconcile_at
        self._accounts = bill_accounts(settings) if self._at else []
        self._books = books
        self._clock = clock
        self._alarm = alarm
        self._source = source
        self._all_done: dict[str, dt.date] = {}

    async def run(self) -> None:
        """Look for what is due, for ever. Ends at once where nothing ever will be."""
        while self._accounts:
            try:
                await self.look()
            except JournalUnavailableError as error:
                log.warning("reconciliation waits for the journal", error=str(error))
            except Exception:
                log.exception("reconciliation failed")
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Do what is due now."""
        for account in self._accounts:
            last = self.last_due()
            if self._all_done.get(account.company) == last:
                continue
            days = await self._days(account, last)
            for day in days:
                await self._do(day, account)
            if not days:
                self._all_done[account.company] = last

    def last_due(self) -> dt.date:
        """The newest day that is to be reconciled by now."""
        now = dt.datetime.fromtimestamp(self._clock.wall(), BEIJING)
        due_today = now.time() >= dt.time.fromisoformat(self._at)
        return now.date() - ONE_DAY * (1 if due_today else 2)

    async def _days(self, account: BillAccount, last: dt.date) -> list[dt.date]:
        """Those of the last week that are not done; none from before the account's first entry."""
        first_text = await self._books.first_day(ALIPAY, account.scope)
        if first_text is None:
            return []
        first = max(dt.date.fromisoformat(first_text), last - ONE_DAY * (LOOK_BACK_DAYS - 1))
        done = {day for day, _ in await self._books.finished_days(account.company, first.isoformat())}
        days = (first + ONE_DAY * number for number in range((last - first).days + 1))
        return [day for day in days if day.isoformat() not in done]

    async def _do(self, day: dt.date, account: BillAccount) -> None:
        now = self._clock.wall()
        tries = await self._books.claim_day(day.isoformat(), account.company, now=now, until=now + HAVE_FOR_S)
        if not tries:
            return
        try:
            async with self._source(account.company) as source:
                found = await reconcile_day(day, account, self._books, source, now)
        except NotReconciledError as error:
            await self._not_done(day, account, tries, str(error))
        else:
            await self._settle(account, found)

    async def _not_done(self, day: dt.date, account: BillAccount, tries: int, why: str) -> None:
        log.info("not reconciled yet", day=day.isoformat(), company=account.company, why=why, tries=tries)
        if tries >= TRIES:
            cause = {"day": day.isoformat(), "company": account.company, "cause": why}
            await self._alarm(Signal("bill_missing", {**cause}))
            await self._books.finish_day(
                day.isoformat(), account.company, "missing", msgspec.json.encode(cause).decode()
            )

    async def _settle(self, account: BillAccount, found: Reconciliation) -> None:
        report = report_of(found, account.company, most=LINES_KEPT)
        counts = {standing: total.items for standing, total in report.totals.items()}
        log.info("reconciled", day=report.day, company=report.company, **counts)
        if report.open:
            told: dict[str, str | float | int | None] = {"day": report.day, "company": report.company}
            told.update((standing, counts[standing]) for standing in sorted(OPEN))
            await self._alarm(Signal("bill_open", told))
        body = msgspec.json.encode(report).decode()
        await self._books.finish_day(report.day, report.company, "open" if report.open else "clean", body)

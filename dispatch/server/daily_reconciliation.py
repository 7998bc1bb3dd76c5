"""Reconciles a day's ledger with Alipay's bill: once a day automatically, and on demand.

A bill is available on the next day from about nine o'clock in Beijing. Every account with an application at the openapi
gateway is reconciled at ``alipay.reconcile_at``. An acquirer's account is not, because the acquirer issues its bill.
"""

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
from dispatch.domain.entity import DomainNotice
from dispatch.payment.core.beijing_time import BEIJING
from dispatch.payment.core.ledger import ALIPAY
from dispatch.payment.core.port import Unknown
from dispatch.payment.gateways.bill_download import EMPTY_BILL, NoBill
from dispatch.payment.gateways.factory import accounts_of, open_bill_download
from dispatch.payment.reconciliation.alipay_bill import Bill, BillError, read_bill
from dispatch.payment.reconciliation.reconcile import ONE_DAY, OPEN, BookedEntry, Reconciliation, reconcile
from dispatch.payment.reconciliation.report import report_of
from dispatch.store.journal import JournalUnavailableError
from dispatch.store.queries.ledger import LedgerRow, Scope, SqlLedger
from dispatch.values.money import Money

log = structlog.get_logger()

BILL_HOUR: Final = dt.time(9)
"""From about this time a bill is available."""
CHECK_EVERY_S: Final = 60.0
CLAIM_S: Final = 900.0
"""How long a process may work on a claimed day, and the time from a failure to the next attempt."""
TRIES: Final = 24
"""Attempts (six hours) after which the alarm for a missing bill is raised."""
LOOK_BACK_DAYS: Final = 7
REPORT_LINES: Final = 1000
NOTHING_HAPPENED: Final = frozenset({EMPTY_BILL, "NO_BILL_DATA"})


class NotReconciledError(Exception):
    """A day cannot be reconciled now; the text gives the reason in one line."""


class BillSource(Protocol):
    """A source of bills: Alipay (:class:`~dispatch.payment.gateways.bill_download.BillDownload`), or files."""

    async def fetch_bill(self, day: dt.date) -> bytes | NoBill | Unknown:
        """The zip file of a day's bill."""


class BillAccount(NamedTuple):
    """An account that has bills. The account number in its bills begins with one of ``holders``."""

    company: str
    scope: Scope
    currency: str
    holders: tuple[str, ...]


def bill_accounts(settings: Settings) -> list[BillAccount]:
    """The accounts whose bills Alipay provides, the default account first."""
    return [
        bill_account(settings, company)
        for company, account in sorted(accounts_of(settings).items())
        if account.app_id and account.protocol != "acquirer"
    ]


def bill_account(settings: Settings, company: str) -> BillAccount:
    """The account by which a company collects: its own, or the default account with all companies that share it."""
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


async def reconcile_day(
    day: dt.date, account: BillAccount, ledger: SqlLedger, source: BillSource, now: float
) -> Reconciliation:
    """Reconcile one day of an account with its bill and with the bills of both neighbouring days, if available.

    ``now`` is in wall seconds. Raises :class:`NotReconciledError`, and ``JournalUnavailableError``.
    """
    days = (day - ONE_DAY, day, day + ONE_DAY)
    rows = await ledger.entries(ALIPAY, [each.isoformat() for each in days], account.scope)
    booked = [_booked(row) for row in rows]
    bills = {each: await _bill(each, account, source, now) for each in days if each == day or is_available(each, now)}
    if bills[day] is None:
        if not is_available(day, now) or any(entry.day == day for entry in booked):
            why = "it is available on the next day from about nine o'clock in Beijing"
            raise NotReconciledError(f"Alipay has no bill for {day}: {why}")
        bills[day] = _empty(day)
    there = {each: bill for each, bill in bills.items() if bill is not None}
    return reconcile(day, booked, there, account.currency)


def is_available(day: dt.date, now: float) -> bool:
    return dt.datetime.fromtimestamp(now, BEIJING) >= dt.datetime.combine(day + ONE_DAY, BILL_HOUR, BEIJING)


def _booked(row: LedgerRow) -> BookedEntry:
    """An entry as a change of Alipay's account: received money is positive."""
    sign = 1 if row.to_account == ALIPAY else -1
    return BookedEntry(
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
        return _empty(day) if content.reason in NOTHING_HAPPENED and is_available(day, now) else None
    if isinstance(content, Unknown):
        raise NotReconciledError(f"the bill for {day} cannot be downloaded: {content.reason}")
    try:
        bill = read_bill(content, account.currency)
    except BillError as error:
        raise NotReconciledError(f"the bill for {day} cannot be read: {error}") from error
    if bill.day != day:
        raise NotReconciledError(f"the bill is for {bill.begins} to {bill.ends}, not for {day}")
    if account.holders and not bill.account.startswith(account.holders):
        raise NotReconciledError(f"the bill is for account {bill.account}, not for {account.holders[0]}")
    return bill


def _empty(day: dt.date) -> Bill:
    return Bill(account="", begins=day, ends=day + ONE_DAY, rows=())


@asynccontextmanager
async def alipay_bills(settings: Settings, clock: Clock, company: str) -> AsyncIterator[BillSource]:
    """Alipay's bills of an account. Raises :class:`NotReconciledError` without an application for the download."""
    try:
        download = open_bill_download(settings, clock, company)
    except SettingsError as error:
        raise NotReconciledError(str(error)) from error
    if download is None:
        raise NotReconciledError("no application (app_id) is configured for the download of Alipay's bill")
    try:
        yield download
    finally:
        await download.aclose()


class BillFiles:
    """Bills from downloaded files, by the day in each file. Raises ``BillError`` for a file that is no bill."""

    def __init__(self, contents: Sequence[bytes], currency: str) -> None:
        self._by_day: dict[dt.date, bytes] = {read_bill(each, currency).begins: each for each in contents}

    @property
    def days(self) -> list[dt.date]:
        return sorted(self._by_day)

    async def fetch_bill(self, day: dt.date) -> bytes | NoBill | Unknown:
        return self._by_day.get(day, NoBill("no file for that day"))


OpenSource = Callable[[str], AbstractAsyncContextManager[BillSource]]
"""Opens the source of the bills of a company's account."""
Alarm = Callable[[DomainNotice], Awaitable[None]]


class DailyReconciliation:
    """Reconciles each account's due days, each day once even with several processes.

    A day is claimed in the journal before any work, and is finished when its result is stored there. The alarm is
    raised before that: after a crash it may be raised twice, and is never lost.
    """

    def __init__(self, settings: Settings, ledger: SqlLedger, clock: Clock, alarm: Alarm, source: OpenSource) -> None:
        self._at = settings.alipay.reconcile_at
        self._accounts = bill_accounts(settings) if self._at else []
        self._ledger = ledger
        self._clock = clock
        self._alarm = alarm
        self._source = source
        self._all_done: dict[str, dt.date] = {}

    async def run(self) -> None:
        """Reconcile due days until cancelled. Returns at once if no account has bills."""
        while self._accounts:
            try:
                await self.reconcile_due()
            except JournalUnavailableError as error:
                log.warning("reconciliation deferred: database unavailable", error=str(error))
            except Exception:
                log.exception("reconciliation failed")
            await asyncio.sleep(CHECK_EVERY_S)

    async def reconcile_due(self) -> None:
        for account in self._accounts:
            last = self.last_due()
            if self._all_done.get(account.company) == last:
                continue
            days = await self._due_days(account, last)
            for day in days:
                await self._reconcile(day, account)
            if not days:
                self._all_done[account.company] = last

    def last_due(self) -> dt.date:
        now = dt.datetime.fromtimestamp(self._clock.wall(), BEIJING)
        due_today = now.time() >= dt.time.fromisoformat(self._at)
        return now.date() - ONE_DAY * (1 if due_today else 2)

    async def _due_days(self, account: BillAccount, last: dt.date) -> list[dt.date]:
        first_text = await self._ledger.first_day(ALIPAY, account.scope)
        if first_text is None:
            return []
        first = max(dt.date.fromisoformat(first_text), last - ONE_DAY * (LOOK_BACK_DAYS - 1))
        done = {day for day, _ in await self._ledger.finished_days(account.company, first.isoformat())}
        days = (first + ONE_DAY * number for number in range((last - first).days + 1))
        return [day for day in days if day.isoformat() not in done]

    async def _reconcile(self, day: dt.date, account: BillAccount) -> None:
        now = self._clock.wall()
        tries = await self._ledger.claim_day(day.isoformat(), account.company, now=now, until=now + CLAIM_S)
        if not tries:
            return
        try:
            async with self._source(account.company) as source:
                found = await reconcile_day(day, account, self._ledger, source, now)
        except NotReconciledError as error:
            await self._postpone(day, account, tries, str(error))
        else:
            await self._finish(account, found)

    async def _postpone(self, day: dt.date, account: BillAccount, tries: int, why: str) -> None:
        log.info("day not reconciled", day=day.isoformat(), company=account.company, reason=why, attempts=tries)
        if tries >= TRIES:
            cause = {"day": day.isoformat(), "company": account.company, "cause": why}
            await self._alarm(DomainNotice("bill_missing", {**cause}))
            await self._ledger.finish_day(
                day.isoformat(), account.company, "missing", msgspec.json.encode(cause).decode()
            )

    async def _finish(self, account: BillAccount, found: Reconciliation) -> None:
        report = report_of(found, account.company, most=REPORT_LINES)
        counts = {standing: total.items for standing, total in report.totals.items()}
        log.info("day reconciled", day=report.day, company=report.company, **counts)
        if report.open:
            fields: dict[str, str | float | int | None] = {"day": report.day, "company": report.company}
            fields.update((standing, counts[standing]) for standing in sorted(OPEN))
            await self._alarm(DomainNotice("bill_open", fields))
        body = msgspec.json.encode(report).decode()
        await self._ledger.finish_day(report.day, report.company, "open" if report.open else "clean", body)

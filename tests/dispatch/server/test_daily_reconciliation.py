"""Our ledger beside the sandbox's bills, which shares no code with us: by hand, and once a day by itself."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from dispatch.clock import ManualClock
from dispatch.config.loader import Settings, load_settings
from dispatch.domain.entity import DomainNotice, Row
from dispatch.payment.core.port import OrderRef, PaymentOrder, Refund, Refunded, TradeView, Unknown
from dispatch.payment.gateways.alipay_openapi import OpenapiGateway
from dispatch.payment.gateways.bill_download import NoBill
from dispatch.payment.reconciliation.reconcile import Reconciliation
from dispatch.server.daily_reconciliation import (
    CLAIM_S,
    TRIES,
    BillFiles,
    BillSource,
    DailyReconciliation,
    NotReconciledError,
    alipay_bills,
    bill_account,
    bill_accounts,
    reconcile_day,
)
from dispatch.store.journal import Batch, Committed
from dispatch.store.journals.sql_journal import SqlJournal, open_journal
from dispatch.store.migrations import upgrade
from dispatch.store.queries.ledger import SqlLedger
from dispatch.values.money import Money
from sim.alipay_sandbox.http.app import create_app, running
from sim.alipay_sandbox.model.settings import SandboxSettings
from tests.dispatch.payment.gateways.openapi_samples import PLAIN, account
from tests.dispatch.payment.reconciliation.bill_samples import ACCOUNT, bill_file, row
from tests.dispatch.server.reconciliation_samples import APPLICATION, DAY, NOON, entry
from tests.sim.alipay_sandbox.live_samples import BUYER, KEYS

TO_NEXT_TEN = 22 * 3600.0
"""From noon to ten o'clock of the next day."""


def settings(**alipay: Any) -> Settings:
    return load_settings(overrides={f"alipay.{name}": value for name, value in (APPLICATION | alipay).items()})


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[SqlJournal]:
    url = f"sqlite:///{tmp_path / 'journal.sqlite'}"
    upgrade(url)
    journal = await open_journal(url, shards=4)
    yield journal
    await journal.close()


async def book(journal: SqlJournal, *rows: Row) -> SqlLedger:
    assert await journal.commit(Batch(rows=list(rows))) == Committed()
    return SqlLedger(journal.database)


def open_items(found: Reconciliation) -> list[tuple[str, str]]:
    return [(item.order, item.standing) for item in found.unsettled]


# ── against the sandbox ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class SandboxRun:
    """A sandbox whose time stands still, and the company's way to it."""

    url: str
    clock: ManualClock
    gateway: OpenapiGateway

    async def ride(self, number: str, minor: int) -> None:
        async with httpx.AsyncClient(trust_env=False) as http:
            code = (await http.get(f"{self.url}/sandbox/buyers/{BUYER}/code")).json()["code"]
        order = PaymentOrder(
            out_trade_no=number,
            amount=Money(minor, "USD"),
            subject="Taxi 车费",
            way="scan",
            auth_code=code,
            notify_url="http://127.0.0.1:1/",
            expires_min=15,
        )
        assert isinstance(await self.gateway.scan(order), TradeView)

    async def refund(self, number: str, minor: int, total: int, refund_no: str) -> None:
        asked = Refund(
            order=OrderRef(number, "scan"),
            refund_no=refund_no,
            amount=Money(minor, "USD"),
            total=Money(total, "USD"),
            reason="late",
            operator="dispatcher:anna",
        )
        assert isinstance(await self.gateway.refund(asked), Refunded)

    async def fault(self, **fault: object) -> None:
        async with httpx.AsyncClient(trust_env=False) as http:
            assert (await http.put(f"{self.url}/sandbox/faults", json=[fault])).status_code == 200

    async def reconciled(self, ledger: SqlLedger, day: dt.date = DAY) -> Reconciliation:
        chosen = settings(openapi_url=f"{self.url}/gateway.do")
        async with alipay_bills(chosen, self.clock, "") as source:
            return await reconcile_day(day, bill_account(chosen, ""), ledger, source, self.clock.wall())


@pytest.fixture
async def sandbox() -> AsyncIterator[SandboxRun]:
    clock = ManualClock(NOON)
    app = create_app(SandboxSettings(merchants=(KEYS.at_alipay(),)), clock=clock)
    async with running(app) as url:
        made = msgspec.structs.replace(account(url, PLAIN), currency="USD")
        gateway = OpenapiGateway(made, clock)
        yield SandboxRun(url, clock, gateway)
        await gateway.aclose()


@pytest.mark.integration
async def test_a_day_at_the_sandbox(sandbox: SandboxRun, journal: SqlJournal) -> None:
    """Payments, a refund in part, a cancel by a person and one by ourselves: all of it is the same on both sides."""
    for number in ("T1", "T2", "T3"):
        await sandbox.ride(number, 1235)
    await sandbox.refund("T1", 235, 1235, "T1_R1")
    for number in ("T2", "T3"):
        await sandbox.gateway.cancel(OrderRef(number, "scan"))
    ledger = await book(
        journal,
        *(entry(number, 1235) for number in ("T1", "T2", "T3")),
        entry("T1", 235, "T1_R1"),
        entry("T2", 1235, "T2_R1"),
        entry("T3", 1235, "T3", kind="surplus_refund"),
        entry("T4", 500, to_account="cash"),
    )
    with pytest.raises(NotReconciledError, match="no bill for 2026-11-21"):
        await sandbox.reconciled(ledger)
    sandbox.clock.advance(TO_NEXT_TEN)

    found = await sandbox.reconciled(ledger)

    assert {item.standing for item in found.items} == {"matched"}
    total = found.totals["matched"]
    assert (total.items, total.ours, total.theirs) == (6, Money(1000, "USD"), Money(1000, "USD"))


@pytest.mark.integration
async def test_what_is_open_at_the_sandbox(sandbox: SandboxRun, journal: SqlJournal) -> None:
    """A payment that we never booked, one that never was, and another amount."""
    await sandbox.ride("T1", 1235)
    await sandbox.ride("T2", 1235)
    ledger = await book(journal, entry("T2", 1234), entry("T3", 100))
    sandbox.clock.advance(TO_NEXT_TEN)

    assert open_items(await sandbox.reconciled(ledger)) == [
        ("T1", "only_theirs"),
        ("T2", "differs"),
        ("T3", "only_ours"),
    ]


@pytest.mark.integration
async def test_midnight_at_the_sandbox(sandbox: SandboxRun, journal: SqlJournal) -> None:
    """What spills into the next day's bill is awaited on the first morning and found on the second."""
    sandbox.clock.advance(12 * 3600.0 - 60.0)
    await sandbox.ride("T1", 1235)
    await sandbox.fault(name="bill-spill", seconds=120.0)
    ledger = await book(journal, entry("T1", 1235, at=sandbox.clock.wall()))
    sandbox.clock.advance(60.0 + 10 * 3600.0)

    assert [item.standing for item in (await sandbox.reconciled(ledger)).items] == ["awaited"]
    sandbox.clock.advance(86_400.0)
    for day in (DAY, DAY + dt.timedelta(days=1)):
        assert [item.standing for item in (await sandbox.reconciled(ledger, day)).items] == ["spilled"]


@pytest.mark.integration
async def test_a_gateway_that_is_away(sandbox: SandboxRun, journal: SqlJournal) -> None:
    """Nothing is said of a day whose bill cannot be had."""
    ledger = await book(journal, entry("T1", 1235))
    sandbox.clock.advance(TO_NEXT_TEN)
    await sandbox.fault(name="system-error-before")

    with pytest.raises(NotReconciledError, match="cannot be downloaded"):
        await sandbox.reconciled(ledger)


# ── once a day ───────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class DailyRun:
    """A place that looks after the daily bill, with bills that are made up."""

    ledger: SqlLedger
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOON + TO_NEXT_TEN))
    bills: dict[dt.date, bytes | NoBill | Unknown] = field(default_factory=dict)
    alarms: list[DomainNotice] = field(default_factory=list)
    asked: list[dt.date] = field(default_factory=list)

    async def fetch_bill(self, day: dt.date) -> bytes | NoBill | Unknown:
        self.asked.append(day)
        await asyncio.sleep(0)
        return self.bills.get(day, NoBill("NO_BILL_DATA"))

    @asynccontextmanager
    async def source(self, _company: str) -> AsyncIterator[BillSource]:
        yield self

    async def alarm(self, signal: DomainNotice) -> None:
        self.alarms.append(signal)

    def watch(self, **alipay: Any) -> DailyReconciliation:
        return DailyReconciliation(settings(**alipay), self.ledger, self.clock, self.alarm, self.source)


async def outcomes(ledger: SqlLedger) -> Sequence[tuple[str, str]]:
    return await ledger.finished_days("", "2026-01-01")


async def test_due_at_its_time(journal: SqlJournal) -> None:
    """Not a minute before, and then once."""
    daily = DailyRun(await book(journal, entry("T1", 100, currency="USD")))
    daily.clock = ManualClock(NOON + TO_NEXT_TEN - 60.0)
    watch = daily.watch()

    await watch.reconcile_due()
    assert await outcomes(daily.ledger) == []
    daily.clock.advance(60.0)
    await watch.reconcile_due()
    await watch.reconcile_due()

    assert await outcomes(daily.ledger) == [("2026-11-21", "open")]
    fields = {"day": "2026-11-21", "company": "", "differs": 0, "only_ours": 1, "only_theirs": 0}
    assert [(alarm.name, alarm.fields) for alarm in daily.alarms] == [("bill_open", fields)]


async def test_once_whoever_looks(journal: SqlJournal) -> None:
    """Many at once, and others after a restart: the day is done by one of them, with one alarm."""
    daily = DailyRun(await book(journal, entry("T1", 100)))

    await asyncio.gather(*(daily.watch().reconcile_due() for _ in range(5)))
    daily.clock.advance(2 * CLAIM_S)
    await daily.watch().reconcile_due()

    assert await outcomes(daily.ledger) == [("2026-11-21", "open")]
    assert len(daily.alarms) == 1
    assert daily.asked.count(DAY) == 1


async def test_a_day_that_agrees(journal: SqlJournal) -> None:
    """No alarm, and the report is kept."""
    daily = DailyRun(await book(journal, entry("T1", 1235)))
    daily.bills[DAY] = bill_file([row("T1", 1235)])

    await daily.watch().reconcile_due()

    assert daily.alarms == []
    kept = await daily.ledger.day_report("2026-11-21", "")
    assert kept is not None
    assert kept[0] == "clean"
    assert msgspec.json.decode(kept[1])["totals"]["matched"] == {"items": 1, "ours": "12.35", "theirs": "12.35"}


async def test_who_died_in_the_middle(journal: SqlJournal) -> None:
    """A day that was taken and never done is taken by another, after a while."""
    daily = DailyRun(await book(journal, entry("T1", 100)))
    assert await daily.ledger.claim_day("2026-11-21", "", now=daily.clock.wall(), until=daily.clock.wall() + CLAIM_S)

    await daily.watch().reconcile_due()
    assert daily.asked == []
    daily.clock.advance(CLAIM_S)
    await daily.watch().reconcile_due()

    assert [alarm.name for alarm in daily.alarms] == ["bill_open"]


async def test_an_alarm_that_nobody_heard(journal: SqlJournal) -> None:
    """The day is not done before its alarm is raised."""
    daily = DailyRun(await book(journal, entry("T1", 100)))

    async def down(signal: DomainNotice) -> None:
        raise ConnectionError

    unheard = DailyReconciliation(settings(), daily.ledger, daily.clock, down, daily.source)
    with pytest.raises(ConnectionError):
        await unheard.reconcile_due()
    assert await outcomes(daily.ledger) == []
    daily.clock.advance(CLAIM_S)
    await daily.watch().reconcile_due()

    assert [alarm.name for alarm in daily.alarms] == ["bill_open"]


async def test_a_bill_that_does_not_come(journal: SqlJournal) -> None:
    """It is asked for again and again; after hours somebody is told, once."""
    daily = DailyRun(await book(journal, entry("T1", 100)))
    daily.bills[DAY] = NoBill("BILL_NOT_EXIST")
    watch = daily.watch()

    for _ in range(TRIES + 2):
        await watch.reconcile_due()
        daily.clock.advance(CLAIM_S)

    assert [alarm.name for alarm in daily.alarms] == ["bill_missing"]
    assert await outcomes(daily.ledger) == [("2026-11-21", "missing")]
    assert daily.asked.count(DAY) == TRIES


async def test_a_bill_before_its_time(journal: SqlJournal) -> None:
    """That nothing happened is believed of a day only when its bill may be there; and a day without rides has none."""
    ledger = await book(journal, entry("T1", 100))
    daily, ours = DailyRun(ledger), bill_account(settings(), "")

    with pytest.raises(NotReconciledError, match="no bill for 2026-11-21"):
        await reconcile_day(DAY, ours, ledger, daily, NOON)
    quiet = DAY + dt.timedelta(days=3)
    daily.bills[quiet] = NoBill("BILL_NOT_EXIST")
    assert (await reconcile_day(quiet, ours, ledger, daily, NOON + 9 * 86_400.0)).items == ()


async def test_days_that_were_missed(journal: SqlJournal) -> None:
    """After a standstill the last week is caught up with, and nothing from before the first entry."""
    rows = [entry(f"T{number}", 100, day=DAY - dt.timedelta(days=number)) for number in (0, 2)]
    daily = DailyRun(await book(journal, *rows))

    await daily.watch().reconcile_due()
    assert [day for day, _ in await outcomes(daily.ledger)] == ["2026-11-19", "2026-11-20", "2026-11-21"]
    daily.clock.advance(20 * 86_400.0)
    await daily.watch().reconcile_due()

    assert [day for day, _ in await outcomes(daily.ledger)][3:] == [f"2026-12-{day:02}" for day in range(5, 12)]


async def test_accounts(journal: SqlJournal) -> None:
    """Each account has its own ledger and bills; an acquirer's, and one without an application, have none."""
    shared = {"sign_type": "HMAC-SHA256", "acquirer_secret": "s" * 32}
    given = settings(
        companies={
            "blue": APPLICATION,
            "green": {"protocol": "acquirer", "gateway_url": "http://x", "partner": "g", **shared},
            "red": {"gateway_url": "http://x", "partner": "2088000000000009", "sign_type": "MD5", "md5_key": "k" * 32},
        }
    )
    assert [each.company for each in bill_accounts(given)] == ["", "blue"]
    assert bill_account(given, "").scope == ("", ("blue", "green", "red"))
    assert bill_account(given, "blue").scope == ("blue", ())
    assert bill_account(given, "any other").company == ""
    daily = DailyRun(
        await book(journal, entry("T1", 100), entry("T2", 200, company="blue"), entry("T3", 1, company="red"))
    )
    await DailyReconciliation(given, daily.ledger, daily.clock, daily.alarm, daily.source).reconcile_due()
    assert [(each.fields["company"], each.fields["only_ours"]) for each in daily.alarms] == [("", 1), ("blue", 1)]


async def test_off(journal: SqlJournal) -> None:
    """Without an application, and where it is switched off, there is nothing to look after."""
    ledger = await book(journal, entry("T1", 100))
    clock, daily = ManualClock(), DailyRun(ledger)
    await DailyReconciliation(load_settings(), ledger, clock, daily.alarm, daily.source).run()
    await daily.watch(reconcile_at="").run()
    assert daily.asked == []


# ── bills that are given ─────────────────────────────────────────────────────────────────────────────────────────


async def test_files(journal: SqlJournal) -> None:
    """A bill that was downloaded by hand is enough; its neighbours are used if they are given."""
    ledger = await book(journal, entry("T1", 1235), entry("T2", 100, at=NOON + 12 * 3600.0 - 5.0))
    ours = bill_account(settings(), "")
    given = partial(reconcile_day, DAY, ours, ledger, now=NOON + 10 * 86_400.0)
    one = bill_file([row("T1", 1235)])
    after = bill_file([row("T2", 100)], DAY + dt.timedelta(days=1))

    alone = await given(source=BillFiles([one], "USD"))
    both = await given(source=BillFiles([one, after], "USD"))

    assert [(item.order, item.standing) for item in alone.items] == [("T1", "matched"), ("T2", "awaited")]
    assert [(item.order, item.standing) for item in both.items] == [("T1", "matched"), ("T2", "spilled")]
    assert BillFiles([after, one], "USD").days == [DAY, DAY + dt.timedelta(days=1)]


async def test_another_companys_file(journal: SqlJournal) -> None:
    """A bill of another account is not held against our ledger."""
    ledger = await book(journal, entry("T1", 1235))
    stranger = bill_account(settings(partner="2088000000000009"), "")

    with pytest.raises(NotReconciledError, match=f"for account {ACCOUNT}, not for 2088000000000009"):
        await reconcile_day(DAY, stranger, ledger, BillFiles([bill_file([])], "USD"), NOON + TO_NEXT_TEN)

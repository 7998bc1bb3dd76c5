"""The books by day, payments that need a person, and which days are reconciled, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from dispatch.domain.entity import Row
from dispatch.store.journal import Batch, Committed
from dispatch.store.journals.sql_journal import SqlJournal, open_journal
from dispatch.store.migrations import upgrade
from dispatch.store.queries.ledger import Scope, SqlLedger

ALL = Scope("")


def entry(number: str, day: str, **values: object) -> Row:
    known = {
        "payment": "T1",
        "kind": "fare",
        "order_no": number,
        "trade_no": None,
        "refund_no": None,
        "method": "page",
        "company": "C1",
        "vehicle": "V1",
        "from_account": "fares",
        "to_account": "alipay",
        "amount_minor": 100,
        "currency": "CNY",
        "day": day,
        "at": 1.0,
    }
    return Row("ledger", number, known | values)


def payment(number: str, opened_at: float, unclear: str | None) -> Row:
    return Row("payment", number, {"state": "unknown", "seq": 1, "opened_at": opened_at, "unclear": unclear})


class BooksTests:
    """Subclasses give the fixture ``url``: an empty database."""

    @pytest.fixture
    async def journal(self, url: str) -> AsyncIterator[SqlJournal]:
        upgrade(url)
        journal = await open_journal(url, shards=4)
        yield journal
        await journal.close()

    @pytest.fixture
    def books(self, journal: SqlJournal) -> SqlLedger:
        return SqlLedger(journal.database)

    async def test_entries(self, journal: SqlJournal, books: SqlLedger) -> None:
        """Of the days that are asked for, in or out of the account, of whose account it is."""
        rows = [
            entry("A", "2026-11-21", at=3.0),
            entry("B", "2026-11-21", at=2.0, to_account="fares", from_account="alipay", refund_no="B_R1"),
            entry("C", "2026-11-21", to_account="cash"),
            entry("D", "2026-11-20"),
            entry("E", "2026-11-19"),
            entry("F", "2026-11-21", company="C2"),
        ]
        assert await journal.commit(Batch(rows=rows)) == Committed()

        async def found(*days: str, scope: Scope = ALL) -> list[str]:
            return [row.order_no for row in await books.entries("alipay", days, scope)]

        assert await found("2026-11-21", "2026-11-20") == ["D", "F", "B", "A"]
        assert await found("2026-11-21", scope=Scope("", ("C2",))) == ["B", "A"]
        assert await found("2026-11-21", scope=Scope("C2")) == ["F"]
        assert await books.first_day("alipay", ALL) == "2026-11-19"
        assert await books.first_day("alipay", Scope("C2")) == "2026-11-21"
        assert await books.first_day("alipay", Scope("C3")) is None

    async def test_unclear_payments(self, journal: SqlJournal, books: SqlLedger) -> None:
        """Those alone that somebody has to look at, the oldest first."""
        rows = [payment("A", 3.0, "timeout"), payment("B", 2.0, None), payment("C", 1.0, "refund: X")]
        assert await journal.commit(Batch(rows=rows)) == Committed()

        assert [(row.id, row.unclear) for row in await books.unclear()] == [("C", "refund: X"), ("A", "timeout")]

    async def test_a_day_is_one_ones(self, books: SqlLedger) -> None:
        """Of many who take a day at once, one gets it; another only when the time is over."""
        taken = await asyncio.gather(*(books.claim_day("2026-11-21", "", now=10.0, until=20.0) for _ in range(8)))
        assert sorted(taken) == [0] * 7 + [1]
        assert not await books.claim_day("2026-11-21", "", now=19.0, until=29.0)
        later = await asyncio.gather(*(books.claim_day("2026-11-21", "", now=20.0, until=30.0) for _ in range(8)))
        assert sorted(later) == [0] * 7 + [2]
        assert await books.claim_day("2026-11-21", "C2", now=20.0, until=30.0)
        assert await books.claim_day("2026-11-22", "", now=20.0, until=30.0)

    async def test_a_day_is_done_once(self, books: SqlLedger) -> None:
        """A day that is done is never taken again, and its report stays."""
        assert await books.claim_day("2026-11-21", "", now=10.0, until=20.0)
        assert await books.day_report("2026-11-21", "") is None
        assert await books.finished_days("", "2026-11-01") == []
        await books.finish_day("2026-11-21", "", "open", '{"a":1}')
        await books.finish_day("2026-11-21", "", "clean", "{}")
        assert not await books.claim_day("2026-11-21", "", now=99.0, until=100.0)
        assert await books.day_report("2026-11-21", "") == ("open", '{"a":1}')
        assert await books.finished_days("", "2026-11-01") == [("2026-11-21", "open")]
        assert await books.finished_days("", "2026-11-22") == []


class TestSqliteBooks(BooksTests):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'journal.db'}"


@pytest.mark.integration
class TestPostgresBooks(BooksTests):
    @pytest.fixture
    def url(self, new_postgres_database: Callable[[], str]) -> str:
        return new_postgres_database()

"""Lists over the journal's rows, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from dispatch.domain.entity import Row
from dispatch.domain.state_machine import NEW
from dispatch.domain.trip import trip_state
from dispatch.domain.trip.trip_state import UNSETTLED
from dispatch.store import tables as schema
from dispatch.store.journal import Batch, Committed
from dispatch.store.journals.sql_journal import SqlJournal, open_journal
from dispatch.store.migrations import upgrade
from dispatch.store.queries.trip_rows import (
    MethodTotal,
    PaymentRow,
    SqlTripRows,
    TripRow,
    VehicleStateRow,
)
from dispatch.values.ids import PassengerId, VehicleId


def trip(trip_id: str, **values: object) -> Row:
    return Row("trip", trip_id, {"state": "matching", "seq": 1, **values})


def payment(payment_id: str, opened_at: float, **values: object) -> Row:
    known = {"state": "paid", "seq": 1, "vehicle": "V1", "currency": "USD", "opened_at": opened_at}
    return Row("payment", payment_id, known | values)


class HistoryTests:
    """Subclasses give the fixture ``url``: an empty database."""

    @pytest.fixture
    async def journal(self, url: str) -> AsyncIterator[SqlJournal]:
        upgrade(url)
        journal = await open_journal(url, shards=4)
        yield journal
        await journal.close()

    @pytest.fixture
    def history(self, journal: SqlJournal) -> SqlTripRows:
        return SqlTripRows(journal.database)

    async def put(self, journal: SqlJournal, *rows: Row) -> None:
        assert await journal.commit(Batch(rows=list(rows))) == Committed()

    async def test_open_trips(self, journal: SqlJournal, history: SqlTripRows) -> None:
        """Trips that are over are left out; the oldest request comes first."""
        await self.put(
            journal,
            trip("T1", requested_at=30.0),
            trip("T2", requested_at=10.0, state="fare_due"),
            trip("T3", requested_at=20.0, state="paid"),
            trip("T4", requested_at=5.0, state="cancelled"),
        )
        assert [row.id for row in await history.open_trips()] == ["T2", "T1"]
        assert [row.id for row in await history.open_trips(limit=1)] == ["T2"]

    async def test_trips_of_a_passenger(self, journal: SqlJournal, history: SqlTripRows) -> None:
        """The newest come first, and only the passenger's own."""
        rows = [trip(f"T{number}", passenger="P1", requested_at=float(number)) for number in range(5)]
        await self.put(journal, *rows, trip("T9", passenger="P2", requested_at=9.0))
        assert [row.id for row in await history.trips_of(PassengerId("P1"), 3)] == ["T4", "T3", "T2"]

    async def test_payments_of_a_vehicle(self, journal: SqlJournal, history: SqlTripRows) -> None:
        """All payments of the span are listed; only what was paid is summed, by method and currency."""
        await self.put(
            journal,
            payment("A", 10.0, method="scan", amount_minor=1_000, paid_at=12.0),
            payment("B", 20.0, method="scan", amount_minor=500, paid_at=25.0, refunded_minor=200),
            payment("C", 30.0, method="cash", amount_minor=700, paid_at=30.0),
            payment("D", 35.0, method="scan", amount_minor=900, state="waiting"),
            payment("E", 40.0, method="scan", amount_minor=100, paid_at=41.0),
            payment("F", 20.0, method="scan", amount_minor=100, paid_at=41.0, vehicle="V2"),
        )
        sales = await history.payments_of_vehicle(VehicleId("V1"), 10.0, 40.0)
        assert [row.id for row in sales.payments] == ["D", "C", "B", "A"]
        assert sales.totals == [
            MethodTotal("cash", "USD", 1, 700, 0),
            MethodTotal("scan", "USD", 2, 1_500, 200),
        ]

    async def test_the_state_of_a_vehicle(self, journal: SqlJournal, history: SqlTripRows) -> None:
        """A vehicle is found by its id, with what it does now."""
        await self.put(journal, Row("vehicle_state", "V1", {"state": "idle", "driver": "101", "seq": 3}))
        known = VehicleStateRow(id="V1", state="idle", driver="101", trip=None, seq=3, updated_at=None)
        assert await history.vehicle_state("V1") == known
        assert await history.vehicle_state("V2") is None


class TestSqliteHistory(HistoryTests):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'journal.db'}"


@pytest.mark.integration
class TestPostgresHistory(HistoryTests):
    @pytest.fixture
    def url(self, new_postgres_database: Callable[[], str]) -> str:
        return new_postgres_database()


@pytest.mark.parametrize(
    ("struct", "table"),
    [(TripRow, schema.trip), (PaymentRow, schema.payment), (VehicleStateRow, schema.vehicle_state)],
)
def test_structs_have_the_columns(struct: Any, table: Any) -> None:
    """What is read has a field for each column, in their order."""
    assert list(struct.__struct_fields__) == [column.name for column in table.columns]


def test_every_state_that_leads_on_is_open() -> None:
    """A state is open as long as the trip may still be paid, cancelled or matched; a refund opens nothing."""
    over = {"part_refunded", "refunded", "settled_otherwise", "cancelled", "unserved", "paid", NEW}
    assert set(trip_state.TABLE) - over == set(UNSETTLED)

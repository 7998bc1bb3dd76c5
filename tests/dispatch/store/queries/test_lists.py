"""Lists, search and stories over the journal's rows, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from dispatch.domain.entity import EntityKey, Row
from dispatch.domain.registry import DriverRecord, VehicleRecord
from dispatch.store.journal import Append, Batch, Committed
from dispatch.store.journals.sql_journal import SqlJournal, open_journal
from dispatch.store.migrations import upgrade
from dispatch.store.queries.event_history import SqlEventHistory
from dispatch.store.queries.lists import SqlLists
from dispatch.store.queries.registry import SqlRegistry
from dispatch.values.ids import DriverId, PassengerId, VehicleId
from tests.dispatch.domain.key_fixtures import persons


def trip(trip_id: str, **values: object) -> Row:
    return Row("trip", trip_id, {"state": "matching", "seq": 1, **values})


class ListTests:
    """Subclasses give the fixture ``url``: an empty database."""

    @pytest.fixture
    async def journal(self, url: str) -> AsyncIterator[SqlJournal]:
        upgrade(url)
        journal = await open_journal(url, shards=4)
        registry = SqlRegistry(journal.database)
        for number in (1, 2):
            await registry.add(VehicleRecord(id=VehicleId(f"V{number}"), plate=f"8ABC12{number}", company="Yellow"))
        await registry.add(DriverRecord(id=DriverId("101"), name="Ann Lee", phone="1", pin_hash="x"))
        await persons(journal.database).by_phone("+14155550123", new_id=PassengerId("P1"), created=0.0)
        state = {"state": "idle", "driver": "101", "trip": None, "seq": 3, "updated_at": 9.0, "state_since": 7.0}
        await self.put(journal, Row("vehicle_state", "V1", {**state, "shift_since": 2.0}))
        yield journal
        await journal.close()

    @pytest.fixture
    def lists(self, journal: SqlJournal) -> SqlLists:
        return SqlLists(journal.database, persons(journal.database))

    async def put(self, journal: SqlJournal, *rows: Row) -> None:
        assert await journal.commit(Batch(rows=list(rows))) == Committed()

    async def test_trips(self, journal: SqlJournal, lists: SqlLists) -> None:
        """Open ones however old, and those of late, the newest first, each with plate and driver."""
        await self.put(
            journal,
            trip("T1", requested_at=10.0),
            trip("T2", requested_at=20.0, state="paid"),
            trip("T3", requested_at=90.0, state="paid", vehicle="V1", driver="101"),
        )
        found = await lists.trips(50.0)
        assert [(it.row.id, it.plate, it.driver_name) for it in found] == [("T3", "8ABC121", "Ann Lee"), ("T1", "", "")]

    async def test_fleet(self, lists: SqlLists) -> None:
        """Every car of the registry, also one that was never in service."""
        cars = {car.vehicle: car for car in await lists.fleet()}
        assert (cars["V1"].state, cars["V1"].since, cars["V1"].driver_name) == ("idle", 7.0, "Ann Lee")
        assert (cars["V2"].state, cars["V2"].driver, cars["V2"].active) == (None, None, True)
        assert [car.vehicle for car in await lists.fleet("V2")] == ["V2"]
        assert await lists.fleet("V9") == []

    async def test_search(self, journal: SqlJournal, lists: SqlLists) -> None:
        """Ids, plates, drivers and phones, whole or in part, in either case; a sign of SQL is a sign like others."""
        await self.put(
            journal,
            trip("t5abc", requested_at=10.0, passenger="P1"),
            trip("t6def", requested_at=20.0, contact="+14155559876"),
            trip("t7ghi", requested_at=30.0, vehicle="V1"),
            trip("t8jkl", requested_at=5.0, contact="person:P1"),
        )

        async def trips(text: str) -> list[str]:
            return [it.row.id for it in (await lists.search(text)).trips]

        async def cars(text: str) -> list[str]:
            return [it.vehicle for it in (await lists.search(text)).cars]

        assert await trips("T5AB") == ["t5abc"]
        assert await trips("t6def") == ["t6def"]
        assert await trips("+1 (415) 555-0123") == ["t5abc", "t8jkl"]
        assert await trips("4155559876") == await trips("9876") == ["t6def"]
        assert await trips("415555") == ["t6def", "t5abc", "t8jkl"]
        assert await trips("8abc121") == ["t7ghi"]
        assert await trips("987") == []
        assert await cars("ann") == await cars("101") == ["V1"]
        assert await cars("8abc") == ["V1", "V2"]
        for text in ("%", "__", "' or 1=1", "%_%", "\\"):
            assert (await trips(text), await cars(text)) == ([], [])

    async def test_rides(self, journal: SqlJournal, lists: SqlLists) -> None:
        """Finished since then, the newest first, with what went back of each fare."""
        known = {"driver": "101", "fare_minor": 500, "currency": "USD", "payment_state": "paid", "method": "cash"}
        await self.put(
            journal,
            trip("T1", finished_at=10.0, **known),
            trip("T2", finished_at=60.0, **known),
            trip("T3", finished_at=70.0, **known),
            trip("T4", finished_at=70.0, **{**known, "driver": "102"}),
            Row("payment", "T2", {"state": "part_refunded", "seq": 1, "trip": "T2", "refunded_minor": 200}),
        )
        found = await lists.rides("101", 50.0)
        assert [(it.id, it.fare_minor, it.refunded_minor) for it in found] == [("T3", 500, None), ("T2", 500, 200)]

    async def test_stories(self, journal: SqlJournal) -> None:
        """The end of a stream in its order; payments of a trip; what was said of one, in its order."""
        key = EntityKey("vehicle", "V1")
        events = [(float(at), b"%d" % at) for at in range(1, 7)]
        said = [
            Row("payment_said", f"T1:{n}", {"payment": "T1", "order_no": "o", "kind": "k", "at": at, "body": str(n)})
            for n, at in enumerate((5.0, 3.0))
        ]
        rows = [Row("payment", "T1", {"state": "paid", "seq": 1, "trip": "T1"}), *said]
        assert await journal.commit(Batch(appends=[Append(key, 0, events)], rows=rows)) == Committed()
        stories = SqlEventHistory(journal.database)
        assert [it.seq for it in await stories.newest(key, 3.0, 100)] == [3, 4, 5, 6]
        assert [it.seq for it in await stories.newest(key, 0.0, 2)] == [5, 6]
        assert [it.id for it in await stories.payments("T1")] == ["T1"]
        assert [it.body for it in await stories.said("T1")] == ["1", "0"]


class TestSqliteLists(ListTests):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'journal.db'}"


@pytest.mark.integration
class TestPostgresLists(ListTests):
    @pytest.fixture
    def url(self, new_postgres_database: Callable[[], str]) -> str:
        return new_postgres_database()

"""Alarms and notices, on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from dispatch.api.alarms import DriverBroadcast
from dispatch.api.server_messages import Alarm, Notice
from dispatch.store.database import Database, open_database
from dispatch.store.migrations import upgrade
from dispatch.store.queries.alarms import SqlAlarms, SqlNotices


def alarm(name: str, at: float) -> Alarm:
    return Alarm(name, "trip_unserved", at, {"trip": "t1", "n": 2, "gone": None})


class AlarmTests:
    """Subclasses give the fixture ``url``: an empty database."""

    @pytest.fixture
    async def database(self, url: str) -> AsyncIterator[Database]:
        upgrade(url)
        database = open_database(url)
        yield database
        await database.close()

    @pytest.fixture
    def alarms(self, database: Database) -> SqlAlarms:
        return SqlAlarms(database)

    @pytest.fixture
    def notices(self, database: Database) -> SqlNotices:
        return SqlNotices(database)

    async def test_an_alarm_is_kept_once(self, alarms: SqlAlarms) -> None:
        """A repeat changes nothing; what was raised is read as it was."""
        await alarms.record_alarms([alarm("a1", 5.0), alarm("a2", 6.0)])
        await alarms.record_alarms([alarm("a1", 5.0), alarm("a3", 4.0)])
        assert await alarms.listed(0.0) == [alarm("a2", 6.0), alarm("a1", 5.0), alarm("a3", 4.0)]

    async def test_the_first_settles(self, alarms: SqlAlarms) -> None:
        """Who comes second, or at the same time, is told who was first."""
        await alarms.record_alarms([alarm("a1", 5.0)])
        both = await asyncio.gather(
            alarms.settle_alarm("a1", by="anna", at=7.0, note="called"),
            alarms.settle_alarm("a1", by="ben", at=8.0, note="seen"),
        )
        assert both[0] == both[1]
        assert both[0] is not None
        assert (both[0].settled_by, both[0].note) in {("anna", "called"), ("ben", "seen")}
        assert await alarms.settle_alarm("a1", by="carl", at=9.0, note="") == both[0]

    async def test_unknown(self, alarms: SqlAlarms) -> None:
        """Nobody has heard of it."""
        assert await alarms.settle_alarm("a9", by="anna", at=7.0, note="") is None

    async def test_what_is_listed(self, alarms: SqlAlarms) -> None:
        """What waits, however old, and what was settled lately."""
        await alarms.record_alarms([alarm("a1", 1.0), alarm("a2", 2.0), alarm("a3", 3.0)])
        await alarms.settle_alarm("a2", by="anna", at=50.0, note="")
        await alarms.settle_alarm("a3", by="anna", at=150.0, note="")
        assert [it.alarm for it in await alarms.listed(100.0)] == ["a3", "a1"]

    async def test_notices(self, notices: SqlNotices) -> None:
        """A driver reads what is for all and for its car, the newest first; a repeat changes nothing."""
        everyone = DriverBroadcast(Notice("n1", 10.0, "anna", "Fog on the bridge"))
        some = DriverBroadcast(Notice("n2", 20.0, "anna", "Call the desk"), ("V1", "V2"))
        assert await notices.record_notice(everyone) == everyone
        assert await notices.record_notice(some) == some
        assert await notices.record_notice(DriverBroadcast(Notice("n2", 30.0, "ben", "Other"))) == some
        assert await notices.for_vehicle("V1", 0.0) == [some.notice, everyone.notice]
        assert await notices.for_vehicle("V3", 0.0) == [everyone.notice]
        assert await notices.for_vehicle("V1", 15.0) == [some.notice]


class TestSqliteAlarms(AlarmTests):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'journal.db'}"


@pytest.mark.integration
class TestPostgresAlarms(AlarmTests):
    @pytest.fixture
    def url(self, new_postgres_database: Callable[[], str]) -> str:
        return new_postgres_database()

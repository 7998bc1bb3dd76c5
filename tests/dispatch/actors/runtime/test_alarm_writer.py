"""Alarms are written although the database is away for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from dispatch.actors.runtime.alarm_writer import AlarmWriter
from dispatch.api.server_messages import Alarm
from dispatch.store.journal import JournalUnavailableError


class Database:
    """Fails as often as it is told to."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.kept: list[str] = []
        self.all_there = asyncio.Event()

    async def record_alarms(self, alarms: Sequence[Alarm]) -> None:
        if self.failures:
            self.failures -= 1
            raise JournalUnavailableError("away")
        self.kept += [alarm.alarm for alarm in alarms]
        if len(self.kept) == 3:
            self.all_there.set()


def _alarm(name: str) -> Alarm:
    return Alarm(name, "unclear", 1.0, {})


async def test_alarms_outlast_an_outage() -> None:
    """Each is written once the database answers, in their order."""
    database = Database(failures=2)
    keeper = AlarmWriter(database.record_alarms, retry_s=0.0)
    keeper.add(_alarm("a1"))
    keeper.add(_alarm("a2"))
    running = asyncio.create_task(keeper.run())
    keeper.add(_alarm("a3"))
    async with asyncio.timeout(10):
        await database.all_there.wait()
    running.cancel()
    assert database.kept == ["a1", "a2", "a3"]


async def test_what_waits_is_written_at_the_end() -> None:
    """A host that ends writes what it has, and does not wait for a database that is away."""
    database = Database(failures=1)
    keeper = AlarmWriter(database.record_alarms, retry_s=0.0)
    keeper.add(_alarm("a1"))
    await keeper.flush()
    assert database.kept == []
    await keeper.flush()
    assert database.kept == ["a1"]

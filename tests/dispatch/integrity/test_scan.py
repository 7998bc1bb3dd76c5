"""A sound journal passes; each fault that is planted is found and named."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from dispatch.clock import ManualClock
from dispatch.integrity import scan as walk
from dispatch.integrity.checks.findings import CHECKS
from dispatch.integrity.scan import IntegrityReport, verify_journal
from dispatch.store.database import open_database
from dispatch.store.journal import Batch
from dispatch.store.journals.sql_journal import open_journal
from tests.dispatch.actors.core.harness import KINDS, SHARDS
from tests.recorded.make import made, write


class Fault(NamedTuple):
    """SQL that breaks a sound journal, the check that must find it, and what the finding must name."""

    sql: str
    check: str
    names: tuple[str, ...]


FAULTS = {
    "an event is lost": Fault("DELETE FROM event WHERE kind='trip' AND id='T1' AND seq=3", "gap", ("trip:T1", "4")),
    "the last event is lost": Fault(
        "DELETE FROM event WHERE kind='trip' AND id='T1' AND seq=(SELECT last FROM stream WHERE kind='trip' AND "
        "id='T1')",
        "last",
        ("trip:T1",),
    ),
    "a stream's number is moved": Fault("UPDATE stream SET last=last+1 WHERE id='T2'", "last", ("trip:T2",)),
    "bytes are broken": Fault("UPDATE event SET body=x'c1' WHERE id='T8' AND seq=2", "unreadable", ("trip:T8", "2")),
    "a time is changed": Fault("UPDATE event SET at=at+1 WHERE id='V8' AND seq=2", "time", ("vehicle:V8", "2")),
    "events are exchanged": Fault(
        "UPDATE event SET body=(SELECT body FROM event WHERE kind='trip' AND id='T8' AND seq=1), at=(SELECT at FROM "
        "event WHERE kind='trip' AND id='T8' AND seq=1) WHERE kind='trip' AND id='T8' AND seq=3",
        "illegal_move",
        ("trip:T8", "trip_requested", "offered"),
    ),
    "a snapshot is another's": Fault("UPDATE snapshot SET seq=127", "snapshot", ("vehicle:V5", "127", "state")),
    "a snapshot is of the future": Fault("UPDATE snapshot SET seq=9000", "snapshot", ("vehicle:V5", "9000")),
    "a row says another state": Fault(
        "UPDATE trip SET state='paid' WHERE id='T13'", "row", ("trip:T13", "trip.state", "'matching'")
    ),
    "a fare is raised in the row": Fault(
        "UPDATE trip SET fare_minor=fare_minor+1 WHERE id='T1'", "row", ("trip:T1", "trip.fare_minor")
    ),
    "a row is old": Fault("UPDATE vehicle_state SET seq=1 WHERE id='V8'", "row_behind", ("vehicle:V8",)),
    "a row is lost": Fault("DELETE FROM trip WHERE id='T13'", "row_behind", ("trip:T13",)),
    "a claim is lost": Fault("DELETE FROM claim WHERE vehicle='V8'", "claim", ("vehicle:V8", "T8")),
    "a claim too many": Fault("INSERT INTO claim VALUES ('V2','T13')", "claim", ("vehicle:V2", "T13")),
    "a claim is exchanged": Fault("UPDATE claim SET vehicle='V1' WHERE trip='T8'", "claim", ("trip:T8", "V8", "V1")),
    "an offer never expires": Fault(
        "DELETE FROM due WHERE name='offer_expiry'", "due_missing", ("vehicle:V12", "offer_expiry")
    ),
    "a reservation is never matched": Fault(
        "DELETE FROM due WHERE name='begin_matching'", "due_missing", ("trip:T7", "begin_matching")
    ),
    "a trip is never given up": Fault("DELETE FROM due WHERE id='T13'", "due_missing", ("trip:T13", "give_up")),
    "a payment is never asked for": Fault("DELETE FROM due WHERE id='T3'", "due_missing", ("payment:T3", "ask:")),
    "a timer of nothing": Fault("UPDATE due SET id='V2' WHERE id='V12'", "due_idle", ("vehicle:V2", "offer_expiry")),
    "a due where nobody looks": Fault(
        "UPDATE due SET shard=shard+1 WHERE id='T7'", "due_lost", ("trip:T7", "begin_matching")
    ),
    "a due that says nothing": Fault("UPDATE due SET command=x'c1' WHERE id='T7'", "unreadable", ("trip:T7",)),
    "an entry is lost": Fault(
        "DELETE FROM ledger WHERE payment='T2' AND kind='refund'", "entry", ("payment:T2", "refund", "100")
    ),
    "an entry too many": Fault(
        "INSERT INTO ledger SELECT 'T1:9:0',payment,kind,order_no,trade_no,refund_no,method,company,vehicle,"
        "from_account,to_account,amount_minor,currency,day,at FROM ledger WHERE payment='T1'",
        "entry",
        ("payment:T1", "T1:9:0"),
    ),
    "an amount is changed": Fault("UPDATE ledger SET amount_minor=1 WHERE payment='T1'", "balance", ("payment:T1",)),
    "an account of one's own": Fault(
        "UPDATE ledger SET to_account='pocket' WHERE payment='T1'", "account", ("payment:T1", "pocket")
    ),
    "a fare that is paid in the books only": Fault(
        "DELETE FROM event WHERE kind='trip' AND id='T2' AND seq>(SELECT seq-1 FROM event WHERE kind='trip' AND "
        "id='T2' AND CAST(body AS TEXT) LIKE '%fare_paid%'); UPDATE stream SET last=(SELECT max(seq) FROM event WHERE "
        "kind='trip' AND id='T2') WHERE kind='trip' AND id='T2'; UPDATE trip SET state='paying' WHERE id='T2'",
        "payment",
        ("payment:T2", "paying"),
    ),
    "a paid trip without its payment": Fault("DELETE FROM payment WHERE id='T1'", "payment", ("trip:T1", "paid")),
    "an offer that the car knows nothing of": Fault(
        "DELETE FROM vehicle_state WHERE id='V12'", "offer", ("trip:T12", "V12")
    ),
    "a reply without its digest": Fault(
        "UPDATE reply SET digest=x'' WHERE command_id=(SELECT min(command_id) FROM reply WHERE id='T13' AND "
        "length(digest)>0)",
        "reply",
        ("trip:T13", "digest"),
    ),
    "a reply from the future": Fault(
        "DELETE FROM event WHERE kind='trip' AND id='T13'; DELETE FROM stream WHERE kind='trip' AND id='T13'",
        "reply",
        ("trip:T13", "number 1"),
    ),
    "a row of nothing": Fault("UPDATE trip SET id='T99' WHERE id='T13'", "orphan", ("trip:T99",)),
    "events of nothing": Fault("DELETE FROM stream WHERE id='V6'", "orphan", ("vehicle:V6", "event")),
}


@cache
def batches() -> list[Batch]:
    """What the cores wrote in a day."""
    return made().kept.batches


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound journal on SQLite."""
    path = tmp_path_factory.mktemp("sound") / "journal.sqlite"
    asyncio.run(write(batches(), f"sqlite:///{path}"))
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


def verified(url: str) -> IntegrityReport:
    """What ``taxi verify`` finds."""

    async def run() -> IntegrityReport:
        database = open_database(url)
        try:
            return await verify_journal(database, KINDS, ManualClock(0.0))
        finally:
            await database.close()

    return asyncio.run(run())


def test_a_sound_journal_passes(sound: Path) -> None:
    """Nothing is found, all is looked at, and the books add up to nothing in each currency."""
    report = verified(f"sqlite:///{sound}")
    assert report.findings == []
    assert report.ok
    with sqlite3.connect(sound) as connection:
        for table, seen in (("stream", report.streams), ("event", report.events), ("reply", report.replies)):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (seen,)
    connection.close()
    assert report.rows > report.streams
    assert {currency: sum(accounts.values()) for currency, accounts in report.books.items()} == {"USD": 0}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_found_and_named(name: str, sound: Path, tmp_path: Path) -> None:
    """By the check that is meant for it, with the ids of what is wrong."""
    fault, path = FAULTS[name], tmp_path / "journal.sqlite"
    shutil.copy(sound, path)
    with sqlite3.connect(path) as connection:
        connection.executescript(fault.sql)
    connection.close()

    report = verified(f"sqlite:///{path}")

    assert not report.ok
    told = [f"{finding.where} {finding.text}" for finding in report.findings if finding.check == fault.check]
    assert any(all(word in text for word in fault.names) for text in told), report.findings
    assert report.found[fault.check] == len(told)


def test_every_check_is_tried() -> None:
    """No check stands that no fault shows at work."""
    assert {fault.check for fault in FAULTS.values()} == set(CHECKS)


def test_pages_of_any_size_find_the_same(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One stream, one event and one reply a page come to what whole pages come to."""
    whole = verified(f"sqlite:///{sound}")
    for name in ("STREAMS", "EVENTS", "REPLIES"):
        monkeypatch.setattr(walk, name, 1)
    assert verified(f"sqlite:///{sound}") == whole


def test_findings_are_counted_where_they_are_too_many(
    sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the first are kept in words."""
    path = tmp_path / "journal.sqlite"
    shutil.copy(sound, path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE event SET at=at+1")
    connection.close()
    monkeypatch.setattr(walk, "MAX_FINDINGS", 5)
    report = verified(f"sqlite:///{path}")
    assert len(report.findings) == 5
    assert report.found["time"] == report.events


@pytest.mark.integration
class TestOnPostgres:
    """The same statements mean the same there."""

    @pytest.fixture
    def url(self, new_postgres_database: Callable[[], str]) -> str:
        url = new_postgres_database()
        asyncio.run(write(batches(), url))
        return url

    def test_sound_and_not(self, url: str, sound: Path) -> None:
        """A sound journal gives the report that SQLite gives; a lost claim is found."""
        there, here = verified(url), verified(f"sqlite:///{sound}")
        assert msgspec.structs.asdict(there) == msgspec.structs.asdict(here)
        asyncio.run(_execute(url, "DELETE FROM claim WHERE vehicle='V8'"))
        assert {finding.where for finding in verified(url).findings} == {"trip:T8", "vehicle:V8"}


async def _execute(url: str, sql: str) -> None:
    database = open_database(url)
    await database.write(lambda it: it.exec_driver_sql(sql))
    await database.close()


def test_no_false_alarm_beside_a_writer(tmp_path: Path) -> None:
    """Looked at again and again while a day is written, batch by batch: nothing is ever found."""
    reports = asyncio.run(_look_while_written(f"sqlite:///{tmp_path / 'journal.sqlite'}"))
    assert [finding for report in reports for finding in report.findings] == []
    assert reports[-1].events > reports[0].events


async def _look_while_written(url: str) -> list[IntegrityReport]:
    await write(batches()[:20], url, others=False)
    journal, database = await open_journal(url, shards=SHARDS), open_database(url)

    async def go_on() -> None:
        for batch in batches()[20:]:
            await journal.commit(batch)

    writer = asyncio.create_task(go_on())
    reports = [await verify_journal(database, KINDS, ManualClock(0.0))]
    while not writer.done():
        reports.append(await verify_journal(database, KINDS, ManualClock(0.0)))
    reports.append(await verify_journal(database, KINDS, ManualClock(0.0)))
    await writer
    await journal.close()
    await database.close()
    return reports

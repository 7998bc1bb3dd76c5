"""A journal that was backed up beside its writer comes back row by row, on the other database too."""

from __future__ import annotations

import asyncio
import gzip
import sqlite3
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from dispatch.clock import ManualClock
from dispatch.integrity.scan import verify_journal
from dispatch.store import tables as schema
from dispatch.store.backup.backup import back_up, pieces
from dispatch.store.backup.format import FORMAT, VERSION, ArchiveError, FrameWriter, Head, Rows, summary_of
from dispatch.store.backup.restore import restore_from
from dispatch.store.database import open_database
from dispatch.store.journal import Batch
from dispatch.store.journals.sql_journal import JournalMismatchError, open_journal
from dispatch.store.migrations import upgrade
from tests.dispatch.actors.core.harness import KINDS, SHARDS
from tests.recorded.make import made, write

Urls = Callable[[], str]
Tables = dict[str, list[list[Any]]]


@cache
def batches() -> list[Batch]:
    """What the cores wrote in a day."""
    return made().kept.batches


@pytest.fixture
def sqlite_urls(tmp_path: Path) -> Urls:
    """Addresses of SQLite journals that do not exist yet."""
    numbers = iter(range(100))
    return lambda: f"sqlite:///{tmp_path / f'journal{next(numbers)}.sqlite'}"


def _all_rows(connection: Connection) -> Tables:
    """All tables; text sorts otherwise in each database, so rows are sorted here."""
    return {
        table.name: sorted((row for piece in pieces(connection, table) for row in piece), key=repr)
        for table in schema.metadata.sorted_tables
    }


async def tables_of(url: str) -> Tables:
    """All that a journal holds."""
    database = open_database(url)
    try:
        return await database.read(_all_rows)
    finally:
        await database.close()


async def archive(url: str, target: Path, *, secrets: Path | None = None) -> None:
    """Back a journal up."""
    database = open_database(url)
    try:
        await back_up(database, target, secrets=secrets)
    finally:
        await database.close()


async def must_verify(url: str) -> int:
    """Verify a journal; its number of events."""
    database = open_database(url)
    report = await verify_journal(database, KINDS, ManualClock(0.0))
    await database.close()
    assert report.findings == []
    return report.events


async def there_and_back(source: str, target: str, folder: Path) -> None:
    """Every row of every table comes back, and the copy verifies."""
    await write(batches(), source)
    await archive(source, folder / "a.taxi")
    await restore_from(target, folder / "a.taxi")
    first = await tables_of(source)
    assert await tables_of(target) == first
    assert all(first[name] for name in first), "a table has no rows to compare"
    assert await must_verify(target)


async def beside_a_writer(source: str, target: str, folder: Path) -> None:
    """Archives that are made while a day is written hold one moment each: all of it verifies, and none is lost."""
    half = len(batches()) // 2
    await write(batches()[:half], source)
    journal = await open_journal(source, shards=SHARDS)

    async def go_on() -> None:
        for batch in batches()[half:]:
            await journal.commit(batch)

    writer = asyncio.create_task(go_on())
    database = open_database(source)
    made_so_far = 0
    while not writer.done():
        await back_up(database, folder / f"{made_so_far}.taxi")
        made_so_far += 1
    await writer
    await database.close()
    await journal.close()
    await restore_from(target, folder / f"{made_so_far - 1}.taxi")
    events = await must_verify(target)
    assert sum(len(append.events) for batch in batches()[:half] for append in batch.appends) <= events
    shutil_first = summary_of(folder / "0.taxi")[1]
    assert shutil_first.counts["event"] <= events


def test_sqlite_to_sqlite(sqlite_urls: Urls, tmp_path: Path) -> None:
    """Table by table."""
    asyncio.run(there_and_back(sqlite_urls(), sqlite_urls(), tmp_path))


def test_a_writer_at_work_on_sqlite(sqlite_urls: Urls, tmp_path: Path) -> None:
    """The archive is of one moment."""
    asyncio.run(beside_a_writer(sqlite_urls(), sqlite_urls(), tmp_path))


@pytest.mark.integration
class TestWithPostgres:
    """The archive knows no database."""

    def test_there_and_back(
        self, sqlite_urls: Urls, new_postgres_database: Urls, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """From PostgreSQL to itself, to SQLite, and from there."""
        pairs = [
            (new_postgres_database(), new_postgres_database()),
            (new_postgres_database(), sqlite_urls()),
            (sqlite_urls(), new_postgres_database()),
        ]
        for source, target in pairs:
            asyncio.run(there_and_back(source, target, tmp_path_factory.mktemp("archive")))

    def test_a_writer_at_work(self, new_postgres_database: Urls, tmp_path: Path) -> None:
        """The archive is of one moment."""
        asyncio.run(beside_a_writer(new_postgres_database(), new_postgres_database(), tmp_path))

    def test_what_is_not_empty_is_refused(self, sqlite_urls: Urls, new_postgres_database: Urls, tmp_path: Path) -> None:
        """As on SQLite."""
        url = sqlite_urls()
        asyncio.run(write(batches()[:3], url))
        asyncio.run(archive(url, tmp_path / "a.taxi"))
        target = new_postgres_database()
        asyncio.run(write(batches()[:1], target, others=False))
        with pytest.raises(ArchiveError, match="not empty"):
            asyncio.run(restore_from(target, tmp_path / "a.taxi"))


def test_a_running_system_is_never_restored_onto(sqlite_urls: Urls, tmp_path: Path) -> None:
    """A journal that was only opened has its number of shards, and nothing is changed in it."""
    source, running = sqlite_urls(), sqlite_urls()
    asyncio.run(write(batches()[:3], source))
    asyncio.run(archive(source, tmp_path / "a.taxi"))
    asyncio.run(write([], running, others=False))
    before = asyncio.run(tables_of(running))
    with pytest.raises(ArchiveError, match=r"not empty .table meta has 1 rows"):
        asyncio.run(restore_from(running, tmp_path / "a.taxi"))
    assert asyncio.run(tables_of(running)) == before


def test_a_damaged_archive_writes_nothing(sqlite_urls: Urls, tmp_path: Path) -> None:
    """One byte, the end, or all of it: refused before the database is touched."""
    source = sqlite_urls()
    asyncio.run(write(batches()[:20], source))
    asyncio.run(archive(source, tmp_path / "a.taxi"))
    whole = gzip.decompress((tmp_path / "a.taxi").read_bytes())
    place = whole.index(b"Union Square")
    damaged = {
        "byte": gzip.compress(whole[:place] + b"X" + whole[place + 1 :]),
        "end": gzip.compress(whole[:-40]),
        "cut": (tmp_path / "a.taxi").read_bytes()[:-100],
        "none": b"PK\x03\x04",
        "other": gzip.compress(b"\x00\x00\x00\x01\x01"),
    }
    for name, content in damaged.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ArchiveError, match=name):
            asyncio.run(restore_from(f"sqlite:///{tmp_path / 'new.sqlite'}", tmp_path / name))
        assert not (tmp_path / "new.sqlite").exists()


def test_an_archive_of_a_later_release(sqlite_urls: Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is refused, and so is a backup of tables that are not this release's."""
    source = sqlite_urls()
    asyncio.run(write(batches()[:3], source))
    asyncio.run(archive(source, tmp_path / "a.taxi"))
    monkeypatch.setattr(schema, "REVISION", "0001")
    with pytest.raises(ArchiveError, match="later release"):
        asyncio.run(restore_from(sqlite_urls(), tmp_path / "a.taxi"))
    with pytest.raises(JournalMismatchError):
        asyncio.run(archive(source, tmp_path / "b.taxi"))
    assert not list(tmp_path.glob("b.taxi*"))


def test_an_archive_of_an_older_release(tmp_path: Path) -> None:
    """Its tables are made as they were then, and brought up to date: as the journal itself is."""
    text = gzip.decompress((Path(__file__).parents[3] / "recorded" / "journal_0003.sql.gz").read_bytes()).decode()
    old, path = tmp_path / "old.sqlite", tmp_path / "a.taxi"
    connection = sqlite3.connect(old)
    connection.executescript(text)
    _old_archive(connection, path)
    connection.close()
    asyncio.run(restore_from(f"sqlite:///{tmp_path / 'new.sqlite'}", path))
    upgrade(f"sqlite:///{old}")
    assert asyncio.run(tables_of(f"sqlite:///{tmp_path / 'new.sqlite'}")) == asyncio.run(tables_of(f"sqlite:///{old}"))


def _old_archive(connection: sqlite3.Connection, path: Path) -> None:
    """What a release at 0003 would have archived."""
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")]
    order = [str(table.name) for table in schema.metadata.sorted_tables if table.name in names]
    columns = {name: tuple(row[1] for row in connection.execute(f"PRAGMA table_info({name})")) for name in order}
    with gzip.open(path, "wb") as out:
        writer = FrameWriter(out)  # type: ignore[arg-type]
        writer.write(Head(FORMAT, VERSION, "0003", columns))
        counts = {}
        for name in order:
            rows = [_typed(name, columns[name], row) for row in connection.execute(f"SELECT * FROM {name}")]
            counts[name] = len(rows)
            writer.write(Rows(name, rows))
        writer.end(counts)


def _typed(table: str, columns: tuple[str, ...], row: tuple[Any, ...]) -> list[Any]:
    types = schema.metadata.tables[table].c
    named = zip(columns, row, strict=True)
    return [["refund"] if types[name].type.__class__.__name__ == "JSON" else value for name, value in named]


def test_secrets_only_when_asked(sqlite_urls: Urls, tmp_path: Path) -> None:
    """They come back for their owner alone, and never over others."""
    source, folder = sqlite_urls(), tmp_path / "data"
    folder.mkdir()
    (folder / "token_secret").write_text("s" * 40, encoding="utf-8")
    asyncio.run(write(batches()[:3], source))
    asyncio.run(archive(source, tmp_path / "without.taxi"))
    asyncio.run(archive(source, tmp_path / "with.taxi", secrets=folder))
    assert summary_of(tmp_path / "without.taxi")[1].secrets == []
    assert b"s" * 40 not in gzip.decompress((tmp_path / "without.taxi").read_bytes())

    asyncio.run(restore_from(sqlite_urls(), tmp_path / "with.taxi"))
    new = tmp_path / "new"
    new.mkdir()
    asyncio.run(restore_from(sqlite_urls(), tmp_path / "with.taxi", secrets=new))
    assert (new / "token_secret").read_text(encoding="utf-8") == "s" * 40
    assert (new / "token_secret").stat().st_mode & 0o777 == 0o600
    with pytest.raises(ArchiveError, match="token_secret already"):
        asyncio.run(restore_from(sqlite_urls(), tmp_path / "with.taxi", secrets=new))


def test_the_archive_is_for_its_owner_and_over_nothing(sqlite_urls: Urls, tmp_path: Path) -> None:
    """Mode 600; a file that is there stays, and nothing half-made is left."""
    source = sqlite_urls()
    asyncio.run(write(batches()[:3], source))
    asyncio.run(archive(source, tmp_path / "a.taxi"))
    assert (tmp_path / "a.taxi").stat().st_mode & 0o777 == 0o600
    before = (tmp_path / "a.taxi").read_bytes()
    with pytest.raises(ArchiveError, match="exists already"):
        asyncio.run(archive(source, tmp_path / "a.taxi"))
    assert (tmp_path / "a.taxi").read_bytes() == before
    assert not list(tmp_path.glob("*.part"))

"""What was written once is read for ever: journals of each migration, and an example of every event, command, message.

The files are in ``tests/recorded``. A new event, command or message is recorded with ``python -m
tests.recorded.examples``; the journal of a release, before a migration is added to it, with ``tests.recorded.make``.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import sqlite3
from pathlib import Path

import msgspec
import pytest

from dispatch.clock import ManualClock
from dispatch.integrity.checks.stream import difference
from dispatch.integrity.scan import verify_journal
from dispatch.store import tables as schema
from dispatch.store.journals.sql_journal import open_journal
from dispatch.store.migrations import upgrade
from tests.dispatch.actors.core.harness import KINDS, SHARDS
from tests.recorded.examples import ALL, FOLDER, Recorded, tag_of

JOURNALS = sorted(FOLDER.glob("journal_*.sql.gz"))
STATES = {
    "T1": "paid",
    "T2": "part_refunded",
    "T3": "paying",
    "T4": "cancelled",
    "T5": "cancelled",
    "T6": "unserved",
    "T7": "reserved",
    "T8": "assigned",
    "T9": "arrived",
    "T10": "in_progress",
    "T11": "in_progress",
    "T12": "offered",
    "T13": "matching",
}
"""Where each trip of a recorded journal stands."""

FORMS = [(recorded, tag_of(kind)) for recorded in ALL for kind in recorded.types]


def test_there_is_a_journal_of_each_migration_before() -> None:
    """From 0003, the first that was released."""
    numbers = {path.name.removeprefix("journal_").partition(".")[0] for path in JOURNALS}
    assert numbers >= {f"{number:04}" for number in range(3, int(schema.REVISION))}


@pytest.mark.parametrize("path", JOURNALS, ids=lambda path: path.name)
def test_a_journal_of_before_opens(path: Path, tmp_path: Path) -> None:
    """It is brought up to date, verifies, and every trip stands where it stood."""
    file = tmp_path / "journal.sqlite"
    connection = sqlite3.connect(file)
    connection.executescript(gzip.decompress(path.read_bytes()).decode())
    connection.close()
    upgrade(f"sqlite:///{file}")

    async def look() -> None:
        journal = await open_journal(f"sqlite:///{file}", shards=SHARDS)
        report = await verify_journal(journal.database, KINDS, ManualClock(0.0))
        await journal.close()
        assert report.findings == []
        assert report.streams > len(STATES)

    asyncio.run(look())
    connection = sqlite3.connect(file)
    assert dict(connection.execute("SELECT id, state FROM trip")) == STATES
    connection.close()


@pytest.mark.parametrize(("recorded", "tag"), FORMS, ids=lambda part: part if isinstance(part, str) else part.file)
def test_what_was_written_is_read(recorded: Recorded, tag: str) -> None:
    """Each field that was ever written still has its name and its value; what is new has a default."""
    forms = json.loads((FOLDER / recorded.file).read_text(encoding="utf-8"))
    assert tag in forms, "not recorded yet: python -m tests.recorded.examples"
    for form in ("whole", "least"):
        written = bytes.fromhex(forms[tag][form])
        again = recorded.encode(recorded.decode(written))
        assert difference(msgspec.msgpack.decode(written), msgspec.msgpack.decode(again)) is None, form


def test_nothing_recorded_is_gone() -> None:
    """No event, command or message that was written once has lost its type."""
    for recorded in ALL:
        forms = json.loads((FOLDER / recorded.file).read_text(encoding="utf-8"))
        assert forms.keys() <= {tag_of(kind) for kind in recorded.types}, recorded.file

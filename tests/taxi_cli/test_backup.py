"""``taxi verify``, ``taxi backup``, ``taxi restore``: what they print, and their exit codes."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import msgspec

from dispatch.store.journals.sql_journal import open_journal
from dispatch.store.migrations import upgrade
from tests.taxi_cli.conftest import Taxi

HERE = ("--data-dir", "data")
THERE = ("--data-dir", "copy")


def journal() -> None:
    """A new journal in ``data``, as the server leaves it."""

    async def open_once() -> None:
        await (await open_journal("sqlite:///data/journal.sqlite", shards=256)).close()

    Path("data").mkdir()
    upgrade("sqlite:///data/journal.sqlite")
    asyncio.run(open_once())


def test_verify(taxi: Taxi) -> None:
    """0 for a sound journal, 1 with each finding in words, 2 where there is none."""
    assert taxi("verify", *HERE).exit_code == 2
    journal()
    sound = taxi("verify", *HERE)
    assert (sound.exit_code, sound.stdout[:13]) == (0, "No violations"), sound.output
    with sqlite3.connect("data/journal.sqlite") as connection:
        connection.execute("INSERT INTO stream VALUES ('trip', 'T9', 3)")
    connection.close()
    table, json = taxi("verify", *HERE), taxi("verify", *HERE, "--json")
    assert (table.exit_code, json.exit_code) == (1, 1)
    assert "trip:T9: the recorded end is 3; the last event is 0 [last]" in table.stdout
    report = msgspec.json.decode(json.stdout)
    assert (report["ok"], report["streams"], report["found"]) == (False, 1, {"last": 1})


def test_backup_and_restore(taxi: Taxi) -> None:
    """An archive of one folder makes the journal of another; a second time, and onto a journal, it is refused."""
    journal()
    Path("data/token_secret").write_text("s" * 40, encoding="utf-8")
    assert taxi("backup", "a.taxi", *HERE).stdout.count("none. It contains personal data") == 1
    assert taxi("backup", "a.taxi", *HERE).exit_code == 2
    made = taxi("backup", "b.taxi", *HERE, "--with-secrets", "--json")
    assert msgspec.json.decode(made.stdout)["secrets"] == ["token_secret"]

    done = taxi("restore", "b.taxi", *THERE, "--with-secrets")
    assert done.exit_code == 0, done.output
    assert "No violations" in done.stdout
    assert Path("copy/token_secret").read_text(encoding="utf-8") == "s" * 40
    for words, why in (
        (("restore", "a.taxi", *HERE), "not empty"),
        (("restore", "a.taxi", *THERE), "not empty"),
        (("restore", "data/journal.sqlite", "--data-dir", "third"), "not an archive"),
        (("restore", "none.taxi", "--data-dir", "third"), "none.taxi"),
        (("backup", "c.taxi", "--data-dir", "fourth"), "no journal"),
    ):
        refused = taxi(*words)
        assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1), refused.output
        assert why in refused.stderr

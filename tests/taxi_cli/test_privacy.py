"""What is known of a passenger is told and erased from the server's command line."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from taxi_cli.main import app


def test_told_erased_and_new_keys(tmp_path: Path) -> None:
    """A number is told to its owner, survives a new master key, and is gone when it is erased; all of it is written."""
    run, data = CliRunner().invoke, ["--data-dir", str(tmp_path)]
    assert run(app, ["token", "passenger", "+14155550123", *data]).exit_code == 0
    keys = tmp_path / "master_keys"
    assert keys.stat().st_mode & 0o077 == 0
    passenger = _passenger(tmp_path)
    assert json.loads(run(app, ["privacy", "export", passenger, *data]).stdout)["phone"] == "+14155550123"
    assert run(app, ["privacy", "rotate", *data]).stdout == "2 keys wrapped with the newest master key\n"
    newest, *older = keys.read_text().split()
    assert keys.stat().st_mode & 0o077 == 0
    assert len(older) == 1
    keys.write_text(newest)
    assert json.loads(run(app, ["privacy", "export", passenger, *data]).stdout)["phone"] == "+14155550123"
    assert run(app, ["privacy", "erase", passenger, *data]).stdout == f"passenger {passenger} erased\n"
    assert json.loads(run(app, ["privacy", "export", passenger, *data]).stdout)["phone"] is None
    unknown = run(app, ["privacy", "erase", "nobody", *data])
    assert (unknown.exit_code, unknown.stderr) == (1, "taxi: passenger nobody: not in the registry\n")
    acts = [it["act"] for it in json.loads(run(app, ["audit", "--json", *data]).stdout)["audit"]]
    assert acts == ["privacy_export", "privacy_rotate", "privacy_export", "privacy_erase", "privacy_export"]


def _passenger(folder: Path) -> str:
    import sqlite3  # noqa: PLC0415

    connection = sqlite3.connect(folder / "journal.sqlite")
    try:
        return str(connection.execute("SELECT id FROM passenger").fetchone()[0])
    finally:
        connection.close()

"""Signing somebody out from the server's command line, and reading the audit log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from taxi_cli.main import app


@pytest.fixture
def data(tmp_path: Path) -> list[str]:
    return ["--data-dir", str(tmp_path)]


def test_revoking_deactivates_and_is_written_down(data: list[str]) -> None:
    """A driver, dispatcher or device that is revoked may not sign in, until it is put back; who is unknown is named."""
    run = CliRunner().invoke
    password = ["--password", "correct horse"]
    assert run(app, ["add", "dispatcher", "anna", "--name", "Anna", *password, *data]).exit_code == 0
    assert run(app, ["revoke", "dispatcher", "anna", *data]).stdout == "dispatcher anna is signed out and deactivated\n"
    again = run(app, ["revoke", "dispatcher", "anna", "--keep-active", *data])
    assert again.stdout == "dispatcher anna is signed out\n"
    for role in ("dispatcher", "passenger"):
        unknown = run(app, ["revoke", role, "bob", *data])
        assert (unknown.exit_code, unknown.stderr) == (1, f"taxi: {role} bob: not in the registry\n")
    told = json.loads(run(app, ["audit", "--json", *data]).stdout)["audit"]
    assert [(it["role"], it["act"], it["target"], it["facts"]["deactivated"]) for it in told] == [
        ("operator", "revoke", "dispatcher:anna", True),
        ("operator", "revoke", "dispatcher:anna", False),
    ]
    assert "revoke dispatcher:anna" in run(app, ["audit", *data]).stdout
    assert run(app, ["audit", "--who", "bob", *data]).stdout == "No entries.\n"
    assert run(app, ["audit", "--since", "2999-01-01", *data]).stdout == "No entries.\n"

"""Commands work on the database of the settings, and their errors are one line."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from dispatch.config.loader import load_settings
from dispatch.domain.registry import VehicleRecord
from dispatch.store.queries.registry import SqlRegistry
from taxi_cli.database import InputError, require_journal, with_registry


def test_the_result_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The data folder and its tables are created."""

    async def count(registry: SqlRegistry) -> str:
        return f"{len(await registry.entries(VehicleRecord))} vehicles"

    with_registry(None, tmp_path / "new", count)

    assert capsys.readouterr().out == "0 vehicles\n"


def test_an_error_ends_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With exit code 1 and one line."""

    async def fails(_registry: SqlRegistry) -> str:
        raise InputError("--plate is required")

    with pytest.raises(typer.Exit) as caught:
        with_registry(None, tmp_path / "new", fails)

    assert caught.value.exit_code == 1
    assert capsys.readouterr().err == "taxi: --plate is required\n"


def test_a_journal_can_be_required(tmp_path: Path) -> None:
    """A command that only reads creates no journal in a wrong folder."""
    with pytest.raises(FileNotFoundError, match="no journal in"):
        require_journal(load_settings(overrides={"server.data_dir": tmp_path}))
    require_journal(load_settings(overrides={"journal.url": "postgresql+asyncpg:///taxi"}))

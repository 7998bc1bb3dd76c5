"""The command, run in this process on a data folder of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from taxi_cli.main import app

Taxi = Callable[..., Result]


@pytest.fixture
def taxi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Taxi:
    """Run ``taxi`` with these words, in an empty folder where no settings file is."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str, said: str | None = None) -> Result:
        return CliRunner().invoke(app, list(words), input=said)

    return run

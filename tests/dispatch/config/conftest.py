"""Tests of settings run without settings from outside."""

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable of ours, and no taxi.toml in the working directory."""
    for name in [name for name in os.environ if name.startswith("TAXI_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

"""Keys of both sides, made once: making them takes longer than a payment."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sim.alipay_sandbox.key_directory import write_demo_keys


@pytest.fixture(scope="session")
def made_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of key files."""
    folder = tmp_path_factory.mktemp("keys")
    write_demo_keys(folder)
    return folder


@pytest.fixture
def folder(tmp_path: Path, made_keys: Path) -> Path:
    """A folder for a sandbox of its own, with its keys in it."""
    shutil.copytree(made_keys, tmp_path / "keys")
    return tmp_path

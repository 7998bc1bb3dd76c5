"""Shared by all commands: options, settings, one-line errors, tables, and cleanup of child processes."""

from __future__ import annotations

import signal
import sys
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec
import typer
import uvloop

from dispatch.processes import child_processes as processes

if TYPE_CHECKING:
    from rich.table import Table

    from dispatch.config.loader import Settings

T = TypeVar("T")

Config = Annotated[Path | None, typer.Option("--config", help="Settings file (TOML).")]
DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Data folder; overrides server.data_dir.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Overrides = dict[str, str | float | int | bool]

FAILED = 1
NOT_DONE = 2
"""Exit code of commands whose code 1 is a result: a finding, or an open item."""


def fail(text: str, code: int = FAILED) -> typer.Exit:
    """Print ``text`` in one line on standard error; the exit to raise."""
    typer.echo(f"taxi: {'; '.join(line.strip() for line in text.splitlines() if line.strip())}", err=True)
    return typer.Exit(code)


def setting_overrides(**values: str | float | bool | Path | None) -> Overrides:
    """Settings of the command line by dotted name (``server__port`` is ``server.port``); None is left out."""
    return {
        name.replace("__", "."): str(value) if isinstance(value, Path) else value
        for name, value in values.items()
        if value is not None
    }


def settings_of(config: Path | None, overrides: Overrides, code: int = FAILED) -> Settings:
    """The settings; the command ends with exit code ``code`` if one is wrong."""
    from dispatch.config.loader import SettingsError, load_settings

    try:
        return load_settings(config, overrides)
    except SettingsError as error:
        raise fail(str(error), code) from error


def settings_for(config: Path | None, data_dir: Path | None, code: int = FAILED) -> Settings:
    return settings_of(config, setting_overrides(server__data_dir=data_dir), code)


@contextmanager
def nothing_left_behind() -> Iterator[None]:
    processes.adopt_orphans()
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        processes.kill_descendants()


def quiet_run(work: Coroutine[Any, Any, T]) -> T:
    """Run on uvloop, and kill all child processes at the end."""
    with nothing_left_behind():
        return uvloop.run(work)


def print_json(value: object) -> None:
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()


def new_table(*columns: str, right: Sequence[int] = ()) -> Table:
    """An empty table; the columns at the indices ``right`` are right-aligned."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number in right else "left")
    return table

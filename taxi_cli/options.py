"""What the commands share: the options that choose settings, and saying in one line why something did not work."""

from __future__ import annotations

import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec
import typer
import uvloop

from dispatch.processes import child_processes as processes

if TYPE_CHECKING:
    from dispatch.config.loader import Settings

T = TypeVar("T")

Config = Annotated[Path | None, typer.Option("--config", help="Settings file (TOML).")]
DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Folder of the journal; overrides the settings.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Overrides = dict[str, str | float | int | bool]


def fail(text: str) -> typer.Exit:
    """Say in one line why it did not work."""
    typer.echo(f"taxi: {'; '.join(line.strip() for line in text.splitlines() if line.strip())}", err=True)
    return typer.Exit(1)


def setting_overrides(**values: str | float | bool | Path | None) -> Overrides:
    """Settings of the command line by dotted name (``server__port`` is ``server.port``); None is not overrides."""
    return {
        name.replace("__", "."): str(value) if isinstance(value, Path) else value
        for name, value in values.items()
        if value is not None
    }


def settings_of(config: Path | None, overrides: Overrides) -> Settings:
    """The settings; a wrong one ends the command."""
    from dispatch.config.loader import SettingsError, load_settings

    try:
        return load_settings(config, overrides)
    except SettingsError as error:
        raise fail(str(error)) from error


@contextmanager
def nothing_left_behind() -> Iterator[None]:
    """Afterwards no process that was started here is left."""
    processes.adopt_orphans()
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        processes.kill_descendants()


def quiet_run(work: Coroutine[Any, Any, T]) -> T:
    """Run on uvloop; afterwards no process that was started here is left."""
    with nothing_left_behind():
        return uvloop.run(work)


def print_json(value: object) -> None:
    """One JSON object on a line of its own."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()

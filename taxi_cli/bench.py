"""``taxi bench NAME``: measures something, against an alternative in the same run."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import typer

from taxi_cli.options import Json, fail, nothing_left_behind, print_json

BENCHES: Final = {
    "ingest": "processor time of a GPS fix, against a bare WebSocket server",
    "nearest": "the 32 nearest cars, against Valkey GEOSEARCH and scipy's k-d tree",
    "assign": "exact assignment, against scipy's dense solver",
    "matcher": "the matcher alone at rising rates",
    "offer": "request to offer through the whole system",
    "load": "sockets held, fixes and requests a second to saturation, and what gives first",
    "hostile": "what hostile clients cost the others: the same run with and without them",
    "map": "the live map of 10,000 cars: bytes, age of what is shown, what consoles cost",
    "hku": "the published results of Wei, Feng, Ke and Yang, through the real matcher",
    "policy": "a real evening, exact against oldest request first",
    "backup": "what a backup costs those who write meanwhile",
    "cold": "a cold start: 10,000 cars and 3,000 open trips from the journal",
    "restart": "a host killed, until every vehicle answers again",
    "payments": "each payment gateway under each fault and death of its host, and rides paid a second",
}
MODULES: Final = {
    "ingest": "ingest.run",
    "nearest": "matching.nearest",
    "assign": "matching.assign",
    "matcher": "matching.matcher",
    "offer": "offer.run",
    "load": "load.run",
    "hostile": "hostile.run",
    "map": "live_map.run",
    "hku": "studies.hku",
    "policy": "studies.policy",
    "backup": "recovery.backup",
    "cold": "recovery.cold_start",
    "restart": "recovery.restart",
    "payments": "payments.run",
}
Option = str | int | float | bool


def join(app: typer.Typer) -> None:
    """Add ``bench`` to the command."""
    listed = ", ".join(BENCHES)
    settings = {"allow_extra_args": True, "ignore_unknown_options": True}
    app.command(context_settings=settings, help=f"Measure: {listed}. Options of a bench: --name value.")(bench)


def bench(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Which one; none lists them.")] = "",
    json: Json = False,
) -> None:
    """Run the bench of this name; print a table, or one flat JSON object."""
    if name not in BENCHES:
        if name:
            raise fail(f"no bench {name!r}: {', '.join(BENCHES)}")
        _show(BENCHES)
        return
    from dispatch.server.supervisor import StartError

    try:
        options = parsed(context.args)
        before = importlib.import_module("bench.harness.machine_info").machine()
        with nothing_left_behind():
            figures = importlib.import_module(f"bench.{MODULES[name]}").run(**options) | before
    except (ValueError, OSError, StartError) as error:
        raise fail(f"bench {name}: {error}") from error
    if json:
        print_json(figures)
    else:
        _show(figures)


def parsed(words: Sequence[str]) -> dict[str, Option]:
    """``--cars 5 --one-way --rate=0.5`` as keywords; numbers become numbers. Raises ``ValueError``."""
    options: dict[str, Option] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--") or word == "--":
            raise ValueError(f"{word!r} is no option: write --name value")
        name, equals, value = word[2:].partition("=")
        if not equals:
            value = rest.pop(0) if rest and not rest[0].startswith("--") else "true"
        options[name.replace("-", "_")] = _value(value)
    return options


def _value(text: str) -> Option:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _show(rows: Mapping[str, object]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_header=False, pad_edge=False)
    for name, value in rows.items():
        table.add_row(name, str(value))
    Console(highlight=False).print(table)

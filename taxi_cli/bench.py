"""``taxi bench NAME``: measure the system against an alternative in the same run."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

from taxi_cli.options import fail, new_table, nothing_left_behind, print_json

if TYPE_CHECKING:
    from bench.harness.plan import BenchPlan

BENCHES: Final = {
    "ingest": ("bench.ingest.run", "CPU time of a GPS fix, against a bare WebSocket server."),
    "nearest": ("bench.matching.nearest", "The 32 nearest cars, against Valkey GEOSEARCH and scipy's k-d tree."),
    "assign": ("bench.matching.assign", "Exact assignment, against scipy's dense solver."),
    "matcher": ("bench.matching.matcher", "The matcher alone at rising rates."),
    "offer": ("bench.offer.run", "Request to offer through the whole system, with and without a matching window."),
    "load": ("bench.load.run", "Sockets, fixes and requests a second until the system is saturated."),
    "hostile": ("bench.hostile.run", "Effect of hostile clients on the others: with and without them."),
    "map": ("bench.live_map.run", "The live map of 10,000 cars: bytes, age of positions, cost of consoles."),
    "hku": ("bench.studies.hku", "The published results of Wei, Feng, Ke and Yang, through the real matcher."),
    "policy": ("bench.studies.policy", "A real evening: exact assignment against oldest request first."),
    "backup": ("bench.recovery.backup", "Effect of a backup on concurrent writers."),
    "cold": ("bench.recovery.cold_start", "A cold start: 10,000 cars and 3,000 open trips from the journal."),
    "restart": ("bench.recovery.restart", "A host is killed, until every vehicle answers again."),
    "payments": ("bench.payments.run", "Each payment gateway under each fault and crash, and rides paid a second."),
}
"""By name: module and help. A module has ``run(plan)``; the fields of the plan are the command's options."""


class BenchGroup(TyperGroup):
    """Imports the module of a bench when its command is used."""

    def list_commands(self, ctx: object) -> list[str]:
        del ctx
        return list(BENCHES)

    def get_command(self, ctx: object, cmd_name: str) -> TyperCommand | None:
        del ctx
        if cmd_name not in BENCHES:
            return None
        module, text = BENCHES[cmd_name]
        app = typer.Typer(add_completion=False)
        app.command(cmd_name, help=text)(get_type_hints(importlib.import_module(module).run)["plan"])
        command = typer.main.get_command(app)
        assert isinstance(command, TyperCommand)  # noqa: S101 - an app with one command
        return command


def _run(plan: BenchPlan) -> None:
    """Run the bench of a plan; print its figures with those of the machine, as a table or as one flat JSON object."""
    from bench.harness.cpu_time import machine_info
    from dispatch.server.supervisor import StartError

    module = importlib.import_module(type(plan).__module__)
    try:
        machine = machine_info()
        with nothing_left_behind():
            figures = {**module.run(plan), **machine}
    except (ValueError, OSError, StartError) as error:
        raise fail(f"bench: {error}") from error
    if plan.json:
        print_json(figures)
    else:
        _print_table(figures)


bench = typer.Typer(
    name="bench",
    cls=BenchGroup,
    help="Measure the system against an alternative in the same run. Figures: bench/README.md.",
    no_args_is_help=True,
    result_callback=_run,
    context_settings={"token_normalize_func": lambda word: word.replace("_", "-")},
)


@bench.callback()
def _bench() -> None:
    pass


def _print_table(rows: Mapping[str, object]) -> None:
    from rich.console import Console

    table = new_table("", "")
    table.show_header = False
    for name, value in rows.items():
        table.add_row(name, str(value))
    Console(highlight=False).print(table)

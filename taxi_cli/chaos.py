"""``taxi chaos``: injects faults into a whole system and checks the results seen by clients and the Alipay sandbox."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from taxi_cli.options import Json, fail, print_json, quiet_run

if TYPE_CHECKING:
    from sim.chaos.campaign import Campaign

SHOWN = 10


def chaos(
    kills: Annotated[int, typer.Option(min=1, help="Number of kill -9; pauses and other faults are added.")] = 60,
    for_: Annotated[
        float, typer.Option("--for", help="Wall seconds after which no fault is injected; 0: no limit.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="Seed of the faults and of the city.")] = 1,
    cars: Annotated[int, typer.Option(min=1, help="Vehicles.")] = 100,
    speed: Annotated[float, typer.Option(help="City seconds per wall second.")] = 20.0,
    per_hour: Annotated[float, typer.Option(help="Requests per city hour.")] = 1200.0,
    journal: Annotated[str, typer.Option(help="sqlite, or postgres (started and killed by the command).")] = "sqlite",
    only: Annotated[
        str, typer.Option(help="Only faults whose kind contains one of these words (comma-separated).")
    ] = "",
    data_dir: Annotated[Path | None, typer.Option(help="Data folder to keep; default: a temporary one.")] = None,
    json: Json = False,
) -> None:
    """Kill, pause and starve the parts of a system under load.

    Exit code 1: an invariant was violated.
    """
    from dispatch.config.loader import SettingsError
    from dispatch.observability.logging import configure_logging
    from dispatch.server.supervisor import StartError
    from sim.chaos.campaign import Campaign, ChaosOptions, NothingToDoError
    from sim.demo.sandbox_process import SandboxNotStartedError

    configure_logging("error", "console")
    if journal not in ("sqlite", "postgres"):
        raise fail("--journal must be sqlite or postgres")
    of: Literal["sqlite", "postgres"] = "postgres" if journal == "postgres" else "sqlite"

    def play(folder: Path) -> Campaign:
        options = ChaosOptions(
            kills=kills,
            for_s=for_,
            seed=seed,
            cars=cars,
            speed=speed,
            per_hour=per_hour,
            journal=of,
            only=only,
            data_dir=folder,
        )
        campaign = Campaign(options, lambda line: typer.echo(line, err=True))
        quiet_run(campaign.run())
        return campaign

    try:
        if data_dir is not None:
            done = play(data_dir.resolve())
        else:
            with tempfile.TemporaryDirectory(prefix="taxi-chaos-", ignore_cleanup_errors=True) as folder:
                done = play(Path(folder))
    except (StartError, SettingsError, SandboxNotStartedError, NothingToDoError, ImportError) as error:
        raise fail(str(error)) from error
    _print(done, as_json=json)
    raise typer.Exit(any(done.wrong.values()))


def _print(done: Campaign, *, as_json: bool) -> None:
    for name, found in done.wrong.items():
        for line in found[:SHOWN]:
            typer.echo(f"{name}: {line}", err=True)
    if as_json:
        print_json(done.figures)
        return
    for name, figure in done.figures.items():
        typer.echo(f"{name}: {figure}")

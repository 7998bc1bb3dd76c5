"""``taxi chaos``: a whole system under faults, judged by what its clients and Alipay's sandbox saw."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Literal

import typer

from taxi_cli.options import Json, fail, print_json, quiet_run

TOLD = 10


def chaos(
    kills: Annotated[
        int, typer.Option(min=1, help="kill -9 of so many processes; pauses and the like come beside.")
    ] = 60,
    for_: Annotated[float, typer.Option("--for", help="No new fault after so many seconds; 0: no limit.")] = 0.0,
    seed: Annotated[int, typer.Option(help="The order of the faults, and the city's whims.")] = 1,
    cars: Annotated[int, typer.Option(min=1)] = 100,
    speed: Annotated[float, typer.Option(help="City seconds in a wall second.")] = 20.0,
    per_hour: Annotated[float, typer.Option(help="Requests in a city hour.")] = 1200.0,
    journal: Annotated[str, typer.Option(help="sqlite, or postgres (started here, and killed too).")] = "sqlite",
    only: Annotated[str, typer.Option(help="Only faults whose kind holds one of these words, by comma.")] = "",
    data_dir: Annotated[Path | None, typer.Option(help="Keep everything here; else it is thrown away.")] = None,
    json: Json = False,
) -> None:
    """Kill, pause and starve the parts of a whole system under load, one after the other. Exit code 1: a violation."""
    from dispatch.config.loader import SettingsError
    from dispatch.observability.logging import configure_logging
    from dispatch.server.supervisor import StartError
    from sim.chaos.campaign import Campaign, ChaosOptions, NothingToDoError
    from sim.demo.sandbox_process import SandboxNotStartedError

    configure_logging("error", "console")
    if journal not in ("sqlite", "postgres"):
        raise fail("--journal is sqlite or postgres")
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
    for name, found in done.wrong.items():
        for line in found[:TOLD]:
            typer.echo(f"{name}: {line}", err=True)
    if json:
        print_json(done.figures)
    else:
        for name, figure in done.figures.items():
            typer.echo(f"{name}: {figure}")
    raise typer.Exit(any(done.wrong.values()))

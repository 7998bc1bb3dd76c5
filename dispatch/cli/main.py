"""The ``taxi`` command. Each subcommand is a few lines that call the part that does the work."""

from __future__ import annotations

import signal
import sys
from collections.abc import Coroutine
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import typer
import uvloop

from dispatch import processes
from dispatch.stopping import stop_on_signals, unless

T = TypeVar("T")

app = typer.Typer(
    name="taxi",
    help="Taxi dispatch for a whole city: serve it, simulate it, ask it why.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
add = typer.Typer(help="Add to the registry.", no_args_is_help=True)
token = typer.Typer(help="Tokens for development.", no_args_is_help=True)
city = typer.Typer(help="Cities.", no_args_is_help=True)
app.add_typer(add, name="add")
app.add_typer(token, name="token")
app.add_typer(city, name="city")

Config = Annotated[Path | None, typer.Option("--config", help="Settings file (TOML).")]
DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Folder of the journal; overrides the settings.")]
Given = dict[str, str | float | int | bool]


def fail(text: str) -> typer.Exit:
    """Say in one line why it did not work."""
    typer.echo(f"taxi: {text}", err=True)
    return typer.Exit(1)


def quiet_run(work: Coroutine[Any, Any, T]) -> T:
    """Run on uvloop; afterwards no process that was started here is left."""
    processes.adopt_orphans()
    try:
        return uvloop.run(work)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        processes.end_descendants()


def given_settings(**values: str | float | bool | Path | None) -> Given:
    """Settings of the command line by dotted name (``server__port`` is ``server.port``); None is not given."""
    return {
        name.replace("__", "."): str(value) if isinstance(value, Path) else value
        for name, value in values.items()
        if value is not None
    }


@app.command()
def serve(
    config: Config = None,
    data_dir: DataDir = None,
    port: Annotated[int | None, typer.Option(help="Port of HTTP and WebSocket.")] = None,
    speed: Annotated[float | None, typer.Option(help="City seconds in a wall second.")] = None,
) -> None:
    """Run the server for real clients, until Ctrl-C or SIGTERM."""
    from dispatch.config import SettingsError, load_settings
    from dispatch.signals import configure_logging
    from dispatch.supervisor import StartError, Supervisor

    given = given_settings(server__data_dir=data_dir, server__port=port, clock__speed=speed)
    try:
        settings = load_settings(config, given)
    except SettingsError as error:
        raise fail(str(error)) from error
    configure_logging(settings.log.level, settings.log.format)

    async def run() -> None:
        stop = stop_on_signals()
        supervisor = Supervisor(settings, config=config, given=given)
        await unless(stop, supervisor.start())
        try:
            if not stop.is_set():
                typer.echo(f"Clients connect to {supervisor.url.replace('http', 'ws', 1)}/v1/ws")
            await stop.wait()
        finally:
            await supervisor.stop()

    try:
        quiet_run(run())
    except StartError as error:
        raise fail(str(error)) from error


@app.command()
def demo(
    for_: Annotated[float, typer.Option("--for", help="Wall seconds; 0 runs until Ctrl-C.")] = 0.0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
    cars: int = 300,
    speed: Annotated[float, typer.Option(help="City seconds in a wall second.")] = 10.0,
    seed: int = 1,
    city_name: Annotated[str, typer.Option("--city")] = "san_francisco",
    trips: Annotated[Path | None, typer.Option(help="Real trips to replay (parquet).")] = None,
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day in the city.")] = None,
    hour: Annotated[float | None, typer.Option(min=0, max=24, help="Hour in the city.")] = None,
    kill: Annotated[bool, typer.Option("--kill", help="Kill and pause hosts while it runs.")] = False,
    port: Annotated[int, typer.Option(help="Port of HTTP and WebSocket; 0 lets the system choose.")] = 8080,
    config: Config = None,
    data_dir: DataDir = None,
    placement: Annotated[str | None, typer.Option(help="sharded or dedicated")] = None,
) -> None:
    """A city at work on this machine: server, Alipay sandbox, simulated drivers and passengers."""
    from dispatch.config import SettingsError
    from dispatch.signals import configure_logging
    from dispatch.supervisor import StartError
    from sim.demo.demo import Demo, DemoOptions
    from sim.demo.sandbox_process import SandboxNotStartedError
    from sim.demo.stage import present

    configure_logging("error", "console")
    options = DemoOptions(
        for_s=for_,
        cars=cars,
        speed=speed,
        seed=seed,
        city=city_name,
        trips=trips,
        day=day.date() if day is not None else None,
        hour=hour,
        kill=kill,
        port=port,
        config=config,
        data_dir=data_dir,
        given=given_settings(ray__placement=placement),
    )

    async def run() -> dict[str, Any] | None:
        stop = stop_on_signals()
        performance = Demo(options)
        await present(performance, stop, quiet=json)
        return performance.figures

    try:
        figures = quiet_run(run())
    except (StartError, SettingsError, SandboxNotStartedError) as error:
        raise fail(str(error)) from error
    if json and figures is not None:
        sys.stdout.write(msgspec.json.encode(figures).decode() + "\n")


def main() -> None:
    """The console script."""
    app()

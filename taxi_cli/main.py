"""The ``taxi`` command. Each sub-command is a few lines that call the package that does the work."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from dispatch.processes.shutdown import run_until, stop_on_signals
from sim.alipay_sandbox.command import sandbox
from taxi_cli import access, backup, bench, chaos, development, payments, privacy, qr, registry, simtest, simulate, why
from taxi_cli.options import Config, DataDir, fail, print_json, quiet_run, setting_overrides, settings_of

app = typer.Typer(
    name="taxi",
    help="Taxi dispatch for a whole city: run, simulate, inspect.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(registry.add, name="add")
app.add_typer(development.token, name="token")
app.add_typer(simulate.city, name="city")
app.add_typer(payments.payments, name="payments")
app.add_typer(privacy.privacy, name="privacy")
for each in (
    access.revoke,
    access.audit,
    development.schema,
    qr.qr,
    why.why,
    payments.reconcile,
    backup.verify,
    backup.backup,
    backup.restore,
    simtest.simtest,
    chaos.chaos,
    simulate.sim,
    sandbox,
):
    app.command()(each)
app.add_typer(bench.bench, name="bench")


@app.command()
def serve(
    config: Config = None,
    data_dir: DataDir = None,
    port: Annotated[int | None, typer.Option(help="Port for HTTP and WebSocket.")] = None,
    speed: Annotated[float | None, typer.Option(help="City seconds per wall second.")] = None,
) -> None:
    """Run the server until Ctrl-C or SIGTERM."""
    from dispatch.observability.logging import configure_logging
    from dispatch.server.supervisor import StartError, Supervisor

    overrides = setting_overrides(server__data_dir=data_dir, server__port=port, clock__speed=speed)
    settings = settings_of(config, overrides)
    configure_logging(settings.log.level, settings.log.format)

    async def run() -> None:
        stop = stop_on_signals()
        supervisor = Supervisor(settings, config=config, overrides=overrides)
        await run_until(stop, supervisor.start())
        stop_on_signals(stop)
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
    for_: Annotated[float, typer.Option("--for", help="Wall seconds; 0: until Ctrl-C.")] = 0.0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")] = False,
    cars: Annotated[int, typer.Option(help="Vehicles.")] = 300,
    speed: Annotated[float, typer.Option(help="City seconds per wall second.")] = 10.0,
    seed: Annotated[int, typer.Option(help="Seed of the simulation.")] = 1,
    city_name: Annotated[str, typer.Option("--city", help="City, as in city.name.")] = "san_francisco",
    trips: Annotated[Path | None, typer.Option(help="Recorded trips to replay (parquet).")] = None,
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Date in the city.")] = None,
    hour: Annotated[float | None, typer.Option(min=0, max=24, help="Hour in the city.")] = None,
    port: Annotated[int, typer.Option(help="Port for HTTP and WebSocket; 0 selects a free port.")] = 8080,
    config: Config = None,
    data_dir: DataDir = None,
    placement: Annotated[str | None, typer.Option(help="sharded or dedicated.")] = None,
    kill: Annotated[bool, typer.Option("--kill", help="Kill and pause hosts and matchers while it runs.")] = False,
) -> None:
    """Simulate a city on this machine: server, Alipay sandbox, drivers and passengers."""
    from dispatch.config.loader import SettingsError
    from dispatch.observability.logging import configure_logging
    from dispatch.server.supervisor import StartError
    from sim.chaos.campaign import DemoFaults
    from sim.demo.demo import Demo, DemoOptions
    from sim.demo.sandbox_process import SandboxNotStartedError
    from sim.demo.terminal_panel import present

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
        port=port,
        config=config,
        data_dir=data_dir,
        overrides=setting_overrides(ray__placement=placement),
    )

    async def run() -> dict[str, Any] | None:
        stop = stop_on_signals()
        performance, harrier = Demo(options), DemoFaults()
        await present(performance, stop, quiet=json, beside=harrier.run if kill else None)
        if performance.figures is None or not kill:
            return performance.figures
        return {**performance.figures, **harrier.numbers()}

    try:
        figures = quiet_run(run())
    except (StartError, SettingsError, SandboxNotStartedError) as error:
        raise fail(str(error)) from error
    if json and figures is not None:
        print_json(figures)


def main() -> None:
    app()

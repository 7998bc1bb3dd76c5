"""``taxi sim`` runs simulated apps against a server; ``taxi city`` imports cities."""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlsplit

import typer

from dispatch.processes.shutdown import stop_on_signals
from taxi_cli.options import Json, fail, print_json, quiet_run

if TYPE_CHECKING:
    from sim.city.config import WorldConfig
    from sim.metrics.run_metrics import RunMetrics

city = typer.Typer(help="Import cities.", no_args_is_help=True)

LINE_EVERY_S: Final = 5.0
SHOWN: Final = ("requests", "matched", "on_trip", "completed", "paid", "pickup_mean_s", "gps_per_s", "errors")


def sim(
    url: Annotated[str, typer.Option(help="URL of the server: ws://HOST:PORT/v1/ws")],
    fleet: Annotated[Path, typer.Option(help="Drivers: CSV of vehicle,driver,pin.")],
    sms_file: Annotated[Path, typer.Option(help="File with sign-in codes from the server: DATA_DIR/sms.jsonl.")],
    sandbox: Annotated[
        str | None, typer.Option(help="URL of the Alipay sandbox; without it there are no payments.")
    ] = None,
    cars: Annotated[int | None, typer.Option(min=1, help="Number of vehicles, from the start of --fleet.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the simulation.")] = 1,
    city_name: Annotated[str, typer.Option("--city", help="City, as in city.name.")] = "san_francisco",
    trips: Annotated[Path | None, typer.Option(help="Recorded trips to replay (parquet).")] = None,
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day whose demand is simulated.")] = None,
    hour: Annotated[float, typer.Option(min=0, max=24, help="Hour of that day.")] = 0.0,
    for_: Annotated[float, typer.Option("--for", help="Wall seconds; 0: until Ctrl-C.")] = 0.0,
    fix_interval: Annotated[float, typer.Option(min=0.05, help="Wall seconds between GPS fixes of a vehicle.")] = 1.0,
    cache_dir: Annotated[Path, typer.Option(help="Folder for the travel-time matrix.")] = Path("var/cache"),
    json: Json = False,
) -> None:
    """Simulate the apps of drivers and passengers against any server, over the wire only."""
    from dispatch.geo.city import CityError, load_city
    from sim.city.config import DemandOptions, FleetFileError, WorldConfig, read_fleet
    from sim.demand.sampled_demand import demand_file

    try:
        place = load_city(city_name)
        accounts = read_fleet(fleet)[:cars]
        world = WorldConfig(
            ws_url=url,
            http_url=_http(url),
            sandbox_url=sandbox.rstrip("/").removesuffix("/gateway.do") if sandbox else None,
            fleet=accounts,
            sms_file=sms_file,
            roads=place.travel_time(cache_dir),
            time_zone=place.time_zone,
            demand=DemandOptions(
                aggregates=demand_file(place.name), trips=trips, day=day.date() if day else None, hour=hour
            ),
            run=f"sim{secrets.token_hex(4)}",
            seed=seed,
            fix_interval_s=fix_interval,
        )
        tally = quiet_run(_play(world, for_, quiet=json))
    except (CityError, FleetFileError, OSError, ValueError, KeyError) as error:
        raise fail(str(error)) from error
    if json:
        print_json(tally.numbers())


def _http(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("ws", "wss") or not parts.netloc:
        raise ValueError(f"--url must be ws://HOST:PORT/v1/ws, not {url!r}")
    return f"{'https' if parts.scheme == 'wss' else 'http'}://{parts.netloc}"


async def _play(world: WorldConfig, for_s: float, *, quiet: bool) -> RunMetrics:
    from sim.city.run import new_metrics, run_world

    stop = stop_on_signals()
    tally = new_metrics()
    if for_s:
        asyncio.get_running_loop().call_later(for_s, stop.set)
    showing = asyncio.ensure_future(_show(tally, quiet=quiet))
    try:
        await run_world(world, tally, stop)
    finally:
        showing.cancel()
    return tally


async def _show(tally: RunMetrics, *, quiet: bool) -> None:
    while True:
        await asyncio.sleep(LINE_EVERY_S)
        numbers = tally.numbers()
        typer.echo("  ".join(f"{name} {numbers[name]}" for name in SHOWN), err=quiet)


@city.command("import")
def import_city(
    file: Annotated[Path, typer.Argument(metavar="FILE.osm.pbf", help="An OpenStreetMap extract.")],
    name: Annotated[str, typer.Option(help="Lower-case letters, digits, _ and -.")],
    time_zone: Annotated[str, typer.Option(help="IANA time zone, such as Europe/Helsinki.")],
    out: Annotated[Path, typer.Option(help="Parent folder; city.name is then OUT/NAME.")],
) -> None:
    """Import a city from OpenStreetMap."""
    from dispatch.geo.city import CityError
    from dispatch.geo.osm_import import import_osm

    try:
        typer.echo(str(import_osm(file, out, name, time_zone)))
    except (CityError, OSError) as error:
        raise fail(str(error)) from error

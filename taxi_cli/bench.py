"""``taxi bench NAME``: measure the system against an alternative in the same run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer
from typer import Option

from taxi_cli.options import Json, fail, nothing_left_behind, print_json

bench = typer.Typer(
    name="bench",
    help="Measure the system against an alternative in the same run. Figures: bench/README.md.",
    no_args_is_help=True,
    context_settings={"token_normalize_func": lambda word: word.replace("_", "-")},
)
Cars = Annotated[int, Option(min=0, help="Number of cars.")]
Requests = Annotated[int, Option(min=1, help="Number of ride requests.")]
Seconds = Annotated[float, Option(min=0, help="Length of each measured span in seconds.")]
Seed = Annotated[int, Option(help="Seed of the random choices.")]
Processes = Annotated[int, Option(min=1, help="Worker processes.")]
Cache = Annotated[str, Option(help="Folder of the travel-time table.")]


@bench.command()
def ingest(
    sockets: Annotated[int, Option(min=1, help="Phones, each with a socket.")] = 2_000,
    per_socket: Annotated[float, Option(help="Fixes per second from each phone.")] = 5.0,
    seconds: Seconds = 20.0,
    json: Json = False,
) -> None:
    """CPU time of a GPS fix, against a bare WebSocket server."""
    from bench.ingest.run import IngestPlan, run

    _report(json, lambda: run(IngestPlan(sockets, per_socket, seconds)))


@bench.command()
def nearest(
    cars: Cars = 20_000,
    requests: Requests = 2_000,
    k: Annotated[int, Option(min=1, help="Cars to find for each request.")] = 32,
    rounds: Annotated[int, Option(min=1, help="Measured rounds.")] = 7,
    seed: Seed = 1,
    json: Json = False,
) -> None:
    """The 32 nearest cars, against Valkey GEOSEARCH and scipy's k-d tree."""
    from bench.matching.nearest import run

    _report(json, lambda: run(cars=cars, requests=requests, k=k, rounds=rounds, seed=seed))


@bench.command()
def assign(
    cars: Cars = 20_000,
    requests: Requests = 2_000,
    spot: Annotated[int, Option(min=1, help="Requests at one spot in the third scene.")] = 200,
    repeat: Annotated[int, Option(min=1, help="Runs of each solver.")] = 5,
    seed: Seed = 1,
    json: Json = False,
) -> None:
    """Exact assignment, against scipy's dense solver."""
    from bench.matching.assign import run

    _report(json, lambda: run(cars=cars, requests=requests, spot=spot, repeat=repeat, seed=seed))


@bench.command()
def matcher(
    cars: Cars = 5_000,
    windows: Annotated[int, Option(min=1, help="Matching windows at each rate.")] = 60,
    rates: Annotated[str, Option(help="Requests per city second, separated by commas.")] = "20,50,100,200,400,600,800",
    seed: Seed = 1,
    json: Json = False,
) -> None:
    """The matcher alone at rising rates."""
    from bench.matching.matcher import run

    _report(json, lambda: run(cars=cars, windows=windows, seed=seed, rates=rates))


@bench.command()
def offer(
    cars: Cars = 2_000,
    requests_per_s: Annotated[float, Option(help="Ride requests per second.")] = 20.0,
    think_s: Annotated[float, Option(help="Seconds until a driver accepts.")] = 1.0,
    pickup_s: Annotated[float, Option(help="Seconds from accepting to the passenger.")] = 20.0,
    ride_s: Annotated[float, Option(help="Seconds of a ride.")] = 60.0,
    window_s: Annotated[float, Option(help="Matching window; the second run has none.")] = 2.0,
    warm_up: Annotated[float, Option(help="Seconds before the measured span.")] = 90.0,
    seconds: Seconds = 60.0,
    settle: Annotated[float, Option(help="Seconds to wait for late offers.")] = 10.0,
    seed: Seed = 1,
    apps: Annotated[int, Option(min=1, help="Processes of simulated apps.")] = 3,
    cache: Cache = "var/cache",
    json: Json = False,
) -> None:
    """Request to offer through the whole system, with and without a matching window."""
    from bench.offer.run import OfferPlan, run

    plan = OfferPlan(
        cars=cars,
        requests_per_s=requests_per_s,
        think_s=think_s,
        pickup_s=pickup_s,
        ride_s=ride_s,
        window_s=window_s,
        warm_up=warm_up,
        seconds=seconds,
        settle=settle,
        seed=seed,
        apps=apps,
        cache=cache,
    )
    _report(json, lambda: run(plan))


@bench.command()
def load(
    gateways: Annotated[int, Option(min=1, help="Gateway processes.")] = 2,
    connections: Annotated[int, Option(help="Idle sockets; 0 leaves this part out.")] = 20_000,
    holders: Annotated[int, Option(min=1, help="Processes that hold the idle sockets.")] = 4,
    hold: Annotated[float, Option(help="Seconds the idle sockets are held before the pings.")] = 10.0,
    cars: Cars = 2_000,
    requests_per_s: Annotated[float, Option(help="Ride requests per second beside the fixes.")] = 10.0,
    quiet: Annotated[float, Option(help="Seconds of the quiet system.")] = 60.0,
    step: Annotated[float, Option(help="Seconds of each step.")] = 15.0,
    last_fix_step: Annotated[float, Option(help="Seconds of the last step of fixes; 0: as the others.")] = 0.0,
    fix_steps: Annotated[str, Option(help="Fixes per second of each step.")] = "2500/5000/10000/15000/20000",
    request_steps: Annotated[str, Option(help="Requests per second of each step.")] = "10/20/40/80/160",
    json: Json = False,
) -> None:
    """Sockets held, fixes and requests a second until the system is saturated."""
    from bench.load.run import LoadPlan, run

    plan = LoadPlan(
        gateways=gateways,
        connections=connections,
        holders=holders,
        hold=hold,
        cars=cars,
        requests_per_s=requests_per_s,
        quiet=quiet,
        step=step,
        last_fix_step=last_fix_step,
        fix_steps=fix_steps,
        request_steps=request_steps,
    )
    _report(json, lambda: run(plan))


@bench.command()
def hostile(
    pairs: Annotated[int, Option(min=1, help="Pairs of spans without and with hostile clients.")] = 4,
    seconds: Seconds = 10.0,
    others: Annotated[int, Option(min=1, help="Harmless clients that send pings.")] = 500,
    json: Json = False,
) -> None:
    """Effect of hostile clients on the others: the same run with and without them."""
    from bench.hostile.run import HostilePlan, run

    _report(json, lambda: run(HostilePlan(pairs, seconds, others)))


@bench.command(name="map")
def live_map(
    cars: Cars = 10_000,
    seconds: Seconds = 20.0,
    sockets: Annotated[bool, Option(help="Give each car a socket of its own.")] = False,
    browser: Annotated[bool, Option(help="Measure the console's page in Chromium.")] = True,
    json: Json = False,
) -> None:
    """The live map of 10,000 cars: bytes, age of positions, cost of consoles."""
    from bench.live_map.run import MapPlan, run

    _report(json, lambda: run(MapPlan(cars, seconds, sockets, browser)))


@bench.command()
def hku(
    cells: Annotated[Path | None, Option(help="Published table (CSV); the shipped one by default.")] = None,
    seeds: Annotated[int, Option(min=1, help="Seeds per cell.")] = 3,
    processes: Processes = 2,
    json: Json = False,
) -> None:
    """The published results of Wei, Feng, Ke and Yang, through the real matcher."""
    from bench.studies.hku import run

    _report(json, lambda: run(cells_file=cells, seeds=seeds, processes=processes))


@bench.command()
def policy(
    trips: Annotated[Path, Option(help="Recorded trips (parquet); none is shipped.")],
    day: Annotated[str, Option(help="Local day in the city.")] = "2008-05-30",
    hours: Annotated[str, Option(help="First and last hour of the day.")] = "15-24",
    cars: Cars = 160,
    cap: Annotated[float, Option(help="Longest pick-up in seconds.")] = 900.0,
    seeds: Annotated[int, Option(min=1, help="Seeds of the cars' first places.")] = 1,
    city: Annotated[str, Option(help="City of the trips.")] = "san_francisco",
    cache: Cache = ".cache",
    json: Json = False,
) -> None:
    """A real evening: exact assignment against oldest request first."""
    from bench.studies.policy import PolicyPlan, run

    _report(json, lambda: run(PolicyPlan(trips, day, hours, cars, cap, seeds, city, Path(cache))))


@bench.command()
def backup(
    streams: Annotated[int, Option(min=10, help="Streams in the journal.")] = 20_000,
    rate: Annotated[float, Option(help="Commits per second.")] = 20.0,
    seconds: Seconds = 10.0,
    rounds: Annotated[int, Option(min=1, help="Rounds without and with backups.")] = 3,
    json: Json = False,
) -> None:
    """Effect of a backup on concurrent writers."""
    from bench.recovery.backup import BackupPlan, run

    _report(json, lambda: run(BackupPlan(streams, rate, seconds, rounds)))


@bench.command()
def cold(
    cars: Cars = 10_000,
    trips: Annotated[int, Option(min=0, help="Open trips, each with a car.")] = 3_000,
    history: Annotated[int, Option(min=0, help="Events of each car.")] = 20,
    url: Annotated[str, Option(help="Empty PostgreSQL database; SQLite by default.")] = "",
    json: Json = False,
) -> None:
    """A cold start: 10,000 cars and 3,000 open trips from the journal."""
    from bench.recovery.cold_start import ColdStartPlan, run

    _report(json, lambda: run(ColdStartPlan(cars, trips, history, url)))


@bench.command()
def restart(
    cars: Cars = 2_000,
    trips: Annotated[int, Option(min=0, help="Cars with a trip.")] = 500,
    in_flight: Annotated[int, Option(min=0, help="Commands in flight at the kill.")] = 200,
    cache: Cache = "var/cache",
    json: Json = False,
) -> None:
    """A host is killed, until every vehicle answers again."""
    from bench.recovery.restart import RestartPlan, run

    _report(json, lambda: run(RestartPlan(cars, trips, in_flight, cache)))


@bench.command()
def payments(
    share: Annotated[float, Option(min=0, max=1, help="Share of the cases to play.")] = 1.0,
    seed: Seed = 1,
    processes: Processes = 2,
    rides: Annotated[int, Option(min=0, help="Rides of each rate measurement; 0 leaves it out.")] = 150,
    at_once: Annotated[int, Option(min=1, help="Rides paid at the same time.")] = 16,
    json: Json = False,
) -> None:
    """Each payment gateway under each fault and crash, and rides paid a second."""
    from bench.payments.run import PaymentsPlan, run

    _report(json, lambda: run(PaymentsPlan(share, seed, processes, rides, at_once)))


def _report(json: bool, run: Callable[[], Mapping[str, object]]) -> None:
    """Run a bench and print its figures with those of the machine, as a table or as one flat JSON object."""
    from bench.harness.machine_info import machine_info
    from dispatch.server.supervisor import StartError

    try:
        machine = machine_info()
        with nothing_left_behind():
            figures = {**run(), **machine}
    except (ValueError, OSError, StartError) as error:
        raise fail(f"bench: {error}") from error
    if json:
        print_json(figures)
    else:
        _print_table(figures)


def _print_table(rows: Mapping[str, object]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_header=False, pad_edge=False)
    for name, value in rows.items():
        table.add_row(name, str(value))
    Console(highlight=False).print(table)

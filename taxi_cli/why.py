"""``taxi why``: asks the matchers of a running system what they remember of a trip or a vehicle."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import typer

from taxi_cli.options import Config, DataDir, Json, fail, print_json, setting_overrides, settings_of

if TYPE_CHECKING:
    from rich.table import Table

    from dispatch.actors.runtime.cluster_config import ClusterConfig
    from dispatch.matching.explain import RequestReasons, VehicleReasons

Answers = dict[str, Any]
"""What each matcher that knows it said, by the matcher's name."""


def why(
    what: Annotated[str, typer.Argument(metavar="TRIP|VEHICLE", help="An id, or trip:ID, vehicle:ID.")],
    json: Json = False,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Why a trip got its car, or none; why a car got nothing, and when. The system must run on the data folder."""
    from dispatch.actors.runtime.cluster_config import ClusterConfig
    from dispatch.config.loader import use_ray_token

    settings = settings_of(config, setting_overrides(server__data_dir=data_dir))
    folder = settings.server.data_dir
    try:
        system = ClusterConfig.read(folder)
    except (OSError, msgspec.MsgspecError) as error:
        raise fail(f"no system runs on {folder}") from error
    _must_listen(system.ray_address, folder)
    if not settings.ray.address:
        use_ray_token()
    kind, answers = _ask(system, what, folder)
    if kind is None:
        raise fail(f"{what}: no matcher knows it; reasons are kept for a day, and not over a matcher's restart")
    if json:
        print_json({"kind": kind, "id": what.rpartition(":")[2], "matchers": answers})
        return
    _print(kind, answers, system)


def _ask(system: ClusterConfig, what: str, folder: Path) -> tuple[Literal["trip", "vehicle"] | None, Answers]:
    """Whichever of the two it is; nothing where no matcher knows it."""
    from dispatch.actors.core.protocol import HostsUnavailableError
    from dispatch.actors.ray.discovery import connect_by_ray
    from dispatch.actors.ray.session import join_cluster, leave_cluster
    from dispatch.actors.runtime.host_client import HostClient
    from dispatch.domain.entity import EntityKey

    named, colon, entity_id = what.rpartition(":")
    kinds: tuple[Literal["trip", "vehicle"], ...] = ("vehicle", "trip")
    if colon:
        kinds = tuple(kind for kind in kinds if kind == named)

    async def ask() -> tuple[Literal["trip", "vehicle"] | None, Answers]:
        hosts = HostClient(system, "why", connect_by_ray())
        for kind in kinds:
            answers = await hosts.why(EntityKey(kind, entity_id))
            if answers:
                return kind, answers
        return None, {}

    try:
        join_cluster(system)
        return asyncio.run(ask())
    except (HostsUnavailableError, ConnectionError, RuntimeError) as error:
        raise fail(f"the system on {folder} does not answer: {error}") from error
    finally:
        leave_cluster()


def _must_listen(address: str, folder: Path) -> None:
    """Ray would look for a cluster that is gone for a long while."""
    import socket

    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=3).close()
    except OSError as error:
        raise fail(f"no system runs on {folder}: it was stopped") from error


def _print(kind: str, answers: Answers, system: ClusterConfig) -> None:
    from rich.console import Console

    from dispatch.matching.explain import RequestReasons, VehicleReasons

    console = Console(highlight=False)
    now = system.clock().city()
    for matcher, answer in answers.items():
        if len(answers) > 1:
            console.print(f"[bold]{matcher}[/]")
        if kind == "trip":
            _print_trip(msgspec.convert(answer, RequestReasons), now, console.print)
        else:
            _print_vehicle(msgspec.convert(answer, VehicleReasons), now, console.print)


def _print_trip(reasons: RequestReasons, now: float, show: Any) -> None:  # noqa: ANN401 - a console's print
    outcome = f"matched with {reasons.matched}" if reasons.matched else "not matched"
    show(f"Trip {reasons.trip_id}: {outcome} in window {reasons.windows}, {_ago(now - reasons.at)} ago")
    counts = _table("cars", "cause")
    for cause, count in sorted(reasons.counts.items(), key=lambda it: (-it[1], it[0])):
        counts.add_row(str(count), cause)
    show(counts)
    nearest = _table("nearest", "metres", "pick-up s", "cause", right=(1, 2))
    for car in reasons.nearest:
        pickup = "" if car.pickup_s is None else f"{car.pickup_s:.0f}"
        nearest.add_row(car.vehicle_id, f"{car.meters:.0f}", pickup, car.cause)
    show(nearest)


def _print_vehicle(reasons: VehicleReasons, now: float, show: Any) -> None:  # noqa: ANN401 - a console's print
    spans = _table("began", "lasted", "cause", "detail", right=(0, 1))
    for span in reasons.spans:
        until = now if span.until is None else span.until
        lasted = _ago(until - span.since) + (" …" if span.until is None else "")
        spans.add_row(f"{_ago(now - span.since)} ago", lasted, span.cause, span.detail)
    show(f"Vehicle {reasons.vehicle_id}; city time, as long as this matcher runs")
    show(spans)


def _table(*columns: str, right: tuple[int, ...] = (0,)) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number in right else "left")
    return table


def _ago(seconds: float) -> str:
    """``12 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"

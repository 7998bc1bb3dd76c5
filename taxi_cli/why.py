"""``taxi why``: explains matching decisions about a trip or a vehicle, from the matchers of a running system."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import typer

from taxi_cli.options import Config, DataDir, Json, fail, new_table, print_json, settings_for

if TYPE_CHECKING:
    from dispatch.actors.runtime.cluster_config import ClusterConfig
    from dispatch.matching.explain import RequestReasons, VehicleReasons

Answers = dict[str, Any]
"""Answers by the name of the matcher."""


def why(
    what: Annotated[str, typer.Argument(metavar="TRIP|VEHICLE", help="An id, or trip:ID, vehicle:ID.")],
    json: Json = False,
    config: Config = None,
    data_dir: DataDir = None,
) -> None:
    """Explain why a trip got its vehicle or none, or why a vehicle got no trip.

    The system must be running.
    """
    from dispatch.actors.runtime.cluster_config import ClusterConfig
    from dispatch.config.loader import use_ray_token

    settings = settings_for(config, data_dir)
    folder = settings.server.data_dir
    try:
        system = ClusterConfig.read(folder)
    except (OSError, msgspec.MsgspecError) as error:
        raise fail(f"no system is running in {folder}") from error
    _must_listen(system.ray_address, folder)
    if not settings.ray.address:
        use_ray_token()
    kind, answers = _query(system, what, folder)
    if kind is None:
        raise fail(f"{what}: unknown to all matchers; reasons are kept for a day, and are lost when a matcher restarts")
    if json:
        print_json({"kind": kind, "id": what.rpartition(":")[2], "matchers": answers})
        return
    _print(kind, answers, system)


def _query(system: ClusterConfig, what: str, folder: Path) -> tuple[Literal["trip", "vehicle"] | None, Answers]:
    from dispatch.actors.core.protocol import HostsUnavailableError
    from dispatch.actors.ray.discovery import connect_by_ray, join_cluster, leave_cluster
    from dispatch.actors.runtime.host_client import HostClient
    from dispatch.domain.entity import EntityKey

    named, colon, entity_id = what.rpartition(":")
    kinds: tuple[Literal["trip", "vehicle"], ...] = ("vehicle", "trip")
    if colon:
        kinds = tuple(kind for kind in kinds if kind == named)

    async def query() -> tuple[Literal["trip", "vehicle"] | None, Answers]:
        hosts = HostClient(system, "why", connect_by_ray())
        for kind in kinds:
            answers = await hosts.why(EntityKey(kind, entity_id))
            if answers:
                return kind, answers
        return None, {}

    try:
        join_cluster(system)
        return asyncio.run(query())
    except (HostsUnavailableError, ConnectionError, RuntimeError) as error:
        raise fail(f"the system in {folder} does not answer: {error}") from error
    finally:
        leave_cluster()


def _must_listen(address: str, folder: Path) -> None:
    """Fail early: Ray would search for a stopped cluster for a long time."""
    import socket

    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=3).close()
    except OSError as error:
        raise fail(f"no system is running in {folder}: it was stopped") from error


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
    counts = new_table("cars", "cause", right=(0,))
    for cause, count in sorted(reasons.counts.items(), key=lambda it: (-it[1], it[0])):
        counts.add_row(str(count), cause)
    show(counts)
    nearest = new_table("nearest", "metres", "pick-up s", "cause", right=(1, 2))
    for car in reasons.nearest:
        pickup = "" if car.pickup_s is None else f"{car.pickup_s:.0f}"
        nearest.add_row(car.vehicle_id, f"{car.meters:.0f}", pickup, car.cause)
    show(nearest)


def _print_vehicle(reasons: VehicleReasons, now: float, show: Any) -> None:  # noqa: ANN401 - a console's print
    spans = new_table("began", "lasted", "cause", "detail", right=(0, 1))
    for span in reasons.spans:
        until = now if span.until is None else span.until
        lasted = _ago(until - span.since) + (" …" if span.until is None else "")
        spans.add_row(f"{_ago(now - span.since)} ago", lasted, span.cause, span.detail)
    show(f"Vehicle {reasons.vehicle_id}; city time, since the start of this matcher")
    show(spans)


def _ago(seconds: float) -> str:
    """``12 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"

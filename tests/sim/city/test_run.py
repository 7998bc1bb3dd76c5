"""A whole world against a small server over real sockets."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from dispatch.geo.straight_line import StraightLine
from sim.city.behaviour import Behaviour, DriverBehaviour, PassengerBehaviour
from sim.city.config import CarAccount, DemandOptions, WorldConfig
from sim.city.run import new_metrics, run_world
from sim.demand.sampled_demand import demand_file
from sim.metrics.run_metrics import RunMetrics
from sim.states import ENDED
from tests.sim.client.fake_server import FARE, ToyServer, running

SPEED = 600.0
FLEET = tuple(CarAccount(f"V{n}", f"D{n}", "1234") for n in range(12))


def config_for(address: str, sms: Path, **changes: object) -> WorldConfig:
    settings: dict[str, object] = {
        "ws_url": f"ws://{address}/v1/ws",
        "http_url": f"http://{address}",
        "sandbox_url": f"http://{address}",
        "fleet": FLEET,
        "sms_file": sms,
        "roads": StraightLine(),
        "time_zone": "America/Los_Angeles",
        "demand": DemandOptions(demand_file("san_francisco"), per_hour=60.0),
        "run": "r1",
        "fix_interval_s": 0.1,
        "connects_per_s": 500.0,
        "hail_radius_m": 20_000.0,
        "behaviour": Behaviour(
            DriverBehaviour(no_show_s=6000, settle_s=600, break_share=0, ignore_share=0),
            PassengerBehaviour(hail_share=0.3, impatient_share=0.1, reserve_share=0),
        ),
    }
    return WorldConfig(**{**settings, **changes})  # type: ignore[arg-type]


async def stop_when(metrics: RunMetrics, enough: int, stop: asyncio.Event) -> None:
    while len(metrics.paid) < enough:  # noqa: ASYNC110 - the metrics is no event
        await asyncio.sleep(0.01)
    stop.set()


@pytest.mark.integration
async def test_rides_are_completed_and_paid(tmp_path: Path) -> None:
    """Requests and hails become rides that are paid, and what the apps were told agrees with the server."""
    toy = ToyServer(tmp_path / "sms.jsonl", SPEED)
    metrics, stop = new_metrics(), asyncio.Event()
    async with running(toy) as address:
        watch = asyncio.create_task(stop_when(metrics, 12, stop))
        await run_world(config_for(address, toy.sms_file), metrics, stop)
        await watch
    numbers = metrics.numbers()
    assert numbers["double_assignments"] == 0
    assert numbers["violations"] == 0, metrics.violations
    assert not metrics.errors
    assert numbers["hails"]
    assert all(amount == FARE.minor for amount in metrics.paid.values())
    assert set(metrics.paid) <= set(toy.paid)
    known = {name.removeprefix("trip:") for name in toy.streams}
    assert [trip for trip, state in metrics.acknowledged.items() if state not in ENDED and trip not in known] == []
    assert toy.fixes > 0
    assert {a.vehicle for a in metrics.assignments} <= {car.vehicle for car in FLEET}


@pytest.mark.integration
async def test_apps_resume_after_lost_sockets_and_lost_answers(tmp_path: Path) -> None:
    """Sockets that break and answers that get lost cost time, but no ride, no gap and no repeat."""
    toy = ToyServer(tmp_path / "sms.jsonl", SPEED / 5)
    metrics, stop = new_metrics(), asyncio.Event()

    async def break_sockets() -> None:
        for paid in (1, 3, 5):
            while len(metrics.paid) < paid:  # noqa: ASYNC110 - the metrics is no event
                await asyncio.sleep(0.01)
            toy.lose_answers = 3
            await toy.break_sockets(4000)
        await stop_when(metrics, 9, stop)

    async with running(toy) as address:
        config = config_for(address, toy.sms_file, demand=DemandOptions(demand_file("san_francisco"), per_hour=150.0))
        watch = asyncio.create_task(break_sockets())
        await run_world(config, metrics, stop)
        await watch
    assert metrics.closes[4000] > 0
    assert metrics.numbers()["violations"] == 0, metrics.violations
    assert metrics.numbers()["double_assignments"] == 0
    assert set(metrics.paid) <= set(toy.paid)


@pytest.mark.integration
async def test_a_wrong_pin_ends_the_app(tmp_path: Path) -> None:
    """A driver who is not let in does not try again and again; the other drivers work."""
    toy = ToyServer(tmp_path / "sms.jsonl", SPEED)
    metrics, stop = new_metrics(), asyncio.Event()
    fleet = (CarAccount("V98", "D98", "wrong"), *FLEET)
    async with running(toy) as address:
        watch = asyncio.create_task(stop_when(metrics, 1, stop))
        await run_world(config_for(address, toy.sms_file, fleet=fleet), metrics, stop)
        await watch
    assert metrics.errors == {2004: 1}
    assert "V98" not in toy.sockets

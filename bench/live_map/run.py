"""The live map of a whole fleet, from the cars to a console: bytes, age of positions, and the gateway's cost per
console.

Method: a whole system is started as ``taxi serve`` starts it. ``--cars`` (10,000) cars, in a separate process, drive
in the north-east of San Francisco and send a fix a second. Their fixes are passed to the vehicle hosts over Ray, as
gateways pass on what their sockets received: 10,000 phones would take the CPU time from what is measured.
``--sockets`` gives each car a socket of its own; ``taxi bench ingest`` measures the cost of a socket's fix. After a
warm-up a console that watches every cell there is opened, and read for ``--seconds`` (20).

* ``bytes_car_s``: all bytes of the map's messages, WebSocket headers included, per car and second.
* ``age_*_ms``: the age of each new fix (the phone's time) on arrival at the console, in steps of 50 ms.
* ``shown_*_ms``: ten times a second, the age of the newest fix of every car on the screen.
* ``gateway_N_cores``: CPU time of the gateway per second with N consoles open (with ``--sockets`` it also receives
  the cars' fixes); ``ratio`` is that with 50 over that with one, ``console_ms_s`` the cost of each further console.
  Valid only if ``fixes_per_s_50`` and ``bytes_car_s_50`` (each console's) equal those of one console: a saturated
  machine sends fewer fixes and reads fewer frames, and so seems cheap.
* ``script_*_ms``: script time of each of 300 frames of the console's page in Chromium with all cars in view as dots,
  in CPU time of its thread (:mod:`bench.live_map.chromium_trace`; ``script_mean_ms`` by Chromium's own sum);
  ``script_wall_p95_ms``: the same by the page's own clock. ``screen_age_*``: the oldest position in each of those
  frames. Browser, cars and system share this machine. ``--no-browser`` leaves the page out.
* ``PAGE_first_load_kb``: size of a first visit (as sent; ``raw``: unpacked), and its load time.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import numpy as np
from typer import Option

from bench.harness.cpu_time import CpuMeter
from bench.harness.figures import Figures, ratio
from bench.harness.plan import BenchPlan, Cars, Seconds
from bench.harness.whole_system import in_temporary_folder
from bench.harness.worker_process import start_worker
from bench.live_map.console import MeasuringConsole
from bench.live_map.system import MapSystem, running_fleet
from dispatch.geo.arrays import FloatArray

WARM_UP_S: Final = 12.0
CROWD: Final = 50


@dataclass(frozen=True, kw_only=True)
class MapPlan(BenchPlan):
    """The options."""

    cars: Cars = 10_000
    seconds: Seconds = 20.0
    sockets: Annotated[bool, Option(help="Give each car a socket of its own.")] = False
    browser: Annotated[bool, Option(help="Measure the console's page in Chromium.")] = True


class MapSpan(NamedTuple):
    """Means over a measured span."""

    seconds: float
    fixes_per_s: float
    gateway_cores: float
    hosts_cores: float


def run(plan: MapPlan) -> Figures:
    return in_temporary_folder("map", lambda folder: _measure(plan, folder))


async def _measure(plan: MapPlan, folder: Path) -> Figures:
    async with running_fleet(folder, cars=plan.cars, sockets=plan.sockets) as system:
        await asyncio.sleep(WARM_UP_S)
        none = await _span(system, plan.seconds)
        one, figures = await _one_console(system, plan)
        many, crowd_figures = await _crowd(system, plan)
        page = await _page(system, plan.cars) if plan.browser else {"browser": "none: not requested"}
    return {
        "cars": plan.cars,
        "fixes_through": "sockets" if plan.sockets else "hosts",
        "cells": len(system.cells),
        "seconds": plan.seconds,
        **figures,
        "gateway_0_cores": round(none.gateway_cores, 4),
        **crowd_figures,
        **page,
        "ratio": ratio(many.gateway_cores, one.gateway_cores),
        "console_ms_s": round(1e3 * (many.gateway_cores - one.gateway_cores) / (CROWD - 1), 3),
    }


async def _span(system: MapSystem, seconds: float) -> MapSpan:
    sent, began, meter = (await system.fleet.call("sent"))["sent"], time.monotonic(), CpuMeter()
    await asyncio.sleep(seconds)
    cores, elapsed = meter.cores(), time.monotonic() - began
    sent = (await system.fleet.call("sent"))["sent"] - sent
    return MapSpan(elapsed, sent / elapsed, cores["gateway"], cores["hosts"])


async def _one_console(system: MapSystem, plan: MapPlan) -> tuple[MapSpan, Figures]:
    console = MeasuringConsole()
    await console.open(system.ws_url, system.token, system.cells)
    sampling = asyncio.create_task(console.sample_shown())
    try:
        await asyncio.sleep(WARM_UP_S / 2)
        console.begin()
        span = await _span(system, plan.seconds)
        if sampling.done():
            sampling.result()
        return span, {
            "fixes_per_s": round(span.fixes_per_s),
            "cars_shown": console.cars,
            "cars_unnamed": console.unnamed,
            "bytes_car_s": round(console.bytes / span.seconds / console.cars, 2),
            "messages_per_s": round(console.messages / span.seconds, 1),
            **_ages("age", console.arrival_ages),
            **_ages("shown", console.shown_ages),
            "hosts_cores": round(span.hosts_cores, 3),
            "gateway_1_cores": round(span.gateway_cores, 4),
        }
    finally:
        sampling.cancel()
        with suppress(asyncio.CancelledError, ConnectionError):
            await sampling
        console.close()


def _ages(name: str, samples: Sequence[FloatArray]) -> Figures:
    ages = np.concatenate(samples) * 1e3
    shares = {"p50": 50, "p95": 95, "p99": 99, "max": 100}
    return {f"{name}_{word}_ms": round(float(np.percentile(ages, share))) for word, share in shares.items()}


async def _crowd(system: MapSystem, plan: MapPlan) -> tuple[MapSpan, Figures]:
    async with AsyncExitStack() as stack:
        crowd = await start_worker(stack, "bench.live_map.console")
        await crowd.call("open", url=system.ws_url, token=system.token, cells=system.cells, consoles=CROWD)
        await asyncio.sleep(WARM_UP_S / 2)
        received = (await crowd.call("received"))["bytes"]
        span = await _span(system, plan.seconds)
        received = (await crowd.call("received"))["bytes"] - received
    return span, {
        f"fixes_per_s_{CROWD}": round(span.fixes_per_s),
        f"bytes_car_s_{CROWD}": round(received / span.seconds / CROWD / plan.cars, 2),
        f"gateway_{CROWD}_cores": round(span.gateway_cores, 4),
    }


async def _page(system: MapSystem, cars: int) -> Figures:
    if find_spec("playwright") is None:
        return {"browser": "none: Playwright is not installed"}
    from bench.live_map.browser import measure_pages  # noqa: PLC0415 - see above

    return await measure_pages(system.supervisor.url, cars)

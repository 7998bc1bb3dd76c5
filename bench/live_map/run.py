"""The live map of a whole fleet, from the cars' sockets to a console's: bytes, age, and what consoles cost the gateway.

Method: a whole system is started as ``taxi serve`` starts it. ``--cars`` (10,000) cars, in a process of their own,
drive about the north-east of San Francisco and tell a fix a second. Their fixes are handed to the vehicle hosts over
Ray, as gateways hand over what their sockets heard: 10,000 phones would take the processors from what is measured.
``--sockets true`` gives each car a socket of its own; what a socket's fix costs is ``taxi bench ingest``. After a
warm-up a console that watches every cell there is opened, and read for ``--seconds`` (20).

* ``bytes_car_s``: all bytes of the map's messages, WebSocket headers included, a car and second.
* ``age_*_ms``: the age of each new fix (the phone's time) when it arrives at the console, in steps of 50 ms.
* ``shown_*_ms``: ten times a second, the age of the newest fix of every car on the screen.
* ``gateway_N_cores``: processor time of the gateway a second with N consoles open (with ``--sockets`` it takes the
  cars' fixes as well);
  ``ratio`` is that with 50 over that with one, ``console_ms_s`` what each further console costs. Valid only where
  ``fixes_per_s_50`` and ``bytes_car_s_50`` (each console's) are those of one console: a machine without processor to
  spare sends fewer fixes and reads fewer frames, and so seems cheap.
* ``script_*_ms``: script of each of 300 frames of the console's page in Chromium with all cars in view as dots, in
  processor time of its thread (:mod:`bench.live_map.chromium_trace`; ``script_mean_ms`` by Chromium's own sum);
  ``script_wall_p95_ms``: what the page's own clock says of them. ``screen_age_*``: the oldest position in each of
  those frames. Browser, cars and system share this machine.
* ``PAGE_first_load_kb``: what a first visit carries (as sent; ``raw``: unpacked), and how long it takes to load.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from subprocess import PIPE
from typing import Any, NamedTuple

import numpy as np

from bench.live_map.console import MeasuringConsole, open_console
from bench.live_map.system import World, gateway_s, part_s, running_fleet

WARM_UP_S = 12.0
CROWD = 50


class Plan(NamedTuple):
    """What is measured."""

    cars: int
    seconds: float
    sockets: bool
    browser: bool


def run(**options: object) -> dict[str, object]:
    """``--cars``, ``--seconds``, ``--sockets true``, ``--browser false``."""
    plan = Plan(
        int(str(options.get("cars", 10_000))),
        float(str(options.get("seconds", 20))),
        sockets=str(options.get("sockets", False)).lower() == "true",
        browser=str(options.get("browser", True)).lower() == "true",
    )
    with tempfile.TemporaryDirectory(prefix="taxi-map-") as folder:
        return asyncio.run(_measure(plan, Path(folder)))


async def _measure(plan: Plan, folder: Path) -> dict[str, object]:
    async with running_fleet(folder, cars=plan.cars, sockets=plan.sockets) as world:
        await asyncio.sleep(WARM_UP_S)
        through = "sockets" if plan.sockets else "hosts"
        figures: dict[str, object] = {
            "cars": plan.cars,
            "fixes_through": through,
            "cells": len(world.cells),
            "seconds": plan.seconds,
        }
        none = await _gateway(plan.seconds)
        figures |= await _one(world, plan)
        figures |= {"gateway_0_cores": round(none, 4), **await _crowd(world, plan)}
        figures |= await _browser(world) if plan.browser else {"browser": "none: not wanted"}
        one, fifty = (float(str(figures[f"gateway_{consoles}_cores"])) for consoles in (1, CROWD))
        return figures | {
            "ratio": round(fifty / one, 3),
            "console_ms_s": round(1e3 * (fifty - one) / (CROWD - 1), 3),
        }


async def _browser(world: World) -> dict[str, object]:
    """The page itself; only where Playwright is there, which the product does not need."""
    if find_spec("playwright") is None:
        return {"browser": "none: Playwright is not installed"}
    from bench.live_map.browser import in_browser  # noqa: PLC0415 - see above

    return await in_browser(world.url, world.name, world.password, world.cars)


async def _gateway(seconds: float) -> float:
    """Cores that the gateway uses."""
    before, began = gateway_s(), time.monotonic()
    await asyncio.sleep(seconds)
    return (gateway_s() - before) / (time.monotonic() - began)


async def _one(world: World, plan: Plan) -> dict[str, object]:
    """What one console gets, and costs."""
    socket, welcome = await open_console(world.ws_url, world.token, world.cells)
    console = MeasuringConsole(socket, welcome)
    tasks = [asyncio.create_task(console.read()), asyncio.create_task(console.look())]
    try:
        await asyncio.sleep(WARM_UP_S / 2)
        console.begin()
        sent, hosts, began = await world.fleet.sent(), part_s("ray::HostActor"), time.monotonic()
        cores = await _gateway(plan.seconds)
        seconds = time.monotonic() - began
        per_s = (await world.fleet.sent() - sent) / seconds
        for task in tasks:
            if task.done():
                task.result()
        return {
            "fixes_per_s": round(per_s),
            "cars_shown": console.cars,
            "cars_unnamed": console.unnamed,
            "bytes_car_s": round(console.bytes / seconds / console.cars, 2),
            "messages_per_s": round(console.messages / seconds, 1),
            **_ages("age", console.arrived),
            **_ages("shown", console.shown),
            "hosts_cores": round((part_s("ray::HostActor") - hosts) / seconds, 3),
            "gateway_1_cores": round(cores, 4),
        }
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)
        await socket.close()


def _ages(name: str, samples: Sequence[np.ndarray[Any, np.dtype[np.float64]]]) -> dict[str, object]:
    ages = np.concatenate(samples) * 1e3
    found = {f"{name}_p{share}_ms": round(float(np.percentile(ages, share))) for share in (50, 95, 99)}
    return {**found, f"{name}_max_ms": round(float(ages.max()))}


async def _crowd(world: World, plan: Plan) -> dict[str, object]:
    """What fifty consoles get, and cost."""
    words = [sys.executable, "-m", "bench.live_map.console", world.ws_url, world.token]
    crowd = await asyncio.create_subprocess_exec(*words, stdin=PIPE, stdout=PIPE)
    try:
        await _ask(crowd, f"{' '.join(world.cells)}\n{CROWD}\n")
        await asyncio.sleep(WARM_UP_S / 2)
        read, sent, began = await _ask(crowd, f"{CROWD}\n"), await world.fleet.sent(), time.monotonic()
        cores = await _gateway(plan.seconds)
        seconds = time.monotonic() - began
        read, sent = await _ask(crowd, f"{CROWD}\n") - read, await world.fleet.sent() - sent
        return {
            f"fixes_per_s_{CROWD}": round(sent / seconds),
            f"bytes_car_s_{CROWD}": round(read / seconds / CROWD / world.cars, 2),
            f"gateway_{CROWD}_cores": round(cores, 4),
        }
    finally:
        crowd.kill()
        await crowd.wait()


async def _ask(crowd: asyncio.subprocess.Process, words: str) -> int:
    """The crowd's answer. Raises ``OSError`` where it is gone."""
    if crowd.stdin is None or crowd.stdout is None:
        raise RuntimeError("the consoles have no pipe")
    crowd.stdin.write(words.encode())
    await crowd.stdin.drain()
    answer = await crowd.stdout.readline()
    if not answer:
        raise OSError("the consoles are gone: see above")
    return int(answer)

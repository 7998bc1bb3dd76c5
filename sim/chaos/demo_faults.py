"""``taxi demo --kill``: hosts and matchers die or hang while the city is shown, at a steady pace.

Unlike ``taxi chaos`` it waits for no recovery, so that a strike may meet a system which has not got over the last one.
"""

from __future__ import annotations

import asyncio
import sys
from random import Random
from typing import Final

from sim.chaos.fault_injector import FaultInjector
from sim.chaos.fault_schedule import ACTORS, Fault, plan
from sim.chaos.process_finder import ProcessFinder
from sim.demo.demo import Demo

EVERY_S: Final = 8.0
"""Longer than a pause lasts."""
FAULTS: Final = tuple(Fault(how, whom) for how in ("kill", "pause") for whom in ACTORS)


class DemoFaults:
    """Strikes in the order of the demonstration's seed; ``numbers`` says what it has done."""

    def __init__(self) -> None:
        self._done: list[Fault] = []

    async def run(self, demo: Demo) -> None:
        """For ever. The demonstration has been started."""
        seed, system = demo.options.seed, demo.system
        targets = ProcessFinder(system, demo.settings.server.gateways)
        injector = FaultInjector(targets, Random(seed), port=demo.port, redis_url=system.redis_url)
        for fault in plan(seed, sys.maxsize, FAULTS):
            await asyncio.sleep(EVERY_S)
            await injector.strike(fault)
            self._done.append(fault)
            await injector.settle()

    def numbers(self) -> dict[str, int]:
        """Strikes so far."""
        return {"kills": self._count("kill"), "pauses": self._count("pause")}

    def _count(self, how: str) -> int:
        return sum(fault.how == how for fault in self._done)

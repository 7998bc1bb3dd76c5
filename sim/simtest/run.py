"""Runs simulations one after another and reports faults and violations, with the command that reproduces each."""

import gc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from unittest.mock import patch

import msgspec

from dispatch.actors.runtime import (
    console_publisher,
    entity_host,
    host_client,
    host_runtime,
    long_poll,
    map_publisher,
    match_feed,
)
from dispatch.clock import CityClock
from sim.simtest.context import SimulationPlan
from sim.simtest.fault_model import KINDS
from sim.simtest.invariants import judge
from sim.simtest.simulation import Simulation
from ws_gateway.hub import hub as gateway

PACE: Final[tuple[tuple[ModuleType, str, float], ...]] = (
    (host_runtime, "TICK_S", 0.5),
    (host_runtime, "RELAXED_COMMIT_S", 2.0),
    (long_poll, "RELAXED_PUSH_S", 2.0),
    (long_poll, "GATHER_S", 0.08),
    (match_feed, "POSITIONS_EVERY_S", 3.0),
    (entity_host, "HOUSEKEEPING_S", 10.0),
    (host_client, "FIX_BATCH_S", 0.5),
    (host_client, "POLL_S", 10.0),
    (console_publisher, "FRAME_S", 10.0),
    (map_publisher, "FRAME_S", 20.0),
    (gateway, "LAG_CHECK_S", 4.0),
)
"""Loops that poll a hundred times a second in production poll less often, so that a seed takes about a second instead
of half a minute. Only pauses are longer. No rule changes.
"""


class Outcome(msgspec.Struct, frozen=True):
    """The result of a simulation. ``finished`` counts completed rides; ``violations`` are (invariant, observation)."""

    seed: int
    rides: int
    finished: int
    crashes: int
    commands: int
    faults: dict[str, int]
    violations: list[tuple[str, str]]
    city_hours: float
    turns: int
    digest: str
    trace: list[str]


def run_seed(seed: int, plan: SimulationPlan | None = None, *, trace: bool = False) -> Outcome:
    with _undisturbed(), relaxed_pace():
        return _outcome(Simulation(seed, plan, trace=trace))


def _outcome(world: Simulation) -> Outcome:
    try:
        world.run()
        violations = judge(world)
    finally:
        world.commit_log.close()
        world.close()
    return Outcome(
        seed=world.seed,
        rides=world.rides,
        finished=world.finished,
        crashes=world.crashes,
        commands=sum(sent.answer is not None for app in world.apps for sent in app.sent),
        faults=dict(sorted(world.faults.counts.items())),
        violations=violations,
        city_hours=world.city_hours,
        turns=world.timeline.turns,
        digest=world.context.digest,
        trace=world.context.trace or [],
    )


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Run the garbage collector after the simulation only, and skip older objects."""
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.collect()
        gc.unfreeze()
        gc.enable()


def replay_command(seed: int) -> str:
    return f"taxi simtest --seed {seed} --trace"


def run_seeds(
    seeds: Iterable[int], on_seed: Callable[[Outcome], None] = lambda _: None, plan: SimulationPlan | None = None
) -> dict[str, Any]:
    """Run all seeds; the summary as one object. ``faults_missing`` are kinds that never occurred."""
    began = CityClock().wall()
    faults: Counter[str] = Counter(dict.fromkeys(KINDS, 0))
    sums: Counter[str] = Counter()
    violations: list[dict[str, object]] = []
    finished: list[int] = []
    crashes: list[int] = []
    hours = 0.0
    for seed in seeds:
        outcome = run_seed(seed, plan)
        on_seed(outcome)
        faults.update(outcome.faults)
        hours += outcome.city_hours
        sums.update(seeds=1, rides=outcome.rides, commands=outcome.commands, failed=bool(outcome.violations))
        finished.append(outcome.finished)
        crashes.append(outcome.crashes)
        violations.extend(
            {"seed": seed, "oracle": invariant, "seen": seen, "replay": replay_command(seed)}
            for invariant, seen in outcome.violations
        )
    return {
        "seeds": sums["seeds"],
        "rides": sums["rides"],
        "rides_finished": sum(finished),
        "rides_finished_least": min(finished, default=0),
        "commands_answered": sums["commands"],
        "crashes": sum(crashes),
        "crashes_least": min(crashes, default=0),
        "faults": dict(sorted(faults.items())),
        "faults_missing": sorted(kind for kind in KINDS if not faults[kind]),
        "seeds_failed": sums["failed"],
        "violations": violations,
        "simulated_hours": round(hours, 2),
        "wall_s": round(CityClock().wall() - began, 2),
    }


def keep(path: Path, seeds: Iterable[int]) -> None:
    """Append new seeds to a file of seeds; its comments stay."""
    new = sorted({*seeds} - {*kept_seeds(path)})
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{seed}\n" for seed in new)


def kept_seeds(path: Path) -> list[int]:
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [int(line.split("#")[0]) for line in lines if line.split("#")[0].strip()]


@contextmanager
def relaxed_pace() -> Iterator[None]:
    with ExitStack() as stack:
        for module, name, seconds in PACE:
            stack.enter_context(patch.object(module, name, seconds))
        yield

"""How long each fault was felt, and the figures that are made of it."""

from __future__ import annotations

from collections import Counter, defaultdict

from sim.chaos.fault_schedule import Fault
from sim.metrics.percentiles import percentile
from sim.metrics.run_metrics import Number


class RecoveryTimes:
    """Wall seconds from each strike until a whole ride was possible again."""

    def __init__(self) -> None:
        self._seconds: defaultdict[str, list[float]] = defaultdict(list)
        self.struck: Counter[str] = Counter()
        self.never: list[str] = []
        """Faults after which no ride was possible again in time."""

    def add(self, fault: Fault, seconds: float) -> None:
        """A fault that was got over."""
        self.struck[fault.how] += 1
        self._seconds[fault.kind].append(seconds)

    def lost(self, fault: Fault) -> None:
        """A fault that was not."""
        self.struck[fault.how] += 1
        self.never.append(fault.kind)

    def numbers(self) -> dict[str, Number]:
        """Flat figures: how many faults of each kind, and p50 and max of each kind's recovery."""
        numbers: dict[str, Number] = {"faults": self.struck.total(), "kills": self.struck["kill"]}
        numbers["pauses"] = self.struck["pause"]
        every = [second for seconds in self._seconds.values() for second in seconds]
        numbers |= _span("recovery", every)
        for kind, seconds in sorted(self._seconds.items()):
            name = kind.replace(" ", "_")
            numbers[name] = len(seconds)
            numbers |= _span(f"recovery_{name}", seconds)
        return numbers


def _span(name: str, seconds: list[float]) -> dict[str, Number]:
    p50 = percentile(seconds, 0.5)
    return {
        f"{name}_p50_s": None if p50 is None else round(p50, 2),
        f"{name}_max_s": round(max(seconds), 2) if seconds else None,
    }

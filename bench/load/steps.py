"""Results of the steps of ``bench load``: the highest sustained rate, and the first part to saturate. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

HEARD_AT_LEAST: Final = 0.98
SENT_AT_LEAST: Final = 0.98
SLOWER_AT_MOST: Final = 1.5
OFFERED_WITHIN_MS: Final = 2_500.0
SATURATED: Final = 0.9
"""Share of its CPU time at which a single-threaded process, or the machine, counts as saturated."""


class FixStep(msgspec.Struct, frozen=True):
    """Fixes at ``per_s`` for a while: share of due fixes that were sent, and of sent fixes that were accepted."""

    per_s: float
    sent_share: float
    heard_share: float
    offer_p50_ms: float | None
    offer_p99_ms: float | None
    never_offered: int
    cores: Mapping[str, float]

    def held(self, quiet_p99_ms: float) -> bool:
        in_time = self.offer_p99_ms is not None and self.offer_p99_ms <= SLOWER_AT_MOST * quiet_p99_ms
        return in_time and self.heard_share >= HEARD_AT_LEAST and self.sent_share >= SENT_AT_LEAST


class RequestStep(msgspec.Struct, frozen=True):
    """Requests at ``per_s`` for a while."""

    per_s: float
    p50_ms: float | None
    p99_ms: float | None
    never_offered: int
    cores: Mapping[str, float]

    @property
    def held(self) -> bool:
        return self.never_offered == 0 and self.p99_ms is not None and self.p99_ms <= OFFERED_WITHIN_MS


def highest(rates: Sequence[tuple[float, bool]]) -> float:
    """The highest rate below the first that was not held; 0 if the first was not."""
    best = 0.0
    for rate, held in rates:
        if not held:
            break
        best = rate
    return best


def saturated_part(cores: Mapping[str, float], threads: Mapping[str, int], processors: int) -> str:
    """A part that has only so many threads and uses them up, else the machine's processors, else nothing."""
    used = {part: cores[part] / count for part, count in threads.items() if part in cores and count}
    part = max(used, key=lambda each: used[each], default="")
    if part and used[part] >= SATURATED:
        return part
    if sum(cores.values()) >= SATURATED * processors:
        most = max(cores, key=lambda each: cores[each])
        return f"the machine's processors ({most} uses most)"
    return "nothing that CPU time shows"

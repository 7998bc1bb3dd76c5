"""What the steps of ``bench load`` say together: the highest that was held, and what gave first. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

HEARD_AT_LEAST: Final = 0.98
SENT_AT_LEAST: Final = 0.98
SLOWER_AT_MOST: Final = 1.5
OFFERED_WITHIN_MS: Final = 2_500.0
MOST_OF_ONE: Final = 0.9
"""A process of ours runs on one thread: with so much of a processor it has none to spare."""


class FixStep(msgspec.Struct, frozen=True):
    """Fixes at ``per_s`` for a while: shares of what was due that were sent, and of what was sent that were heard."""

    per_s: float
    sent_share: float
    heard_share: float
    offer_p50_ms: float | None
    offer_p99_ms: float | None
    never_offered: int
    cores: Mapping[str, float]

    def held(self, quiet_p99_ms: float) -> bool:
        """Whether all were sent and heard, and offers came at most half as much later than in a quiet system."""
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
        """Whether all were offered, 99 of 100 within what is promised of offers."""
        return self.never_offered == 0 and self.p99_ms is not None and self.p99_ms <= OFFERED_WITHIN_MS


def highest(rates: Sequence[tuple[float, bool]]) -> float:
    """The highest rate below the first that was not held; 0 where the first was not."""
    best = 0.0
    for rate, held in rates:
        if not held:
            break
        best = rate
    return best


def gives_first(cores: Mapping[str, float], single: Mapping[str, int], machine: int) -> str:
    """What had no more to give: a part of so many single threads, else the machine's processors, else nothing."""
    full = {part: used / single[part] for part, used in cores.items() if single.get(part)}
    part = max(full, key=lambda each: full[each], default="")
    if part and full[part] >= MOST_OF_ONE:
        return part
    if sum(cores.values()) >= MOST_OF_ONE * machine:
        most = max(cores, key=lambda each: cores[each])
        return f"the machine's processors ({most} uses most)"
    return "nothing that the processors' time shows"

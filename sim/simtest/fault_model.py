"""The faults of a simulation: drawn from its seed alone, counted by kind. In the quiescent phase there are none."""

from collections import Counter
from random import Random
from typing import Final

import msgspec

LABELS: Final = (
    "before commit",
    "after commit",
    "loading",
    "before a call",
    "after a call",
    "before Alipay",
    "after Alipay",
)
"""Checkpoints at which a host may crash."""

KINDS: Final = (
    "network: slow",
    "network: request lost",
    "network: answer lost",
    "network: repeated",
    "network: overtaken",
    "network: cut",
    "socket: cut",
    "socket: half open",
    *(f"crash: {label}" for label in LABELS),
    "crash: at rest",
    "crash: gateway",
    "crash: matcher",
    "pause: short",
    "pause: resumes as stale owner",
    "journal: fails",
    "journal: written, not acknowledged",
    "journal: stalls",
    "journal: conflict",
    "journal: load fails",
    "phone: clock is off",
    "phone: sends again",
    "alipay: request lost",
    "alipay: answer lost after acting",
    "alipay: SYSTEM_ERROR before acting",
    "alipay: SYSTEM_ERROR after acting",
    "alipay: slow",
    "alipay: away",
    "alipay: notification repeated",
    "alipay: notification lost",
    "alipay: notification late",
    "alipay: notification forged",
    "alipay: amount forged",
    "alipay: refused",
    "alipay: paid late",
)
"""All kinds of faults. A sufficiently long run has them all."""


class Rates(msgspec.Struct, frozen=True):
    """Fault rates: probabilities for each message or call; ``_every_s`` are mean intervals in wall seconds."""

    slow: float = 0.01
    lost: float = 0.004
    repeated: float = 0.02
    socket_cut_every_s: float = 50.0
    half_open: float = 0.2
    link_cut_every_s: float = 25.0
    crash_every_s: float = 8.5
    gateway_crash_every_s: float = 45.0
    matcher_crash_every_s: float = 55.0
    pause_every_s: float = 50.0
    stale_every_s: float = 20.0
    journal_fails: float = 0.006
    journal_unacknowledged: float = 0.006
    journal_stalls: float = 0.003
    journal_conflict: float = 0.006
    load_fails: float = 0.02
    sends_again: float = 0.05
    alipay_request_lost: float = 0.04
    alipay_answer_lost: float = 0.06
    alipay_error_before: float = 0.03
    alipay_error_after: float = 0.05
    alipay_slow: float = 0.03
    alipay_refuses: float = 0.05
    alipay_away_every_s: float = 50.0
    notice_repeated: float = 0.3
    notice_lost: float = 0.2
    notice_late: float = 0.2
    notice_forged: float = 0.15
    amount_forged: float = 0.15


NO_FAULTS: Final = Rates(
    **dict.fromkeys((name for name in Rates.__struct_fields__ if not name.endswith("_every_s")), 0.0)
)


class FaultModel:
    """Decides which faults occur. All draws come from one generator, in the order of the event loop."""

    def __init__(self, rng: Random, rates: Rates) -> None:
        self.rng = rng
        self.rates = rates
        self.counts: Counter[str] = Counter()
        self.quiescent = False
        self.alipay_away = False
        """Whether Alipay cannot be reached."""

    def occurs(self, rate: str, kind: str) -> bool:
        """Whether this fault occurs now; counts it if so."""
        chance: float = getattr(self.rates, rate)
        if chance <= 0 or self.rng.random() >= chance:
            return False
        self.count(kind)
        return True

    def count(self, kind: str) -> None:
        self.counts[kind] += 1

    def pause_until_next(self, every_s: float) -> float:
        """Wall seconds until the next fault with this mean interval."""
        return self.rng.expovariate(1.0 / every_s)

    def delay(self) -> float:
        """Latency of a message in seconds."""
        if self.occurs("slow", "network: slow"):
            return self.rng.uniform(0.2, 1.5)
        return self.rng.uniform(0.001, 0.012)

    def end_faults(self) -> None:
        self.rates = NO_FAULTS
        self.quiescent = True

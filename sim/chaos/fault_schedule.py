"""Which faults a run consists of, and in which order: a deck that is shuffled by the seed, again and again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final, Literal

import msgspec

How = Literal["kill", "pause", "cut", "fill", "starve"]

ACTORS: Final = ("vehicle host", "trip host", "payment host", "matcher")
PROCESSES: Final = ("gateway", *ACTORS, "valkey", "raylet", "gcs")
POSTGRES: Final = "postgresql"
KILLS_A_PAUSE: Final = 2
"""Each process is killed so often in a deck, and paused once."""


class Fault(msgspec.Struct, frozen=True):
    """What is done to whom."""

    how: How
    whom: str

    @property
    def kind(self) -> str:
        """Its name in figures and options."""
        return f"{self.how} {self.whom}"


SOCKETS: Final = Fault("cut", "sockets")
DISK: Final = Fault("fill", "disk")
MEMORY: Final = Fault("starve", "valkey")


def kinds(*, postgres: bool, disk: bool) -> tuple[Fault, ...]:
    """All faults that can be done here, each once. ``disk``: the journal has one of its own that can be filled."""
    processes = (*PROCESSES, POSTGRES) if postgres else PROCESSES
    struck = [Fault(how, whom) for how in ("kill", "pause") for whom in processes]
    return (*struck, SOCKETS, *([DISK] if disk else []), MEMORY)


def chosen(faults: Sequence[Fault], only: str) -> tuple[Fault, ...]:
    """Those whose kind holds one of the words of ``only`` (by comma); all, where it is empty. May be none."""
    words = [word.strip() for word in only.split(",") if word.strip()]
    return tuple(fault for fault in faults if not words or any(word in fault.kind for word in words))


def plan(seed: int, kills: int, faults: Sequence[Fault]) -> Iterator[Fault]:
    """The faults of a run, until ``kills`` of them were kills; as many faults, where none of them kills."""
    rng = Random(seed)
    deck = [fault for fault in faults for _ in range(KILLS_A_PAUSE if fault.how == "kill" else 1)]
    counted = "kill" if any(fault.how == "kill" for fault in deck) else ""
    done = 0
    while deck and done < kills:
        for fault in rng.sample(deck, len(deck)):
            if done == kills:
                return
            yield fault
            done += not counted or fault.how == counted

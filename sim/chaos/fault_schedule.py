"""The faults of a run and their order: a deck that the seed shuffles repeatedly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final, Literal

import msgspec

FaultAction = Literal["kill", "pause", "cut", "fill", "starve"]

ACTORS: Final = ("vehicle host", "trip host", "payment host", "matcher")
PROCESSES: Final = ("gateway", *ACTORS, "valkey", "raylet", "gcs")
POSTGRES: Final = "postgresql"
KILLS_A_PAUSE: Final = 2
"""Kills of each process in a deck; there is one pause."""


class Fault(msgspec.Struct, frozen=True):
    """An action and its target."""

    action: FaultAction
    target: str

    @property
    def kind(self) -> str:
        return f"{self.action} {self.target}"


SOCKETS: Final = Fault("cut", "sockets")
DISK: Final = Fault("fill", "disk")
MEMORY: Final = Fault("starve", "valkey")


def kinds(*, postgres: bool, disk: bool) -> tuple[Fault, ...]:
    """All possible faults, each once. ``disk``: the journal has a separate disk that may be filled."""
    processes = (*PROCESSES, POSTGRES) if postgres else PROCESSES
    injected = [Fault(action, target) for action in ("kill", "pause") for target in processes]
    return (*injected, SOCKETS, *([DISK] if disk else []), MEMORY)


def chosen(faults: Sequence[Fault], only: str) -> tuple[Fault, ...]:
    """Faults whose kind contains one of the comma-separated words of ``only``; all if it is empty."""
    words = [word.strip() for word in only.split(",") if word.strip()]
    return tuple(fault for fault in faults if not words or any(word in fault.kind for word in words))


def plan(seed: int, kills: int, faults: Sequence[Fault]) -> Iterator[Fault]:
    """The faults of a run, until ``kills`` of them were kills; if none of them kills, ``kills`` faults."""
    rng = Random(seed)
    deck = [fault for fault in faults for _ in range(KILLS_A_PAUSE if fault.action == "kill" else 1)]
    counted = "kill" if any(fault.action == "kill" for fault in deck) else ""
    done = 0
    while deck and done < kills:
        for fault in rng.sample(deck, len(deck)):
            if done == kills:
                return
            yield fault
            done += not counted or fault.action == counted

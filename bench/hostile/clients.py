"""The hostile clients of ``bench hostile``: ``python -m bench.hostile.clients HOST PORT TOKEN_FILE``.

``attack`` sends all kinds of :mod:`bench.hostile.kinds` at once for so many seconds and then calls them off; ``ends``
lets one of each kind be, until the server has ended it or its time is over, and says how.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import uvloop

from bench.harness.worker_process import Answer, obey
from bench.hostile.kinds import KINDS, MALFORMED, Attack, Target, malformed_upgrade, silent

AT_ONCE: Final = {
    "slow_reader": 20,
    "slow_writer": 20,
    "slow_request": 20,
    "never_pongs": 20,
    "half_open": 20,
    "compressed_bomb": 2,
    "huge_frame": 2,
    "flood": 1,
    "malformed_upgrade": 2,
    "crowd": 1_000,
}
"""So many of a kind at the same time; one that was ended is followed by another after a breath."""
_BREATH_S: Final = 0.5
_ENDS_WITHIN_S: Final = 60.0
_ALL: Final = {**KINDS, "malformed_upgrade": malformed_upgrade(MALFORMED[0]), "crowd": silent}


class Hostile:
    """The attackers of this process, each with a driver's token of its own."""

    def __init__(self, host: str, port: int, tokens: list[str]) -> None:
        self._host = host
        self._port = port
        self._tokens: Iterator[str] = itertools.cycle(tokens)
        self._malformed = itertools.cycle(MALFORMED)
        self._ends: Counter[str] = Counter()

    async def attack(self, seconds: float, kinds: Sequence[str] = ()) -> Answer:
        """All at once, or these kinds; ends by kind, ``kind:end``."""
        until = time.perf_counter() + seconds
        self._ends.clear()
        wanted = {kind: AT_ONCE[kind] for kind in kinds or AT_ONCE}
        attackers = [self._again(kind, until) for kind, count in wanted.items() for _ in range(count)]
        tasks = [asyncio.create_task(attacker) for attacker in attackers]
        await asyncio.sleep(seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return {"ends": dict(sorted(self._ends.items()))}

    async def ends(self) -> Answer:
        """How one of each kind ends, and after how many seconds."""
        found: Answer = {}

        async def one(kind: str, attack: Attack) -> None:
            began = time.perf_counter()
            found[f"{kind}_end"] = await attack(self._target(_ENDS_WITHIN_S))
            found[f"{kind}_s"] = round(time.perf_counter() - began, 1)

        await asyncio.gather(*(one(kind, attack) for kind, attack in _ALL.items()))
        return dict(sorted(found.items()))

    async def _again(self, kind: str, until: float) -> None:
        while (left := until - time.perf_counter()) > 0:
            attack = malformed_upgrade(next(self._malformed)) if kind == "malformed_upgrade" else _ALL[kind]
            try:
                end = await attack(self._target(left))
            except OSError:
                end = "refused"
            self._ends[f"{kind}:{end}"] += 1
            await asyncio.sleep(_BREATH_S)

    def _target(self, within_s: float) -> Target:
        return Target(self._host, self._port, next(self._tokens), within_s)


if __name__ == "__main__":
    hostile = Hostile(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]).read_text(encoding="ascii").split())
    uvloop.run(obey({"attack": hostile.attack, "ends": hostile.ends}))

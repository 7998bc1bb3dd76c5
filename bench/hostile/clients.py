"""Worker process of the hostile clients."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Iterator
from typing import Final

from bench.harness.worker_process import Answer, run_worker
from bench.hostile.kinds import KINDS, MALFORMED, Attack, AttackTarget, malformed_upgrade, silent

CONCURRENT: Final = {
    **dict.fromkeys(("slow_reader", "slow_writer", "slow_request", "never_pongs", "half_open"), 20),
    **dict.fromkeys(("compressed_bomb", "huge_frame", "malformed_upgrade"), 2),
    "flood": 1,
    "crowd": 1_000,
}
"""Concurrent clients of each kind; a client that was ended is replaced after a pause."""
_PAUSE_S: Final = 0.5
_ENDED_WITHIN_S: Final = 60.0
_ALL: Final = {**KINDS, "malformed_upgrade": malformed_upgrade(MALFORMED[0]), "crowd": silent}


class HostileClients:
    """The attackers of this process, each with the next of the drivers' tokens."""

    async def open(self, port: int, tokens: list[str]) -> Answer:
        self._port = port
        self._tokens: Iterator[str] = itertools.cycle(tokens)
        self._malformed = itertools.cycle(MALFORMED)
        return {}

    async def attack(self, seconds: float) -> Answer:
        """All kinds at once for so long; how often each ended in which way, by ``kind:end``."""
        until, ends = time.perf_counter() + seconds, Counter[str]()
        tasks = [
            asyncio.create_task(self._repeat(kind, until, ends))
            for kind, count in CONCURRENT.items()
            for _ in range(count)
        ]
        await asyncio.sleep(seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return {"ends": dict(sorted(ends.items()))}

    async def ends(self) -> Answer:
        found: Answer = {}

        async def one(kind: str, attack: Attack) -> None:
            began = time.perf_counter()
            found[f"{kind}_end"] = await attack(self._target(_ENDED_WITHIN_S))
            found[f"{kind}_s"] = round(time.perf_counter() - began, 1)

        await asyncio.gather(*(one(kind, attack) for kind, attack in _ALL.items()))
        return dict(sorted(found.items()))

    async def _repeat(self, kind: str, until: float, ends: Counter[str]) -> None:
        while (left_s := until - time.perf_counter()) > 0:
            attack = malformed_upgrade(next(self._malformed)) if kind == "malformed_upgrade" else _ALL[kind]
            try:
                end = await attack(self._target(left_s))
            except OSError:
                end = "refused"
            ends[f"{kind}:{end}"] += 1
            await asyncio.sleep(_PAUSE_S)

    def _target(self, within_s: float) -> AttackTarget:
        return AttackTarget("127.0.0.1", self._port, next(self._tokens), within_s)


if __name__ == "__main__":
    run_worker(HostileClients)

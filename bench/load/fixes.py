"""The phones of ``bench load``: ``python -m bench.load.fixes HOST PORT TOKEN_FILE``, a car on shift for each token.

``begin`` connects them; ``rate`` has them send so many fixes a second in all from now on, each in its turn; ``sent``
says how many were sent so far. Sent as :mod:`bench.ingest.load` sends: as cheap as can be.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import uvloop

from bench.harness.worker_process import Answer, obey
from bench.ingest.load import Car, Load, Phone, begin

_AT_ONCE: Final = 100


class Fleet:
    """The cars of this process."""

    def __init__(self, host: str, port: int, tokens: list[str], first: int) -> None:
        self._where = (host, port)
        self._tokens = tokens
        self._cars = [Car(first + number) for number in range(len(tokens))]
        self._phones: list[Phone] = []
        self._load: Load | None = None
        self._sending: asyncio.Task[None] | None = None
        self._before = 0

    async def begin(self) -> Answer:
        """Connect all, and go on shift."""
        slots = asyncio.Semaphore(_AT_ONCE)
        self._phones = await asyncio.gather(
            *(begin(*self._where, car, token, slots) for car, token in zip(self._cars, self._tokens, strict=True))
        )
        return {"cars": len(self._phones)}

    async def rate(self, per_s: float) -> Answer:
        """Another rate; 0: silence."""
        if self._sending is not None:
            if self._sending.done():
                self._sending.result()
            self._sending.cancel()
            with suppress(asyncio.CancelledError):
                await self._sending
        self._before += self._load.sent if self._load is not None else 0
        self._load = Load(self._phones, self._cars, per_s) if per_s else None
        self._sending = asyncio.create_task(self._load.run()) if self._load is not None else None
        return {}

    async def sent(self) -> Answer:
        """How many fixes were sent."""
        return {"sent": self._before + (self._load.sent if self._load is not None else 0)}


if __name__ == "__main__":
    _, where, port, file, start = sys.argv
    fleet = Fleet(where, int(port), Path(file).read_text(encoding="ascii").split(), int(start))
    uvloop.run(obey({"begin": fleet.begin, "rate": fleet.rate, "sent": fleet.sent}))

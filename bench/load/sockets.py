"""Sockets that are only held: ``python -m bench.load.sockets URL TOKEN_FILE``, a signed-in client for each token.

``open`` opens them, ``ping`` has each of them asked once at a steady rate, ``count`` says how many are still there.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Final

import uvloop

from bench.harness.socket_client import Client, connect, glance
from bench.harness.worker_process import Answer, obey, spread_ms
from dispatch.api.messages import Hello, Ping

_WAITS_S: Final = 15.0


class Held:
    """The sockets of this process."""

    def __init__(self, url: str, tokens: list[str]) -> None:
        self._url = url
        self._tokens = tokens
        self._clients: list[Client] = []

    async def open(self, at_once: int) -> Answer:
        """Open all, so many at the same time; a socket that is refused is tried once more."""
        began = time.perf_counter()
        slots = asyncio.Semaphore(at_once)
        refused = 0

        async def one(token: str) -> None:
            nonlocal refused
            async with slots:
                for _ in range(2):
                    try:
                        client = await connect(self._url)
                        await client.ask(Hello(token), "welcome")
                    except (OSError, TimeoutError):
                        refused += 1
                    else:
                        self._clients.append(client)
                        return

        await asyncio.gather(*(one(token) for token in self._tokens))
        return {"open": len(self._clients), "refused": refused, "seconds": time.perf_counter() - began}

    async def count(self) -> Answer:
        """How many are there."""
        return {"open": sum(not client.closed.done() for client in self._clients)}

    async def ping(self, per_s: float) -> Answer:
        """Each asks once, in its turn at a fixed time; an answer counts from that time on."""
        due: dict[str, float] = {}
        waits: list[float] = []

        def hear(message: bytes) -> None:
            asked = due.pop(glance(message).id or "", None)
            if asked is not None:
                waits.append(time.perf_counter() - asked)

        began = time.perf_counter()
        for number, client in enumerate(self._clients):
            client.hear = hear
            at = began + number / per_s
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            due[f"p{number}"] = at
            if not client.closed.done():
                client.send(Ping(f"p{number}"))
        ends = time.perf_counter() + _WAITS_S
        while due and time.perf_counter() < ends:  # noqa: ASYNC110 - answers announce themselves to nobody
            await asyncio.sleep(0.05)
        return {"asked": len(self._clients), "answered": len(waits), **spread_ms(waits, len(due))}


if __name__ == "__main__":
    held = Held(sys.argv[1], Path(sys.argv[2]).read_text(encoding="ascii").split())
    uvloop.run(obey({"open": held.open, "count": held.count, "ping": held.ping}))

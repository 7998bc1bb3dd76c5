"""Worker process of passengers that sign in and stay connected."""

import asyncio
import time
from typing import Final

from bench.harness.concurrency import map_concurrently
from bench.harness.figures import percentiles_ms
from bench.harness.worker_process import Answer, run_worker
from dispatch.api.client_messages import Hello, Ping
from sim.client.socket import SocketClient, connect, peek

ANSWERED_WITHIN_S: Final = 15.0


class IdleSockets:
    """The sockets of this process."""

    def __init__(self) -> None:
        self._clients: list[SocketClient] = []

    async def open(self, url: str, tokens: list[str], at_once: int) -> Answer:
        """Open a socket for each token, ``at_once`` at a time; a refused socket is retried once."""
        refused = 0

        async def sign_in(token: str) -> None:
            nonlocal refused
            for _ in range(2):
                try:
                    client = await connect(url)
                    await client.request(Hello(token), "welcome")
                except (OSError, TimeoutError):
                    refused += 1
                else:
                    self._clients.append(client)
                    return

        await map_concurrently(at_once, sign_in, tokens)
        return {"open": len(self._clients), "refused": refused}

    async def count(self) -> Answer:
        return {"open": sum(not client.closed.done() for client in self._clients)}

    async def ping(self, per_s: float) -> Answer:
        """Each sends one ping at its fixed time; the round trip counts from that time."""
        due: dict[str, float] = {}
        waits: list[float] = []

        def take(message: bytes) -> None:
            sent_at = due.pop(peek(message).id or "", None)
            if sent_at is not None:
                waits.append(time.perf_counter() - sent_at)

        began = time.perf_counter()
        for number, client in enumerate(self._clients):
            client.on_message = take
            at = began + number / per_s
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            due[f"p{number}"] = at
            if not client.closed.done():
                client.send(Ping(f"p{number}"))
        ends = time.perf_counter() + ANSWERED_WITHIN_S
        while due and time.perf_counter() < ends:  # noqa: ASYNC110 - answers signal no event
            await asyncio.sleep(0.05)
        return {"asked": len(self._clients), "answered": len(waits), **percentiles_ms(waits, len(due))}


if __name__ == "__main__":
    run_worker(IdleSockets)

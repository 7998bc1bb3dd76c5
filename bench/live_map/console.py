"""Consoles of ``bench map``: one that measures the map it receives, and a worker process of many that discard it."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import msgspec
import numpy as np

from bench.harness.worker_process import Answer, run_worker
from dispatch.api.client_messages import Hello, Watch
from dispatch.api.live_map.cell_codec import AGE_STEPS_PER_S, CAR, GONE
from dispatch.api.server_messages import MapFrames, Welcome
from dispatch.geo.arrays import FloatArray
from sim.client.socket import SocketClient, connect

_frames = msgspec.msgpack.Decoder(MapFrames)
_welcome = msgspec.msgpack.Decoder(Welcome)
MAP_PREFIX: Final = b"\x82\xa1t\xa3map\xa6"
"""First bytes of each map message."""
OLDEST: Final = 255
"""Largest age that a frame can state, in steps: the fix may be older."""
NEWER_S: Final = 0.1
"""A fix counts as new if it is newer by more than this: ages are stated in steps of 0.05 s."""


def frame_bytes(payload: int) -> int:
    """Size of a server's WebSocket frame with so many bytes of payload (RFC 6455, 5.2)."""
    return payload + (2 if payload < 126 else 4 if payload < 65_536 else 10)


async def open_console(
    url: str, token: str, cells: list[str], on_message: Callable[[bytes], None]
) -> tuple[SocketClient, Welcome]:
    client = await connect(url, on_message)
    welcome = _welcome.decode(await client.request(Hello(token), "welcome"))
    client.send(Watch("w1", cells))
    return client, welcome


class MeasuringConsole:
    """Measures the map: bytes, and the age of each car's newest fix on arrival and while it is shown."""

    def __init__(self) -> None:
        self._client: SocketClient
        self._ahead_s = 0.0
        self._fix_at: dict[tuple[str, int], float] = {}
        self._cell_of: dict[tuple[str, int], str] = {}
        self._names: dict[tuple[str, int], str] = {}
        self.begin()

    def begin(self) -> None:
        self.bytes = self.messages = 0
        self.arrival_ages: list[FloatArray] = []
        self.shown_ages: list[FloatArray] = []

    async def open(self, url: str, token: str, cells: list[str]) -> None:
        self._client, welcome = await open_console(url, token, cells, self.receive)
        self._ahead_s = welcome.city_time - time.time()

    def close(self) -> None:
        self._client.abort()

    @property
    def cars(self) -> int:
        return len(self._cell_of)

    @property
    def unnamed(self) -> int:
        return sum(car not in self._names for car in self._cell_of)

    def receive(self, message: bytes) -> None:
        if message.startswith(MAP_PREFIX):
            self.bytes += frame_bytes(len(message))
            self.messages += 1
            self._take_frames(_frames.decode(message), time.time() + self._ahead_s)

    def _take_frames(self, message: MapFrames, now: float) -> None:
        for frame in message.frames:
            self._names.update({(frame.host, number): name for number, name in frame.names.items()})
            cars = np.frombuffer(frame.cars, CAR)
            present = cars[cars["state"] != GONE]
            for number in cars["number"][cars["state"] == GONE].tolist():
                if self._cell_of.get((frame.host, number)) == frame.cell:
                    del self._cell_of[frame.host, number], self._fix_at[frame.host, number]
            fix_at = (frame.at - present["age"] / AGE_STEPS_PER_S).tolist()
            fresh = []
            for number, at, age in zip(present["number"].tolist(), fix_at, present["age"].tolist(), strict=True):
                car = (frame.host, number)
                self._cell_of[car] = frame.cell
                if age < OLDEST and at > self._fix_at.get(car, 0.0) + NEWER_S:
                    self._fix_at[car] = at
                    fresh.append(at)
            if fresh:
                self.arrival_ages.append(now - np.array(fresh))

    async def sample_shown(self) -> None:
        """Ten times a second: the age of the newest fix of every car on the screen. Runs until cancelled."""
        while not self._client.closed.done():
            await asyncio.sleep(0.1)
            if self._fix_at:
                now = time.time() + self._ahead_s
                self.shown_ages.append(now - np.fromiter(self._fix_at.values(), float, len(self._fix_at)))
        raise ConnectionError("the gateway closed the measuring console")


class ConsoleCrowd:
    """Worker process of consoles that count the bytes they receive."""

    def __init__(self) -> None:
        self._clients: list[SocketClient] = []
        self._bytes = 0

    async def open(self, url: str, token: str, cells: list[str], consoles: int) -> Answer:
        for _ in range(consoles):
            client, _ = await open_console(url, token, cells, self._message_received)
            self._clients.append(client)
        return {}

    async def received(self) -> Answer:
        return {"bytes": self._bytes}

    def _message_received(self, message: bytes) -> None:
        self._bytes += frame_bytes(len(message))


if __name__ == "__main__":
    run_worker(ConsoleCrowd)

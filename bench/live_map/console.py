"""Consoles of ``bench map``: one that measures what it sees, and a crowd (``python -m bench.live_map.console URL
TOKEN``, cells on its input) that reads and forgets.

The crowd opens as many consoles as the last line of its input says, and answers each line with the bytes that all
of them have read so far.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any, Final

import msgspec
import numpy as np
import uvloop
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from dispatch.api.live_map.cell_codec import AGE_STEPS_PER_S, CAR, GONE
from dispatch.api.messages import SUBPROTOCOL_MSGPACK, Hello, MapFrames, Watch, Welcome

_encode = msgspec.msgpack.Encoder().encode
_frames = msgspec.msgpack.Decoder(MapFrames)
_welcome = msgspec.msgpack.Decoder(Welcome)
MAP_HEAD: Final = b"\x82\xa1t\xa3map\xa6"
OLDEST: Final = 255
"""An age of so many steps says no more than that it is old."""
NEWER_S: Final = 0.1
"""A fix is another one if it is newer by more than this: ages are told in steps of 0.05 s."""


def framed(payload: int) -> int:
    """Bytes of a frame from a server with so many bytes of payload (RFC 6455, 5.2)."""
    return payload + (2 if payload < 126 else 4 if payload < 65_536 else 10)


async def open_console(url: str, token: str, cells: list[str]) -> tuple[ClientConnection, Welcome]:
    """A console that has asked to watch these cells."""
    socket = await connect(
        url, subprotocols=[Subprotocol(SUBPROTOCOL_MSGPACK)], compression=None, max_size=None, proxy=None
    )
    await socket.send(_encode(Hello(token)))
    welcome = _welcome.decode(await _bytes(socket))
    await socket.send(_encode(Watch("w1", cells)))
    return socket, welcome


async def _bytes(socket: ClientConnection) -> bytes:
    message = await socket.recv()
    return message.encode() if isinstance(message, str) else message


class MeasuringConsole:
    """Reads the map: bytes, and how old each car's newest fix is when it arrives, and while it is shown."""

    def __init__(self, socket: ClientConnection, welcome: Welcome) -> None:
        self._socket = socket
        self._ahead = welcome.city_time - time.time()
        self._fix_at: dict[tuple[str, int], float] = {}
        self._cell_of: dict[tuple[str, int], str] = {}
        self._names: dict[tuple[str, int], str] = {}
        self.begin()

    def begin(self) -> None:
        """Measure from now on."""
        self.bytes = self.messages = self.other_bytes = 0
        self.arrived: list[np.ndarray[Any, np.dtype[np.float64]]] = []
        self.shown: list[np.ndarray[Any, np.dtype[np.float64]]] = []

    @property
    def cars(self) -> int:
        """Cars that are shown."""
        return len(self._cell_of)

    @property
    def unnamed(self) -> int:
        """Cars that are shown and whose name was never told."""
        return sum(car not in self._names for car in self._cell_of)

    async def read(self) -> None:
        """Read for ever."""
        while True:
            message = await _bytes(self._socket)
            if message.startswith(MAP_HEAD):
                self.bytes += framed(len(message))
                self.messages += 1
                self._hear(_frames.decode(message), time.time() + self._ahead)
            else:
                self.other_bytes += framed(len(message))

    def _hear(self, message: MapFrames, now: float) -> None:
        for frame in message.frames:
            self._names.update({(frame.host, number): name for number, name in frame.names.items()})
            cars = np.frombuffer(frame.cars, CAR)
            present = cars[cars["state"] != GONE]
            for number in cars["number"][cars["state"] == GONE].tolist():
                if self._cell_of.get((frame.host, number)) == frame.cell:
                    del self._cell_of[frame.host, number], self._fix_at[frame.host, number]
            fix_at = frame.at - present["age"] / AGE_STEPS_PER_S
            fresh = []
            for number, at, age in zip(
                present["number"].tolist(), fix_at.tolist(), present["age"].tolist(), strict=True
            ):
                car = (frame.host, number)
                self._cell_of[car] = frame.cell
                if age < OLDEST and at > self._fix_at.get(car, 0.0) + NEWER_S:
                    self._fix_at[car] = at
                    fresh.append(at)
            if fresh:
                self.arrived.append(now - np.array(fresh))

    async def look(self) -> None:
        """Ten times a second: how old is what is on the screen?"""
        while True:
            await asyncio.sleep(0.1)
            if self._fix_at:
                now = time.time() + self._ahead
                self.shown.append(now - np.fromiter(self._fix_at.values(), float, len(self._fix_at)))


class Crowd:
    """Consoles that read and forget."""

    def __init__(self, url: str, token: str, cells: list[str]) -> None:
        self._url, self._token, self._cells = url, token, cells
        self._sockets: list[ClientConnection] = []
        self._reading: set[asyncio.Task[None]] = set()
        self.bytes = 0

    async def grow(self, count: int) -> None:
        """Have so many consoles open."""
        while len(self._sockets) < count:
            socket, _ = await open_console(self._url, self._token, self._cells)
            self._sockets.append(socket)
            self._reading.add(asyncio.create_task(self._read(socket)))

    async def _read(self, socket: ClientConnection) -> None:
        async for message in socket:
            self.bytes += framed(len(message))


async def _main(url: str, token: str) -> None:
    cells = (await asyncio.to_thread(sys.stdin.readline)).split()
    crowd = Crowd(url, token, cells)
    while line := await asyncio.to_thread(sys.stdin.readline):
        await crowd.grow(int(line))
        print(crowd.bytes, flush=True)


if __name__ == "__main__":
    uvloop.run(_main(sys.argv[1], sys.argv[2]))

"""The phones of ``bench ingest``: many sockets, one fix a message, as cheap to send as can be.

    python -m bench.ingest.load HOST PORT SOCKETS FIXES_PER_S [TOKEN_FILE]

With a file of tokens (one a line) each socket says hello and goes online first; without, it only sends (the bare
server). Prints ``ready`` once all are there, and sends from the first line of its input to its end; for each line it
prints how many fixes were sent so far. Frames are masked with zeros, so that masking costs the client nothing;
the server cannot tell and unmasks as ever.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol, cast

import msgspec
import uvloop

from dispatch.api.fields import Fix
from dispatch.api.messages import SUBPROTOCOL_MSGPACK, GoOnline, GpsFix, Hello

_HANDSHAKE = (
    "GET /v1/ws HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    f"Sec-WebSocket-Protocol: {SUBPROTOCOL_MSGPACK}\r\n\r\n"
).encode()
_PING = b"\x89\x04"
_PONG = b"\x8a\x84\0\0\0\0"
_AT_ONCE = 50
_TRIES = 12
_AGAIN_S = 5.0
_SLICE_S = 0.01
_STEP_DEGREES = 1e-5
_encode = msgspec.msgpack.Encoder().encode


def frame(payload: bytes) -> bytes:
    """A masked binary frame of less than 64 KiB."""
    length = len(payload)
    head = bytes([0x82, 0x80 | length]) if length < 126 else b"\x82\xfe" + length.to_bytes(2, "big")
    return head + b"\0\0\0\0" + payload


class Phone(asyncio.Protocol):
    """One socket: what comes in is looked through for what it waits for, and dropped."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._awaited: tuple[bytes, asyncio.Future[None]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Anything from the server. Its pings (of four bytes) are answered."""
        at = data.find(_PING)
        if at >= 0:
            self.write(_PONG + data[at + 2 : at + 6])
        if self._awaited is not None and self._awaited[0] in data:
            answered, self._awaited = self._awaited[1], None
            if not answered.done():
                answered.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody closes a phone of this bench, unless something is wrong."""
        del exc
        if self._awaited is not None and not self._awaited[1].done():
            self._awaited[1].set_exception(ConnectionError("the server closed a socket"))

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionError("the server closed a socket")
        self._transport.write(data)

    async def ask(self, data: bytes, awaited: bytes, within_s: float = 60.0) -> None:
        """Send bytes and wait until these come back. Raises ``TimeoutError``."""
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._awaited = (awaited, answered)
        self.write(data)
        await asyncio.wait_for(answered, within_s)


class Car:
    """Where a phone is: it drives about, and numbers its fixes from the moment, so that a later run goes on."""

    def __init__(self, number: int) -> None:
        self._drawn = random.Random(number)
        self.lat, self.lng = self._drawn.uniform(37.71, 37.80), self._drawn.uniform(-122.50, -122.39)
        self._n = int(time.time() * 1000)

    def fix(self, at: float) -> bytes:
        """The next fix, as a frame."""
        self._n += 1
        self.lat += self._drawn.uniform(-_STEP_DEGREES, _STEP_DEGREES)
        self.lng += self._drawn.uniform(-_STEP_DEGREES, _STEP_DEGREES)
        return frame(_encode(GpsFix(Fix(self._n, at, self.lat, self.lng, 8.0, 90.0))))


async def begin(host: str, port: int, car: Car, token: str, slots: asyncio.Semaphore) -> Phone:
    """A phone that is connected, and signed on and on shift where there is a token."""
    async with slots:
        _, phone = await asyncio.get_running_loop().create_connection(Phone, host, port)
        await phone.ask(_HANDSHAKE, b"\r\n\r\n")
        if token:
            await phone.ask(frame(_encode(Hello(token, time.time()))), b"welcome")
            phone.write(car.fix(time.time()))
            await _go_online(phone)
        return phone


async def _go_online(phone: Phone) -> None:
    """Say it until it is accepted: on a busy machine the first answer may be "in progress, ask again"."""
    command = frame(_encode(GoOnline(f"online-{time.time_ns()}")))
    for _ in range(_TRIES - 1):
        with suppress(TimeoutError):
            await phone.ask(command, b"accepted", _AGAIN_S)
            return
    await phone.ask(command, b"accepted", _AGAIN_S)


class Load:
    """Sends at a steady rate, each socket in its turn."""

    def __init__(self, phones: Sequence[Phone], cars: Sequence[Car], per_s: float) -> None:
        self._phones = phones
        self._cars = cars
        self._per_s = per_s
        self.sent = 0

    async def run(self) -> None:
        """Send for ever: a slice of fixes each hundredth of a second."""
        began = time.perf_counter()
        count = len(self._phones)
        while True:
            due = int((time.perf_counter() - began) * self._per_s)
            now = time.time()
            for number in range(self.sent, due):
                self._phones[number % count].write(self._cars[number % count].fix(now))
            self.sent = max(self.sent, due)
            await asyncio.sleep(_SLICE_S)


async def _main(host: str, port: int, sockets: int, per_s: float, tokens: list[str]) -> None:
    cars = [Car(number) for number in range(sockets)]
    slots = asyncio.Semaphore(_AT_ONCE)
    phones = await asyncio.gather(
        *(begin(host, port, car, token, slots) for car, token in zip(cars, tokens, strict=True))
    )
    await obey(Load(phones, cars, per_s))


class Sending(Protocol):
    """What sends once it is told to, and counts."""

    sent: int

    async def run(self) -> None:
        """Send for ever."""
        ...


async def obey(load: Sending) -> None:
    """Say that all are there; send from the first line of the input on, and for each say how many were sent."""
    print("ready", flush=True)
    sending: asyncio.Task[None] | None = None
    while await asyncio.to_thread(sys.stdin.readline):
        sending = sending or asyncio.create_task(load.run())
        if sending.done():
            sending.result()
        print(load.sent, flush=True)


if __name__ == "__main__":
    count = int(sys.argv[3])
    given = Path(sys.argv[5]).read_text(encoding="ascii").split() if len(sys.argv) > 5 else [""] * count
    uvloop.run(_main(sys.argv[1], int(sys.argv[2]), count, float(sys.argv[4]), given))

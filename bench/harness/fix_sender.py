"""Worker process of simulated phones that send GPS fixes, one per message, as cheaply as possible.

Frames are masked with zeros, so that masking costs the client nothing; the server cannot tell and unmasks as usual.
Received data is searched for the expected answer and dropped.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, cast

import msgspec

from bench.harness.concurrency import map_concurrently
from bench.harness.worker_process import Answer, run_worker
from dispatch.api.client_messages import SUBPROTOCOL_MSGPACK, GpsFix, Hello, StartShift
from dispatch.api.fields import Fix

UPGRADE_REQUEST: Final = (
    "GET /v1/ws HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    f"Sec-WebSocket-Protocol: {SUBPROTOCOL_MSGPACK}\r\n\r\n"
)
_PING: Final = b"\x89\x04"
_PONG: Final = b"\x8a\x84\0\0\0\0"
_CONCURRENT_SIGN_INS: Final = 100
_ONLINE_TRIES: Final = 12
_ONLINE_WITHIN_S: Final = 5.0
_SLICE_S: Final = 0.01
_STEP_DEGREES: Final = 1e-5
encode = msgspec.msgpack.Encoder().encode


def masked_frame(payload: bytes) -> bytes:
    """A binary frame of less than 64 KiB, masked with zeros."""
    length = len(payload)
    head = bytes([0x82, 0x80 | length]) if length < 126 else b"\x82\xfe" + length.to_bytes(2, "big")
    return head + b"\0\0\0\0" + payload


class PhoneSocket(asyncio.Protocol):
    """The socket of one phone."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._expected: tuple[bytes, asyncio.Future[None]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        at = data.find(_PING)
        if at >= 0:
            self.write(_PONG + data[at + 2 : at + 6])
        if self._expected is not None and self._expected[0] in data:
            answered, self._expected = self._expected[1], None
            if not answered.done():
                answered.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._expected is not None and not self._expected[1].done():
            self._expected[1].set_exception(ConnectionError("server closed the socket"))

    def write(self, data: bytes) -> None:
        """Send bytes. Raises ``ConnectionError`` if the socket is closed."""
        if self._transport.is_closing():
            raise ConnectionError("server closed the socket")
        self._transport.write(data)

    async def request(self, data: bytes, answer: bytes, within_s: float = 60.0) -> None:
        """Send bytes and wait for ``answer`` in the data received. Raises ``TimeoutError``, ``ConnectionError``."""
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._expected = (answer, answered)
        self.write(data)
        await asyncio.wait_for(answered, within_s)


class PhoneLocation:
    """A phone that moves at random. Fixes are numbered from the current time, so that a later run continues."""

    def __init__(self, number: int) -> None:
        self._random = random.Random(number)
        self.lat, self.lng = self._random.uniform(37.71, 37.80), self._random.uniform(-122.50, -122.39)
        self._n = int(time.time() * 1000)

    def fix(self, at: float) -> Fix:
        self._n += 1
        self.lat += self._random.uniform(-_STEP_DEGREES, _STEP_DEGREES)
        self.lng += self._random.uniform(-_STEP_DEGREES, _STEP_DEGREES)
        return Fix(self._n, at, self.lat, self.lng, 8.0, 90.0)


async def retry_online(request: Callable[[float], Awaitable[object]]) -> None:
    """Request until accepted: on a busy machine the first answer can be "in progress, ask again"."""
    for _ in range(_ONLINE_TRIES - 1):
        with suppress(TimeoutError):
            await request(_ONLINE_WITHIN_S)
            return
    await request(_ONLINE_WITHIN_S)


class FixSender:
    """Sends fixes at a steady rate, each phone in turn."""

    def __init__(self) -> None:
        self._phones: Sequence[PhoneSocket] = ()
        self._locations: Sequence[PhoneLocation] = ()
        self._sending: asyncio.Task[None] | None = None
        self._sent = 0

    async def open(self, port: int, tokens: list[str]) -> Answer:
        """Connect a phone for each token, in the order of the vehicles' numbers; drivers sign in and go online.

        An empty token stands for a phone that only connects.
        """
        return await self.open_at(port, tokens, [PhoneLocation(number) for number in range(len(tokens))])

    async def open_at(self, port: int, tokens: Sequence[str], locations: Sequence[PhoneLocation]) -> Answer:
        async def sign_in(each: tuple[str, PhoneLocation]) -> PhoneSocket:
            token, location = each
            _, phone = await asyncio.get_running_loop().create_connection(PhoneSocket, "127.0.0.1", port)
            await phone.request(UPGRADE_REQUEST.encode(), b"\r\n\r\n")
            if token:
                await phone.request(masked_frame(encode(Hello(token, time.time()))), b"welcome")
                phone.write(masked_frame(encode(GpsFix(location.fix(time.time())))))
                command = masked_frame(encode(StartShift(f"online-{time.time_ns()}")))
                await retry_online(lambda within_s: phone.request(command, b"accepted", within_s))
            return phone

        self._locations = locations
        self._phones = await map_concurrently(_CONCURRENT_SIGN_INS, sign_in, zip(tokens, locations, strict=True))
        return {}

    async def rate(self, per_s: float) -> Answer:
        """Send so many fixes a second in total from now on; 0 stops."""
        if self._sending is not None:
            if self._sending.done():
                self._sending.result()
            self._sending.cancel()
        self._sending = asyncio.create_task(self._send(per_s)) if per_s else None
        return {}

    async def sent(self) -> Answer:
        return {"sent": self._sent}

    async def _send(self, per_s: float) -> None:
        began, before = time.perf_counter(), self._sent
        while True:
            due = before + int((time.perf_counter() - began) * per_s)
            self.send_fixes(range(self._sent, due), time.time())
            self._sent = max(self._sent, due)
            await asyncio.sleep(_SLICE_S)

    def send_fixes(self, numbers: range, now: float) -> None:
        count = len(self._phones)
        for number in numbers:
            self._phones[number % count].write(masked_frame(encode(GpsFix(self._locations[number % count].fix(now)))))


if __name__ == "__main__":
    run_worker(FixSender)

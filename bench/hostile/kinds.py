"""Clients that mean harm, or are badly broken, one of a kind at a time: each says how the server ended it.

An end is a close code; 1006 where the socket was cut without one; an HTTP status where there was no handshake; or
``still there`` after the time that it was given.
"""

from __future__ import annotations

import asyncio
import socket
import zlib
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Final, NamedTuple

import msgspec
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from dispatch.api.messages import SUBPROTOCOL_MSGPACK, Hello, Ping

End = int | str
STILL: Final = "still there"
CROWD_FROM: Final = "127.0.0.77"
OTHERS_FROM: Final = "127.0.0.66"
"""Not the machine's own usual address, so that the limits by address count."""
_encode = msgspec.msgpack.Encoder().encode
_SMALL: Final = 4_096
_MASK: Final = b"\0\0\0\0"
_GOOD: Final = (
    "GET /v1/ws HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    f"Sec-WebSocket-Protocol: {SUBPROTOCOL_MSGPACK}\r\n\r\n"
)
MALFORMED: Final = (
    _GOOD.replace("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""),
    _GOOD.replace("dGhlIHNhbXBsZSBub25jZQ==", "short"),
    _GOOD.replace("Version: 13", "Version: 8"),
    _GOOD.replace(SUBPROTOCOL_MSGPACK, "soap"),
    _GOOD.replace("Host: bench\r\n", ""),
    _GOOD.replace("GET", "POST"),
    _GOOD.replace("/v1/ws", "/v1/nowhere"),
    _GOOD.replace("Host: bench", "Host: bench\r\nX: " + "x" * 200_000),
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20,
    "\r\n" * 20_000,
)


class Target(NamedTuple):
    """Where the server is, a token for who needs one, and seconds that an attacker has."""

    host: str
    port: int
    token: str
    within_s: float


class Raw:
    """A socket whose frames are written by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: Target) -> None:
        self.reader = reader
        self.writer = writer
        uri = parse_uri(f"ws://{target.host}:{target.port}/v1/ws")
        self._protocol = ClientProtocol(uri, subprotocols=[Subprotocol(SUBPROTOCOL_MSGPACK)], max_size=None)

    @classmethod
    async def dial(cls, target: Target, *, source: str = OTHERS_FROM, buffer: int = 0) -> Raw:
        """A socket that has said nothing yet. Raises ``OSError``."""
        dialled = socket.socket()
        dialled.setblocking(False)
        if buffer:
            dialled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        dialled.bind((source, 0))
        await asyncio.get_running_loop().sock_connect(dialled, (target.host, target.port))
        reader, writer = await asyncio.open_connection(sock=dialled, limit=max(_SMALL, buffer))
        return cls(reader, writer, target)

    async def shake_hands(self) -> Raw:
        """Become a WebSocket. Raises ``ConnectionError``."""
        self._protocol.send_request(self._protocol.connect())
        self._flush()
        while self._protocol.state.name == "CONNECTING":
            await self._take()
            if self._protocol.handshake_exc is not None:
                raise ConnectionError(str(self._protocol.handshake_exc))
        return self

    async def sign_in(self, target: Target) -> Raw:
        """Say hello, and read the welcome."""
        await self.shake_hands()
        self.say(_encode(Hello(target.token)))
        while True:
            await self._take()
            for event in self._protocol.events_received():
                if isinstance(event, Frame) and b"welcome" in bytes(event.data):
                    return self

    def say(self, payload: bytes) -> None:
        """A whole message."""
        self._protocol.send_binary(payload)
        self._flush()

    def write(self, data: bytes) -> None:
        """Bytes as they are."""
        self.writer.write(data)

    async def end(self, within_s: float) -> End:
        """Read on without ever answering a ping, until the server ends it."""
        try:
            async with asyncio.timeout(within_s):
                while await self._take():
                    for event in self._protocol.events_received():
                        if isinstance(event, Frame) and event.opcode is Opcode.CLOSE:
                            return int.from_bytes(bytes(event.data)[:2], "big")
        except TimeoutError:
            return STILL
        except OSError:
            return 1006
        return self._protocol.close_code or 1006

    def leave(self) -> None:
        """Go away."""
        self.writer.transport.abort()

    async def _take(self) -> bool:
        data = await self.reader.read(65_536)
        if not data:
            if self._protocol.state.name == "CONNECTING":
                raise ConnectionError("the server closed a socket")
            return False
        self._protocol.receive_data(data)
        return True

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self.writer.write(data)


Attack = Callable[[Target], Coroutine[None, None, End]]


async def slow_reader(target: Target) -> End:
    """Asks all the time and reads nothing, then looks how it stands."""
    raw = await (await Raw.dial(target, buffer=_SMALL)).sign_in(target)
    loop = asyncio.get_running_loop()
    ends = loop.time() + target.within_s
    number = 0
    with suppress(OSError):
        while loop.time() < ends and not raw.writer.transport.is_closing():
            number += 1
            raw.say(_encode(Ping(f"{number:064d}")))
            await asyncio.sleep(1 / 45)
    return await _left(raw, raw.end(1.0))


async def slow_writer(target: Target) -> End:
    """A hello, a byte at a time."""
    raw = await (await Raw.dial(target)).shake_hands()
    return await _left(raw, _dribble(raw, b"\x82\xfe\x01\x00" + _MASK + bytes(256), target.within_s))


async def slow_request(target: Target) -> End:
    """A handshake, a byte at a time."""
    raw = await Raw.dial(target)
    return await _left(raw, _dribble(raw, _GOOD.encode() * 9, target.within_s))


async def never_pongs(target: Target) -> End:
    """Signs in, and answers no ping."""
    raw = await (await Raw.dial(target)).sign_in(target)
    return await _left(raw, raw.end(target.within_s))


async def half_open(target: Target) -> End:
    """Signs in, and is then as good as gone: it neither reads nor writes."""
    raw = await (await Raw.dial(target, buffer=_SMALL)).sign_in(target)
    raw.writer.transport.pause_reading()  # type: ignore[attr-defined]
    await asyncio.sleep(target.within_s)
    raw.writer.transport.resume_reading()  # type: ignore[attr-defined]
    return await _left(raw, raw.end(1.0))


async def compressed_bomb(target: Target) -> End:
    """Four kilobytes that would become four megabytes, though compression was not agreed on."""
    raw = await (await Raw.dial(target)).sign_in(target)
    packed = zlib.compress(bytes(4_000_000), 9)[2:-4]
    raw.write(b"\xc2\xfe" + len(packed).to_bytes(2, "big") + _MASK + packed)
    return await _left(raw, raw.end(target.within_s))


async def huge_frame(target: Target) -> End:
    """A frame that says it has a terabyte."""
    raw = await (await Raw.dial(target)).sign_in(target)
    raw.write(b"\x82\xff" + (1 << 40).to_bytes(8, "big") + _MASK + bytes(10_000))
    return await _left(raw, raw.end(target.within_s))


async def flood(target: Target) -> End:
    """As many messages as go out."""
    raw = await (await Raw.dial(target)).sign_in(target)
    with suppress(OSError):
        for number in range(6_000):
            raw.say(_encode(Ping(f"f{number}")))
    return await _left(raw, raw.end(target.within_s))


async def silent(target: Target) -> End:
    """One of a crowd that opens sockets and says nothing, all from one address."""
    raw = await Raw.dial(target, source=CROWD_FROM)
    try:
        await raw.shake_hands()
    except OSError:
        raw.leave()
        return 403
    return await _left(raw, raw.end(target.within_s))


def malformed_upgrade(text: str) -> Attack:
    """A handshake that is none."""

    async def attack(target: Target) -> End:
        raw = await Raw.dial(target)
        raw.write(text.encode("latin-1"))
        try:
            async with asyncio.timeout(target.within_s):
                head = await raw.reader.read(64)
        except TimeoutError:
            return STILL
        except OSError:
            return 1006
        finally:
            raw.leave()
        return int(head[9:12]) if head[:5] == b"HTTP/" else 1006

    return attack


KINDS: Final[Mapping[str, Attack]] = {
    "slow_reader": slow_reader,
    "slow_writer": slow_writer,
    "slow_request": slow_request,
    "never_pongs": never_pongs,
    "half_open": half_open,
    "compressed_bomb": compressed_bomb,
    "huge_frame": huge_frame,
    "flood": flood,
}


async def _left(raw: Raw, ending: Coroutine[None, None, End]) -> End:
    try:
        return await ending
    finally:
        raw.leave()


async def _dribble(raw: Raw, data: bytes, within_s: float) -> End:
    """One byte after the other, until the server ends it."""
    ending = asyncio.ensure_future(raw.end(within_s))
    for byte in data:
        if ending.done():
            break
        raw.write(bytes([byte]))
        await asyncio.wait([ending], timeout=within_s / 100)
    return await ending

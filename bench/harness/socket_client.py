"""A WebSocket client for loads of thousands of sockets in one process: ``websockets``' own protocol, without its tasks.

A message costs a call, not a task; pings are answered at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final, cast

import msgspec
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from dispatch.api.fields import OfferView
from dispatch.api.messages import SUBPROTOCOL_MSGPACK

CONNECTS_WITHIN_S: Final = 60.0
_encode = msgspec.msgpack.Encoder().encode


class Vehicle(msgspec.Struct):
    """Of a vehicle, what it is offered."""

    offer: OfferView | None = None


class Heard(msgspec.Struct):
    """What a load wants to know of a message."""

    t: str
    id: str | None = None
    event: str = ""
    code: int = 0
    vehicle: Vehicle | str | None = None


_decode = msgspec.msgpack.Decoder(Heard).decode
_decode_any = msgspec.msgpack.Decoder().decode


def glance(message: bytes) -> Heard:
    """A message of the server."""
    try:
        return _decode(message)
    except msgspec.ValidationError:
        return Heard(str(_decode_any(message)["t"]))


class Client(asyncio.Protocol):
    """One socket. ``hear`` gets each message; ``closed`` is done with the code once it is gone (1006: without one)."""

    def __init__(self, url: str, hear: Callable[[bytes], None] | None = None) -> None:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[int] = loop.create_future()
        self.hear = hear
        self.transport: asyncio.Transport | None = None
        self._protocol = ClientProtocol(parse_uri(url), subprotocols=[Subprotocol(SUBPROTOCOL_MSGPACK)], max_size=None)
        self._waits: tuple[str, asyncio.Future[Heard]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say that it is to be a WebSocket."""
        self.transport = cast("asyncio.Transport", transport)
        self._protocol.send_request(self._protocol.connect())
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Frames, whole or in parts."""
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                self._answered()
            elif isinstance(event, Frame) and event.opcode in (Opcode.BINARY, Opcode.TEXT):
                self._told(bytes(event.data))
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        """The server, or the machine, has closed it."""
        del exc
        with suppress(EOFError):
            self._protocol.receive_eof()
        gone = ConnectionError(f"the server closed a socket: {self._protocol.close_code}")
        for waiting in (self.opened, self._waits[1] if self._waits else None):
            if waiting is not None and not waiting.done():
                waiting.set_exception(gone)
        if not self.closed.done():
            self.closed.set_result(self._protocol.close_code or 1006)

    def send(self, message: msgspec.Struct) -> None:
        """Say something. Raises ``ConnectionError`` where the socket is gone."""
        if self.transport is None or self.transport.is_closing():
            raise ConnectionError("the server closed a socket")
        self._protocol.send_binary(_encode(message))
        self._flush()

    async def ask(self, message: msgspec.Struct, answer: str, within_s: float = 60.0) -> Heard:
        """Say something, and wait for a message of this kind. Raises ``TimeoutError``, ``ConnectionError``."""
        waiting: asyncio.Future[Heard] = asyncio.get_running_loop().create_future()
        self._waits = (answer, waiting)
        self.send(message)
        return await asyncio.wait_for(waiting, within_s)

    def abort(self) -> None:
        """Go away without a word."""
        if self.transport is not None:
            self.transport.abort()

    def _answered(self) -> None:
        if self.opened.done():
            return
        refused = self._protocol.handshake_exc
        if refused is None:
            self.opened.set_result(None)
        else:
            self.opened.set_exception(ConnectionError(f"the handshake was refused: {refused}"))

    def _told(self, message: bytes) -> None:
        if self.hear is not None:
            self.hear(message)
        if self._waits is None:
            return
        heard = glance(message)
        if heard.t == self._waits[0] and not self._waits[1].done():
            waiting, self._waits = self._waits[1], None
            waiting.set_result(heard)

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data and self.transport is not None:
                self.transport.write(data)


async def connect(url: str, hear: Callable[[bytes], None] | None = None) -> Client:
    """A socket whose handshake is done. Raises ``OSError``, ``TimeoutError``."""
    uri = parse_uri(url)
    loop = asyncio.get_running_loop()
    _, client = await loop.create_connection(lambda: Client(url, hear), uri.host, uri.port)
    await asyncio.wait_for(client.opened, CONNECTS_WITHIN_S)
    return client

"""A WebSocket of a client: the sans-I/O protocol of ``websockets`` on asyncio, without tasks.

A received message costs one call, so that one process can keep thousands of sockets.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final, cast

import msgspec
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from dispatch.api.client_messages import SUBPROTOCOL_MSGPACK
from dispatch.api.fields import OfferView

CONNECTS_WITHIN_S: Final = 60.0
ABNORMAL_CLOSURE: Final = 1006
NORMAL_CLOSURE: Final = 1000
_encode = msgspec.msgpack.Encoder().encode


class OfferedVehicle(msgspec.Struct):
    """A vehicle view, decoded only as far as its offer."""

    offer: OfferView | None = None


class PeekedMessage(msgspec.Struct):
    """A server message, decoded only as far as benches need it."""

    t: str
    id: str | None = None
    vehicle: OfferedVehicle | str | None = None


class HandshakeRefusedError(ConnectionError):
    """The server answered the upgrade request with an HTTP error."""

    def __init__(self, status: int) -> None:
        super().__init__(f"handshake refused: HTTP {status}")
        self.status = status


_decode = msgspec.msgpack.Decoder(PeekedMessage).decode
_decode_any = msgspec.msgpack.Decoder().decode


def peek(message: bytes) -> PeekedMessage:
    try:
        return _decode(message)
    except msgspec.ValidationError:
        return PeekedMessage(str(_decode_any(message)["t"]))


class SocketClient(asyncio.Protocol):
    """One socket. ``on_message`` gets each message; ``closed`` becomes the close code, 1006 if there was none.

    With ``answers_pings=False`` the client answers neither pings nor the server's close frame. With ``keepalive_s`` it
    pings the server, and aborts a connection that was silent for a whole interval.
    """

    def __init__(
        self,
        url: str,
        on_message: Callable[[bytes], None] | None,
        *,
        answers_pings: bool = True,
        keepalive_s: float | None = None,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[int] = loop.create_future()
        self.on_message = on_message
        self.transport: asyncio.Transport
        self._answers_pings = answers_pings
        self._protocol = ClientProtocol(parse_uri(url), subprotocols=[Subprotocol(SUBPROTOCOL_MSGPACK)], max_size=None)
        self._expected: tuple[str, asyncio.Future[bytes]] | None = None
        self._keepalive_s = keepalive_s
        self._silent = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._silent = False
        self._protocol.receive_data(data)
        self._take_events()
        if self._answers_pings:
            self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        with suppress(EOFError):
            self._protocol.receive_eof()
        self._take_events()
        self._close(self._protocol.close_code or ABNORMAL_CLOSURE)

    async def shake_hands(self) -> None:
        """Upgrade to a WebSocket. Raises ``HandshakeRefusedError``, ``ConnectionError``, ``TimeoutError``."""
        self._protocol.send_request(self._protocol.connect())
        self._flush()
        await asyncio.wait_for(self.opened, CONNECTS_WITHIN_S)
        if self._keepalive_s is not None:
            asyncio.get_running_loop().call_later(self._keepalive_s, self._ping)

    def send(self, message: msgspec.Struct) -> None:
        self.send_bytes(_encode(message))

    def send_bytes(self, body: bytes) -> None:
        """Send an encoded message. Raises ``ConnectionError`` if the socket is closed."""
        if self.closed.done() or self.transport.is_closing():
            raise ConnectionError("socket is closed")
        self._protocol.send_binary(body)
        self._flush()

    async def request(self, message: msgspec.Struct, answer: str, within_s: float = 60.0) -> bytes:
        """Send a message; the next message of kind ``answer``. Raises ``TimeoutError``, ``ConnectionError``."""
        waiting: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._expected = (answer, waiting)
        self.send(message)
        return await asyncio.wait_for(waiting, within_s)

    def abort(self) -> None:
        self.transport.abort()

    def hang_up(self) -> None:
        """Close the connection with a close frame, without waiting for the server's."""
        if not self.closed.done() and not self.transport.is_closing():
            self._protocol.send_close(NORMAL_CLOSURE)
            self._flush()
            self.transport.close()

    @property
    def unsent(self) -> int:
        return self.transport.get_write_buffer_size()

    def _ping(self) -> None:
        assert self._keepalive_s is not None  # noqa: S101 - scheduled by shake_hands only then
        if self.closed.done() or self.transport.is_closing():
            return
        if self._silent:
            self.abort()
            return
        self._silent = True
        self._protocol.send_ping(b"")
        self._flush()
        asyncio.get_running_loop().call_later(self._keepalive_s, self._ping)

    def _take_events(self) -> None:
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                self._response_received()
            elif isinstance(event, Frame) and event.opcode in (Opcode.BINARY, Opcode.TEXT):
                self._message_received(bytes(event.data))
            elif isinstance(event, Frame) and event.opcode is Opcode.CLOSE:
                self._close(int.from_bytes(bytes(event.data)[:2], "big") or ABNORMAL_CLOSURE)

    def _response_received(self) -> None:
        refused = self._protocol.handshake_exc
        if self.opened.done():
            return
        if isinstance(refused, InvalidStatus):
            self.opened.set_exception(HandshakeRefusedError(refused.response.status_code))
        elif refused is not None:
            self.opened.set_exception(ConnectionError(f"handshake failed: {refused}"))
        else:
            self.opened.set_result(None)

    def _message_received(self, message: bytes) -> None:
        if self.on_message is not None:
            self.on_message(message)
        if self._expected is not None and peek(message).t == self._expected[0]:
            waiting, self._expected = self._expected[1], None
            if not waiting.done():
                waiting.set_result(message)

    def _close(self, code: int) -> None:
        if self.closed.done():
            return
        self.closed.set_result(code)
        for waiting in (self.opened, self._expected[1] if self._expected else None):
            if waiting is not None and not waiting.done():
                waiting.set_exception(ConnectionError(f"server closed the socket: {code}"))
                waiting.exception()  # mark as retrieved: the caller may have timed out

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self.transport.write(data)


async def open_tcp(
    url: str,
    on_message: Callable[[bytes], None] | None = None,
    *,
    source: str = "",
    receive_buffer: int = 0,
    answers_pings: bool = True,
    keepalive_s: float | None = None,
) -> SocketClient:
    """A TCP connection from address ``source``, before the handshake. Raises ``OSError``."""
    uri, loop = parse_uri(url), asyncio.get_running_loop()
    _, client = await loop.create_connection(
        lambda: SocketClient(url, on_message, answers_pings=answers_pings, keepalive_s=keepalive_s),
        sock=await _tcp_socket(uri.host, uri.port, source, receive_buffer),
    )
    return client


async def _tcp_socket(host: str, port: int, source: str, receive_buffer: int) -> socket.socket:
    tcp = socket.socket()
    tcp.setblocking(False)
    if receive_buffer:
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    if source:
        tcp.bind((source, 0))
    try:
        await asyncio.get_running_loop().sock_connect(tcp, (host, port))
    except BaseException:
        tcp.close()
        raise
    return tcp


async def connect(
    url: str, on_message: Callable[[bytes], None] | None = None, *, keepalive_s: float | None = None
) -> SocketClient:
    """A WebSocket whose handshake is complete. Raises ``OSError``, ``TimeoutError``."""
    client = await open_tcp(url, on_message, keepalive_s=keepalive_s)
    try:
        await client.shake_hands()
    except BaseException:
        client.abort()
        raise
    return client

"""RPC over a socket of the process: many concurrent calls that bypass Ray.

Ray creates, finds and restarts actors; their frequent calls go over this transport (figures:
``docs/decisions/0015-rpc-over-sockets.md``). A frame is a four-byte length and a MessagePack body. The caller sends the
server's key first, then ``[number, method, arguments]``; the answer is ``[number, result]`` or ``[number, None,
error]``. Number 0 requests no answer. Each process generates a key at start and publishes it through Ray only, whose
calls require the cluster's token. A caller that has the key may call every offered method.
"""

import asyncio
import struct
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from hmac import compare_digest
from secrets import token_bytes
from typing import Any, Final, NamedTuple, cast

import msgspec
import structlog

from dispatch.processes.task_set import TaskSet

log = structlog.get_logger()

MOST_BYTES: Final = 256 * 1024 * 1024
CONGESTED_BYTES: Final = 8 * 1024 * 1024
"""With more unsent bytes than this the peer does not read: notifications are dropped."""
KEY_BYTES: Final = 32
_LENGTH: Final = struct.Struct(">I")
_encode = msgspec.msgpack.Encoder().encode
_decode_call = msgspec.msgpack.Decoder(tuple[int, str, list[Any]]).decode
_decode_answer = msgspec.msgpack.Decoder(list[Any]).decode

Offered = Mapping[str, Callable[..., Awaitable[Any]]]
"""Callable methods by name; arguments and results are MessagePack types."""


class PeerGoneError(Exception):
    """The connection was closed, or the call raised at the peer; it may have acted nevertheless."""


class Address(NamedTuple):
    """Where a process listens, and the key that a caller sends first."""

    host: str
    port: int
    key: bytes


class _Framed(asyncio.Protocol, ABC):
    """One connection: bytes in, frames out. A frame of more than ``most`` bytes closes it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._unread = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._unread += data
        at = 0
        while len(self._unread) - at >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._unread, at)
            if length > self._most:
                self.close()
                return
            end = at + _LENGTH.size + length
            if len(self._unread) < end:
                break
            body = bytes(self._unread[at + _LENGTH.size : end])
            at = end
            self._frame(body)
        del self._unread[:at]

    def close(self) -> None:
        """Close at once, without sending buffered data."""
        if self._transport is not None:
            self._transport.abort()

    @property
    def closed(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    @abstractmethod
    def _frame(self, body: bytes) -> None: ...

    def _send(self, body: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(_LENGTH.pack(len(body)) + body)


class _Caller(_Framed):
    """The server side of a connection."""

    def __init__(self, offered: Offered, key: bytes) -> None:
        super().__init__(KEY_BYTES)
        self._offered = offered
        self._key = key
        self._authenticated = False
        self._tasks = TaskSet()

    def _frame(self, body: bytes) -> None:
        if not self._authenticated:
            self._authenticated = compare_digest(body, self._key)
            if self._authenticated:
                self._most = MOST_BYTES
            else:
                self.close()
            return
        try:
            number, method, arguments = _decode_call(body)
        except msgspec.MsgspecError:
            self.close()
            return
        self._tasks.spawn(self._serve(number, method, arguments))

    async def _serve(self, number: int, method: str, arguments: list[Any]) -> None:
        try:
            answer = _encode((number, await self._offered[method](*arguments)))
        except Exception as error:
            log.exception("rpc method raised", method=method)
            answer = _encode((number, None, f"{type(error).__name__}: {error}"))
        if number:
            self._send(answer)


class RpcServer:
    """The methods that a process offers to others."""

    def __init__(self, offered: Offered) -> None:
        self._offered = offered
        self._key = token_bytes(KEY_BYTES)
        self._server: asyncio.Server | None = None

    async def open(self, host: str) -> Address:
        """Listen on an address of this machine, on any free port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Caller(self._offered, self._key), host, 0)
        return Address(host, self._server.sockets[0].getsockname()[1], self._key)

    def close(self) -> None:
        if self._server is not None:
            self._server.close()


class RpcConnection(_Framed):
    """The client side of a connection. Made by :func:`connect`."""

    def __init__(self, key: bytes) -> None:
        super().__init__(MOST_BYTES)
        self.received = 0
        self._key = key
        self._number = 0
        self._pending: dict[int, asyncio.Future[Any]] = {}

    def request(self, method: str, *arguments: object) -> asyncio.Future[Any]:
        """Call a method. The future may raise :class:`PeerGoneError`."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self.closed:
            answer.set_exception(PeerGoneError("connection closed"))
            return answer
        self._number += 1
        self._pending[self._number] = answer
        self._send(_encode((self._number, method, arguments)))
        return answer

    def notify(self, method: str, *arguments: object) -> bool:
        transport = self._transport
        if transport is None or self.closed or transport.get_write_buffer_size() > CONGESTED_BYTES:
            return False
        self._send(_encode((0, method, arguments)))
        return True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._send(self._key)

    def connection_lost(self, exc: Exception | None) -> None:
        pending, self._pending = self._pending, {}
        for answer in pending.values():
            if not answer.done():
                answer.set_exception(PeerGoneError(str(exc or "connection closed")))
                answer.exception()  # mark as retrieved: the caller may have gone

    def _frame(self, body: bytes) -> None:
        self.received += 1
        number, result, *error = _decode_answer(body)
        answer = self._pending.pop(number, None)
        if answer is None or answer.done():
            return
        if error:
            answer.set_exception(PeerGoneError(error[0]))
        else:
            answer.set_result(result)


async def connect(address: Address) -> RpcConnection:
    """Connect to the process at ``address``. Raises ``OSError``."""
    loop = asyncio.get_running_loop()
    _, peer = await loop.create_connection(lambda: RpcConnection(address.key), address.host, address.port)
    return peer

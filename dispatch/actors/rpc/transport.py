"""A process's own socket, for calls that go past Ray: many under way at once.

Ray makes the actors, finds them and starts them again; what they tell each other all day takes this way (figures:
``docs/decisions/0015-rpc-over-sockets.md``). A frame is four bytes of length and a MessagePack body. A caller sends the
key first, then ``[number, method, arguments]``; the answer is ``[number, result]``, or ``[number, None, error]``.
Number 0 wants no answer. Each process makes its key anew and gives it out by Ray alone, whose calls need the
cluster's token: who has the key may call all that the process offers.
"""

from __future__ import annotations

import asyncio
import struct
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from hmac import compare_digest
from secrets import token_bytes
from typing import Any, Final, NamedTuple, cast

import msgspec
import structlog

log = structlog.get_logger()

MOST_BYTES: Final = 256 * 1024 * 1024
CONGESTED_BYTES: Final = 8 * 1024 * 1024
"""With so much unsent the other side does not read: what nobody waits for is not sent."""
KEY_BYTES: Final = 32

_LENGTH: Final = struct.Struct(">I")
_encode = msgspec.msgpack.Encoder().encode
_decode_call = msgspec.msgpack.Decoder(tuple[int, str, list[Any]]).decode
_decode_answer = msgspec.msgpack.Decoder(list[Any]).decode

Offered = Mapping[str, Callable[..., Awaitable[Any]]]
"""The methods that others may call, by name; arguments and results are what MessagePack has types for."""


class PeerGoneError(Exception):
    """The other side hung up, or answered that the call broke down; the call may have acted all the same."""


class Address(NamedTuple):
    """Where a process listens, and what a caller has to say first."""

    host: str
    port: int
    key: bytes


class _Framed(asyncio.Protocol, ABC):
    """One connection: bytes in, frames out. A frame of more than ``most`` bytes ends it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._unread = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Some bytes, of which some frames may be whole now."""
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
        """Hang up at once."""
        if self._transport is not None:
            self._transport.abort()

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._transport is None or self._transport.is_closing()

    @abstractmethod
    def _frame(self, body: bytes) -> None: ...

    def _send(self, body: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(_LENGTH.pack(len(body)) + body)


class _Caller(_Framed):
    """Somebody who calls this process."""

    def __init__(self, offered: Offered, key: bytes) -> None:
        super().__init__(KEY_BYTES)
        self._offered = offered
        self._key = key
        self._known = False
        self._tasks: set[asyncio.Task[None]] = set()

    def _frame(self, body: bytes) -> None:
        if not self._known:
            self._known = compare_digest(body, self._key)
            if self._known:
                self._most = MOST_BYTES
            else:
                self.close()
            return
        try:
            number, method, arguments = _decode_call(body)
        except msgspec.MsgspecError:
            self.close()
            return
        task = asyncio.get_running_loop().create_task(self._do(number, method, arguments))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, number: int, method: str, arguments: list[Any]) -> None:
        try:
            answer = _encode((number, await self._offered[method](*arguments)))
        except Exception as error:
            log.exception("a call broke down", method=method)
            answer = _encode((number, None, f"{type(error).__name__}: {error}"))
        if number:
            self._send(answer)


class RpcServer:
    """What a process offers to others."""

    def __init__(self, offered: Offered) -> None:
        self._offered = offered
        self._key = token_bytes(KEY_BYTES)
        self._server: asyncio.Server | None = None

    async def open(self, host: str) -> Address:
        """Listen on an address of this machine, at any free port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Caller(self._offered, self._key), host, 0)
        return Address(host, self._server.sockets[0].getsockname()[1], self._key)

    def close(self) -> None:
        """No more callers."""
        if self._server is not None:
            self._server.close()


class RpcConnection(_Framed):
    """The connection to a process that offers something. Made by :func:`connect`."""

    def __init__(self, key: bytes) -> None:
        super().__init__(MOST_BYTES)
        self.received = 0
        self._key = key
        self._number = 0
        self._asked: dict[int, asyncio.Future[Any]] = {}

    def request(self, method: str, *arguments: object) -> asyncio.Future[Any]:
        """Call a method. The future may raise :class:`PeerGoneError`."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self.closed:
            answer.set_exception(PeerGoneError("hung up"))
            return answer
        self._number += 1
        self._asked[self._number] = answer
        self._send(_encode((self._number, method, arguments)))
        return answer

    def notify(self, method: str, *arguments: object) -> bool:
        """Call a method whose answer nobody waits for; says whether it was sent."""
        transport = self._transport
        if transport is None or self.closed or transport.get_write_buffer_size() > CONGESTED_BYTES:
            return False
        self._send(_encode((0, method, arguments)))
        return True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say the key."""
        super().connection_made(transport)
        self._send(self._key)

    def connection_lost(self, exc: Exception | None) -> None:
        """What was asked and not answered never will be."""
        asked, self._asked = self._asked, {}
        for answer in asked.values():
            if not answer.done():
                answer.set_exception(PeerGoneError(str(exc or "hung up")))
                answer.exception()  # heard, also where nobody waits any more

    def _frame(self, body: bytes) -> None:
        self.received += 1
        number, result, *error = _decode_answer(body)
        answer = self._asked.pop(number, None)
        if answer is None or answer.done():
            return
        if error:
            answer.set_exception(PeerGoneError(error[0]))
        else:
            answer.set_result(result)


async def connect(address: Address) -> RpcConnection:
    """A connection to the process at ``address``. Raises ``OSError``."""
    loop = asyncio.get_running_loop()
    _, peer = await loop.create_connection(lambda: RpcConnection(address.key), address.host, address.port)
    return peer

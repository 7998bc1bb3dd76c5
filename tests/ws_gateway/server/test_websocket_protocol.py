"""Frames on their way to the reader: whatever their form, and however the network cuts them."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from unittest.mock import create_autospec, patch

import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode

from ws_gateway.server.websocket_protocol import SLICE, SocketProtocol, socket_of

_HANDSHAKE: Final = (
    b"GET /v1/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_TURNS: Final = 120
"""Enough for the application to accept, and for the longest message in slices."""
_PAYLOADS = st.binary(max_size=140) | st.integers(4_000, 70_000).map(bytes)
_MESSAGES = st.lists(_PAYLOADS, min_size=1, max_size=4)


class Line:
    """A socket's end whose bytes are brought by hand."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.transport: Any = create_autospec(asyncio.Transport, instance=True)
        self.transport.get_extra_info.return_value = None
        self.transport.is_closing.return_value = False
        config = uvicorn.Config(
            self._app, interface="asgi3", ws_per_message_deflate=False, ws_ping_interval=None, log_config=None
        )
        self.protocol = SocketProtocol(config, ServerState(), {})

    async def open(self) -> Line:
        """Shake hands; from now on messages are heard."""
        self.protocol.connection_made(self.transport)
        self.protocol.data_received(_HANDSHAKE)
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        assert self.protocol.deliver is not None
        return self

    async def bring(self, data: bytes, cuts: list[int]) -> None:
        """The bytes, in pieces that end at ``cuts``; each is read to its end before the next comes."""
        ends = sorted({min(cut, len(data)) for cut in cuts} | {len(data)})
        for start, end in zip([0, *ends], ends, strict=False):
            if start < end:
                self.protocol.data_received(data[start:end])
                for _ in range(0 if self.protocol._rest is None else _TURNS):
                    await asyncio.sleep(0)

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        socket = socket_of(scope)
        assert socket is not None
        socket.deliver = self.heard.append
        await receive()


def _frame(opcode: Opcode, payload: bytes, *, fin: bool = True) -> bytes:
    return bytes(Frame(opcode, payload, fin).serialize(mask=True))


def _framed(payload: bytes, pieces: int) -> bytes:
    """A message in so many frames, with a ping between each two."""
    size = len(payload) // pieces + 1
    parts = [payload[at : at + size] for at in range(0, len(payload), size)] or [b""]
    opcodes = [Opcode.BINARY] + [Opcode.CONT] * (len(parts) - 1)
    last = len(parts) - 1
    frames = (
        _frame(opcode, part, fin=at == last) for at, (opcode, part) in enumerate(zip(opcodes, parts, strict=True))
    )
    return _frame(Opcode.PING, b"?").join(frames)


@given(st.data(), _MESSAGES)
async def test_every_message_is_heard_once_and_in_order(data: st.DataObject, messages: list[bytes]) -> None:
    """Whole or in pieces, and wherever the network cuts the bytes."""
    said = b"".join(_framed(message, data.draw(st.integers(1, 3))) for message in messages)
    line = await Line().open()

    await line.bring(said, data.draw(st.lists(st.integers(1, len(said)), max_size=12)))

    assert line.heard == messages


@given(_MESSAGES)
async def test_a_message_in_one_piece_goes_past_the_parser(messages: list[bytes]) -> None:
    """What an app sends in a breath costs no parser; the largest are read in slices, by the parser."""
    line = await Line().open()
    frames = [_frame(Opcode.BINARY, message) for message in messages]
    with patch.object(line.protocol.conn, "receive_data", wraps=line.protocol.conn.receive_data) as parsed:
        for frame in frames:
            await line.bring(frame, [])

    assert line.heard == messages
    assert bool(parsed.called) == any(len(frame) > SLICE for frame in frames)


async def test_nothing_is_heard_after_the_close() -> None:
    """A message behind a close frame is nobody's."""
    line = await Line().open()
    await line.bring(_frame(Opcode.BINARY, b"before") + _frame(Opcode.CLOSE, b"\x03\xe8"), [])
    await line.bring(_frame(Opcode.BINARY, b"after"), [])

    assert line.heard == [b"before"]


async def test_a_frame_without_a_mask_is_an_error() -> None:
    """RFC 6455, 5.1: the server closes the connection."""
    line = await Line().open()
    await line.bring(bytes(Frame(Opcode.BINARY, b"bare").serialize(mask=False)), [])

    assert line.heard == []
    assert line.protocol.conn.close_sent is not None


async def test_the_rest_of_a_message_is_not_taken_for_one() -> None:
    """A payload may end in bytes that would be a whole frame, had they come by themselves."""
    inner = _frame(Opcode.BINARY, b"inner")
    said = _unmasked_by_zeros(b"outer" + inner)
    line = await Line().open()
    await line.bring(said, [len(said) - len(inner)])

    assert line.heard == [b"outer" + inner]


async def test_a_message_within_another_is_an_error() -> None:
    """RFC 6455, 5.4: frames of two messages are not mixed."""
    line = await Line().open()
    await line.bring(_frame(Opcode.BINARY, b"begun", fin=False), [])
    await line.bring(_frame(Opcode.BINARY, b"whole"), [])

    assert line.heard == []
    assert line.protocol.conn.close_sent is not None


async def test_a_length_of_eight_bytes_is_read_as_such() -> None:
    """Also where the frame is as long as its second byte would say of a short one."""
    payload = bytes(range(119))
    line = await Line().open()
    await line.bring(b"\x82\xff" + len(payload).to_bytes(8, "big") + bytes(4) + payload, [])

    assert line.heard == [payload]


def _unmasked_by_zeros(payload: bytes) -> bytes:
    """A message under a mask that changes nothing."""
    return bytes([0x82, 0x80 | len(payload)]) + bytes(4) + payload

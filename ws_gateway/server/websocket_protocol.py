"""uvicorn's WebSocket protocol with two short cuts for binary messages, the way of every GPS fix.

An ASGI application awaits each message from a queue: a dict, a future and a switch of tasks for each, and reading
from the socket paused and resumed around it. An application that finds this socket in its scope may set ``deliver``
and is called instead, in the order of the frames; ``receive`` then tells of text frames and of the end.

And what comes as exactly one whole binary message, between two messages of an open socket, is unmasked at once;
websockets' parser, made for every frame that RFC 6455 allows, has all others. Everything else is uvicorn's.

Of what a client sends in a breath, :data:`SLICE` bytes are read in one turn of the event loop, and meanwhile no more is
taken from its socket: who floods delays the others by a slice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.types import Scope
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.speedups import apply_mask

SLICE: Final = 4_096
"""Some hundred small messages; an everyday one is far below."""
_KEY: Final = "taxi.socket"
_WHOLE_BINARY: Final = 0x82
"""First byte of a message in one frame: FIN, no extension's bits, opcode 2 (RFC 6455, 5.2)."""
_MASKED: Final = 0x80
_TWO_BYTES: Final = 126
"""Instead of a length: it stands in the next two bytes."""
_EIGHT_BYTES: Final = 0xFF
"""A masked frame whose length stands in the next eight."""


class SocketProtocol(WebSocketsSansIOProtocol):
    """One socket. ``deliver`` takes the binary frames from when it is set on."""

    deliver: Callable[[bytes], None] | None = None
    _rest: bytearray | None = None

    def data_received(self, data: bytes) -> None:
        """What has come, or its first slice: the rest has its turns."""
        if self._rest is None and len(data) <= SLICE:
            deliver = self.deliver
            if deliver is None or (message := self._whole_message(data)) is None:
                super().data_received(data)
            else:
                deliver(message)
            return
        if self._rest is None:
            self._rest = bytearray()
            self.loop.call_soon(self._go_on)
        self._rest += data
        if self.transport.is_reading():
            self.transport.pause_reading()

    def _whole_message(self, data: bytes) -> bytes | None:
        """What ``data`` says, where it is one whole binary message and nothing else; None: it is the parser's."""
        if len(data) < 6 or data[0] != _WHOLE_BINARY:
            return None
        begins, length = 6, data[1] - _MASKED
        if length == _TWO_BYTES:
            begins, length = 8, data[2] << 8 | data[3]
        if len(data) != begins + length or data[1] == _EIGHT_BYTES:
            return None
        conn = self.conn
        if conn.state is not OPEN or conn.reader.buffer or conn.current_size is not None or self.close_sent:
            return None
        return apply_mask(data[begins:], data[begins - 4 : begins])

    def _go_on(self) -> None:
        rest = self._rest
        if rest is None or self.transport.is_closing():
            return
        slice_ = bytes(rest[:SLICE])
        del rest[:SLICE]
        super().data_received(slice_)
        if rest:
            self.loop.call_soon(self._go_on)
            return
        self._rest = None
        if not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    def handle_connect(self, event: Request) -> None:
        """The handshake; the application, which runs a moment later, finds us in its scope."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["state"][_KEY] = self

    def send_receive_event_to_app(self) -> None:
        """A whole message is there."""
        if self.deliver is None or self.curr_msg_data_type == "text":
            super().send_receive_event_to_app()
            return
        frames, self.frames = self.frames, []
        if not self.close_sent:
            self.deliver(frames[0] if len(frames) == 1 else b"".join(frames))


def socket_of(scope: Scope) -> SocketProtocol | None:
    """The socket behind an ASGI scope; None under another server, where ``receive`` tells everything."""
    found = scope.get("state", {}).get(_KEY)
    return found if isinstance(found, SocketProtocol) else None

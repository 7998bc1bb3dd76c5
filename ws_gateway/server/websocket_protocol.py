"""uvicorn's WebSocket protocol with two short cuts for binary messages: the path of every GPS fix.

Rule 1. ASGI passes each message through a queue: a dict, a future and a task switch per message, and reading paused and
        resumed around it. An application that finds this socket in its scope may set ``deliver``, which is called
        instead, in the order of the frames; ``receive`` then yields text frames and the end.
Rule 2. Data that is exactly one complete binary message on an idle open socket is unmasked at once; the parser of
        websockets, which handles all frames of RFC 6455, gets all other data. Everything else is uvicorn's.
Rule 3. At most :data:`SLICE` bytes per connection are parsed per loop iteration, with reading paused meanwhile, so a
        flooding client delays others by one slice at most.
"""

from collections.abc import Callable
from typing import Final

from starlette.types import Scope
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.speedups import apply_mask

SLICE: Final = 4_096
"""Some hundred small messages; typical data is far smaller."""
_KEY: Final = "taxi.socket"
_WHOLE_BINARY: Final = 0x82
"""First byte of a message in one frame: FIN, no extension bits, opcode 2 (RFC 6455, 5.2)."""
_MASKED: Final = 0x80
_TWO_BYTES: Final = 126
"""This length value means: the length is in the next two bytes."""
_EIGHT_BYTES: Final = 0xFF
"""A masked frame with its length in the next eight bytes."""


class SocketProtocol(WebSocketsSansIOProtocol):
    """Implements :class:`ws_gateway.ports.BinaryFrameSource`."""

    deliver: Callable[[bytes], None] | None = None
    _rest: bytearray | None = None

    def data_received(self, data: bytes) -> None:
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
        """The payload if ``data`` is one complete binary message; None leaves it to the parser."""
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
        """The application, which runs a moment later, finds this socket in its scope."""
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["state"][_KEY] = self

    def send_receive_event_to_app(self) -> None:
        if self.deliver is None or self.curr_msg_data_type == "text":
            super().send_receive_event_to_app()
            return
        frames, self.frames = self.frames, []
        if not self.close_sent:
            self.deliver(frames[0] if len(frames) == 1 else b"".join(frames))


def socket_of(scope: Scope) -> SocketProtocol | None:
    """The socket behind an ASGI scope; None under another server, where ``receive`` yields all frames."""
    found = scope.get("state", {}).get(_KEY)
    return found if isinstance(found, SocketProtocol) else None

"""uvicorn's WebSocket protocol with a short cut: a binary frame goes straight to its reader, without a queue between.

An ASGI application awaits each message from a queue: a dict, a future and a switch of tasks for each, and reading
from the socket paused and resumed around it. An application that finds this socket in its scope may set ``deliver``
and is called instead, in the order of the frames; ``receive`` then tells of text frames and of the end. Everything
else is uvicorn's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.types import Scope
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

_KEY: Final = "taxi.socket"


class SocketProtocol(WebSocketsSansIOProtocol):
    """One socket. ``deliver`` takes the binary frames from when it is set on."""

    deliver: Callable[[bytes], None] | None = None

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

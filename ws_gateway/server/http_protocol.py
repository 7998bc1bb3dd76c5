"""uvicorn's HTTP protocol, for clients that take their time.

uvicorn waits for ever for the rest of a request, so that whoever sends a byte now and then, or nothing, holds a
socket for nothing. Here a request, its body too, is there within ``request_s`` seconds of the connection, or of the
answer before it, or the socket is cut. Whoever dials too often is cut before anything is heard. And of all that have
something to say, one is heard in each turn of the event loop: a thousand handshakes at once delay those who are there
by one of them, not by all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from ws_gateway.server.fair_queue import FairQueue

_INCOMPLETE: Final = (h11.IDLE, h11.SEND_BODY)
"""The client's state while its request is not there yet."""


class HttpProtocol(H11Protocol):
    """One connection, until it becomes a WebSocket."""

    request_s: float = 10.0
    fair_queue: FairQueue
    may_connect: Callable[[str], bool]
    _request_timer: asyncio.TimerHandle | None = None
    _cut = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody is there, and has not said anything yet."""
        peer = transport.get_extra_info("peername")
        if peer and not self.may_connect(str(peer[0])):
            self._cut = True
            transport.abort()
            return
        super().connection_made(transport)
        self._start_timer()

    def data_received(self, data: bytes) -> None:
        """A part of a request, or the whole: it has its turn, and no more is read before."""
        if self.transport.is_reading():
            self.transport.pause_reading()
        self.fair_queue.add(partial(self._process, data))

    def _process(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        if not self.flow.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()
        if self.conn.their_state not in _INCOMPLETE:
            self._stop_timer()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """From here on the session looks after its silence itself."""
        self._stop_timer()
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        """The next request has as much time."""
        self._stop_timer()
        self._start_timer()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        if self._cut:
            return
        self._stop_timer()
        super().connection_lost(exc)

    def _start_timer(self) -> None:
        self._request_timer = self.loop.call_later(self.request_s, self._time_out)

    def _time_out(self) -> None:
        self.transport.abort()

    def _stop_timer(self) -> None:
        if self._request_timer is not None:
            self._request_timer.cancel()
            self._request_timer = None


def http_protocol(request_s: float, may_connect: Callable[[str], bool]) -> type[HttpProtocol]:
    """The protocol of one server as uvicorn takes it, a class: with this deadline, for peers that are admitted."""
    attributes = {"request_s": request_s, "fair_queue": FairQueue(), "may_connect": staticmethod(may_connect)}
    return type("HttpProtocol", (HttpProtocol,), attributes)

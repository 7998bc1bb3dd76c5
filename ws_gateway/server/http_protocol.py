"""uvicorn's HTTP protocol with a deadline, a limit per address, and fair turns.

uvicorn waits without limit for the rest of a request. Here a request with its body must arrive within ``request_s`` of
the connection, or of the previous response; otherwise the connection is aborted. Connections over the per-address limit
are dropped at accept. Requests are processed one per loop iteration, so a thousand simultaneous handshakes do not stall
existing clients.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

_INCOMPLETE: Final = (h11.IDLE, h11.SEND_BODY)
"""The client's state until its request is complete."""


class FairQueue:
    """Work in turns, first in first out: all other ready work of the event loop runs between two pieces."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, piece: Callable[[], None]) -> None:
        self._waiting.append(piece)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        try:
            self._waiting[0]()
        finally:
            self._waiting.popleft()
            if self._waiting:
                asyncio.get_running_loop().call_soon(self._next)


class HttpProtocol(H11Protocol):
    """One connection, until it becomes a WebSocket."""

    request_s: float = 10.0
    fair_queue: FairQueue
    may_connect: Callable[[str], bool]
    _request_timer: asyncio.TimerHandle | None = None
    _cut = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        peer = transport.get_extra_info("peername")
        if peer and not self.may_connect(str(peer[0])):
            self._cut = True
            transport.abort()
            return
        super().connection_made(transport)
        self._start_timer()

    def data_received(self, data: bytes) -> None:
        """Reading pauses until this data has had its turn."""
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
        """From here on, the session detects silence itself."""
        self._stop_timer()
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        self._stop_timer()
        self._start_timer()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
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
    attributes = {"request_s": request_s, "fair_queue": FairQueue(), "may_connect": staticmethod(may_connect)}
    return type("HttpProtocol", (HttpProtocol,), attributes)

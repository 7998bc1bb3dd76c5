"""uvicorn's HTTP protocol, for clients that take their time.

uvicorn waits for ever for the rest of a request, so that whoever sends a byte now and then, or nothing, holds a
socket for nothing. Here a request, its body too, is there within ``within_s`` seconds of the connection, or of the
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

_STILL_SAID: Final = (h11.IDLE, h11.SEND_BODY)
"""The client's state while its request is not there yet."""


class HttpProtocol(H11Protocol):
    """One connection, until it becomes a WebSocket."""

    within_s: float = 10.0
    turns: FairQueue
    admits: Callable[[str], bool]
    _late: asyncio.TimerHandle | None = None
    _cut = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody is there, and has not said anything yet."""
        peer = transport.get_extra_info("peername")
        if peer and not self.admits(str(peer[0])):
            self._cut = True
            transport.abort()
            return
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """A part of a request, or the whole: it has its turn, and no more is read before."""
        if self.transport.is_reading():
            self.transport.pause_reading()
        self.turns.add(partial(self._hear, data))

    def _hear(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        if not self.flow.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()
        if self.conn.their_state not in _STILL_SAID:
            self._wait_no_more()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """From here on the session looks after its silence itself."""
        self._wait_no_more()
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        """The next request has as much time."""
        self._wait_no_more()
        self._wait()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        if self._cut:
            return
        self._wait_no_more()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._late = self.loop.call_later(self.within_s, self._too_late)

    def _too_late(self) -> None:
        self.transport.abort()

    def _wait_no_more(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def http_protocol(within_s: float, admits: Callable[[str], bool]) -> type[HttpProtocol]:
    """The protocol of one server as uvicorn takes it, a class: with this deadline, for peers that are admitted."""
    given = {"within_s": within_s, "turns": FairQueue(), "admits": staticmethod(admits)}
    return type("HttpProtocol", (HttpProtocol,), given)

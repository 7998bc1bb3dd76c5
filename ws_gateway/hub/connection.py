"""One socket: a reader, a writer task over a bounded outbox, and a task for each question under way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any

from dispatch.actors.core.protocol import FixRow
from dispatch.domain.errors import CLOSE_TEXTS, CloseCode
from dispatch.values.roles import Audience
from ws_gateway.hub.map_relay import MAP_SLOT
from ws_gateway.server.websocket_protocol import SocketProtocol
from ws_gateway.session.effects import (
    CloseSocket,
    Effect,
    Resolve,
    SendMessage,
    SignedOn,
    Subscribe,
    Unsubscribe,
    WatchCells,
)
from ws_gateway.session.outbox import Outbox
from ws_gateway.session.session import Session

if TYPE_CHECKING:
    from ws_gateway.hub.hub import Hub

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Connection:
    """Runs a session on a socket. After ``serve`` returned, nothing of it is left: no task, no entry anywhere."""

    def __init__(self, gateway: Hub, session: Session, *, text: bool) -> None:
        self.session = session
        self.follows: dict[tuple[str, Audience], None] = {}
        self.watches: tuple[str, ...] = ()
        self.watches_counts = False
        self.signed_on_at = 0.0
        settings = gateway.settings
        self._gateway = gateway
        self._text = text
        self._outbox = Outbox(settings.outbox_events, settings.outbox_bytes)
        self._wake = asyncio.Event()
        self.questions: set[asyncio.Task[None]] = set()
        self._reader: asyncio.Task[None] | None = None
        self._abort_timer: asyncio.TimerHandle | None = None
        self._aborted = False

    async def serve(self, receive: Receive, send: Send, socket: SocketProtocol | None = None) -> None:
        """Read until the client is gone or the socket was closed. The socket has been accepted.

        With ``socket``, binary frames come straight from it; those that came before are still got by ``receive``.
        """
        if socket is not None:
            socket.deliver = self._frame
        self._reader = asyncio.current_task()
        writer = asyncio.create_task(self._write(send))
        self._gateway.add(self)
        try:
            await self._read(receive)
        except asyncio.CancelledError:
            if not self._aborted or self._reader is None:
                raise
            self._reader.uncancel()
        finally:
            self._end()
            await _finish([writer, *self.questions])

    def perform(self, effects: Sequence[Effect]) -> None:
        """Do what the session wants done."""
        for effect in effects:
            kind = type(effect)
            if kind is FixRow:
                self._gateway.take_fix(effect, self.session)  # type: ignore[arg-type]
            elif kind is SendMessage:
                self._say(effect)  # type: ignore[arg-type]
            else:
                self._perform_rare(effect)

    def relay(self, message: bytes, slot: str | None = None) -> None:
        """Say what no stream carries, encoded as MessagePack."""
        self.perform(self.session.relay(message, slot))

    def map_waits(self) -> bool:
        """Whether the last message of the map was not written yet."""
        return self._outbox.holds(MAP_SLOT)

    @property
    def watches_map(self) -> bool:
        """Whether this is a console that looks at the map."""
        return bool(self.watches) or self.watches_counts

    async def _read(self, receive: Receive) -> None:
        while True:
            event = await receive()
            if event["type"] != "websocket.receive":
                return
            frame = event.get("bytes")
            self._frame(event["text"] if frame is None else frame)

    def _frame(self, frame: bytes | str) -> None:
        """The way of every GPS fix."""
        effects = self.session.receive(frame)
        if effects:
            self.perform(effects)

    async def _write(self, send: Send) -> None:
        outbox, wake = self._outbox, self._wake
        try:
            while outbox.closing is None or len(outbox):
                await wake.wait()
                wake.clear()
                for message in outbox.take():
                    await send(
                        {"type": "websocket.send", "text": message.decode()}
                        if self._text
                        else {"type": "websocket.send", "bytes": message}
                    )
            await send({"type": "websocket.close", "code": int(outbox.closing), "reason": CLOSE_TEXTS[outbox.closing]})
        except OSError:
            return  # the client is gone; the reader hears of it too

    def _say(self, said: SendMessage) -> None:
        if said.refused:
            self._gateway.metrics.refused.labels(str(said.refused)).inc()
        if self._outbox.put(said.message, said.slot):
            self._gateway.metrics.outbox_dropped.inc()
        self._wake.set()
        if self._outbox.closing is not None:
            self._begin_closing()

    def _perform_rare(self, effect: Effect) -> None:
        gateway = self._gateway
        if isinstance(effect, Resolve):
            task = asyncio.create_task(self._answer(effect))
            self.questions.add(task)
            task.add_done_callback(self.questions.discard)
        elif isinstance(effect, Subscribe):
            gateway.subscribe(self, effect.key, effect.audience)
        elif isinstance(effect, Unsubscribe):
            gateway.unsubscribe(self, effect.key, effect.audience)
        elif isinstance(effect, WatchCells):
            gateway.watch(self, effect)
        elif isinstance(effect, SignedOn):
            gateway.signed_on(self, effect.principal)
        elif isinstance(effect, CloseSocket):
            self._outbox.close(effect.code)
            self._wake.set()
            self._begin_closing()

    async def _answer(self, ask: Resolve) -> None:
        answer = await self._gateway.answer(ask.request)
        self.perform(self.session.answer(ask.number, answer))

    def _begin_closing(self) -> None:
        """From now on the session says nothing; a client that does not read what is left is cut off."""
        self.session.closed = True
        if self._abort_timer is None:
            if self._outbox.closing is CloseCode.SLOW:
                self._gateway.metrics.slow_closes.inc()
            loop = asyncio.get_running_loop()
            self._abort_timer = loop.call_later(self._gateway.settings.close_s, self._abort)

    def _abort(self) -> None:
        self._aborted = True
        if self._reader is not None:
            self._reader.cancel()

    def _end(self) -> None:
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        self._gateway.remove(self)
        self.session.end()


async def _finish(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel the tasks and wait until they are gone."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

"""One socket: a reader, a writer task over a bounded outbox, and a task for each request under way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, Protocol

from dispatch.domain.entity import Principal
from dispatch.domain.errors import CLOSE_TEXTS, CloseCode
from dispatch.domain.vehicle.position_tracker import FixRow
from dispatch.observability.metrics import Metrics
from dispatch.processes.task_set import TaskSet
from dispatch.values.roles import Audience
from ws_gateway.hub.map_relay import MAP_SLOT
from ws_gateway.ports import BinaryFrameSource
from ws_gateway.session.effects import (
    Answer,
    CloseSocket,
    Effect,
    Request,
    Resolve,
    SendMessage,
    SignedOn,
    Subscribe,
    Unsubscribe,
    WatchCells,
)
from ws_gateway.session.outbox import Outbox
from ws_gateway.session.session import Session
from ws_gateway.settings import GatewaySettings

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class ConnectionOwner(Protocol):
    """The part of the hub that a connection uses."""

    settings: GatewaySettings
    metrics: Metrics

    def add(self, connection: Connection) -> None: ...
    def remove(self, connection: Connection) -> None: ...
    def take_fix(self, row: FixRow, session: Session) -> None: ...
    def subscribe(self, connection: Connection, key: str, audience: Audience) -> None: ...
    def unsubscribe(self, connection: Connection, key: str, audience: Audience) -> None: ...
    def watch_map(self, connection: Connection, wanted: WatchCells) -> None: ...
    def signed_on(self, connection: Connection, principal: Principal) -> None: ...

    def resolve(self, request: Request) -> Awaitable[Answer]:
        """Never raises except for cancellation."""


class Connection:
    """Runs a session on a socket. After ``serve`` has returned, none of its tasks runs and no table contains it."""

    def __init__(self, owner: ConnectionOwner, session: Session, *, text: bool) -> None:
        self.session = session
        self.subscriptions: dict[tuple[str, Audience], None] = {}
        self.watches: tuple[str, ...] = ()
        self.watches_counts = False
        self.signed_on_at = 0.0
        self.requests = TaskSet()
        self._owner = owner
        self._text = text
        self._outbox = Outbox(owner.settings.outbox_events, owner.settings.outbox_bytes)
        self._wake = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self._abort_timer: asyncio.TimerHandle | None = None
        self._aborted = False

    async def serve(self, receive: Receive, send: Send, frames: BinaryFrameSource | None = None) -> None:
        """Serve an accepted socket until it is closed.

        With ``frames``, binary frames come straight from that source; ``receive`` yields those that came before.
        """
        if frames is not None:
            frames.deliver = self._receive_frame
        self._reader = asyncio.current_task()
        writer = asyncio.create_task(self._write(send))
        self._owner.add(self)
        try:
            await self._read(receive)
        except asyncio.CancelledError:
            if not self._aborted or self._reader is None:
                raise
            self._reader.uncancel()
        finally:
            self._end()
            await _cancel([writer, *self.requests])

    def perform(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case FixRow():
                    self._owner.take_fix(effect, self.session)
                case SendMessage():
                    self._send(effect)
                case Resolve():
                    self.requests.spawn(self._answer(effect))
                case Subscribe():
                    self._owner.subscribe(self, effect.key, effect.audience)
                case Unsubscribe():
                    self._owner.unsubscribe(self, effect.key, effect.audience)
                case WatchCells():
                    self._owner.watch_map(self, effect)
                case SignedOn():
                    self._owner.signed_on(self, effect.principal)
                case CloseSocket():
                    self._close(effect)

    def relay(self, message: bytes, slot: str | None = None) -> None:
        self.perform(self.session.relay(message, slot))

    def has_unsent_map(self) -> bool:
        return self._outbox.holds(MAP_SLOT)

    @property
    def watches_map(self) -> bool:
        return bool(self.watches) or self.watches_counts

    async def _read(self, receive: Receive) -> None:
        while True:
            event = await receive()
            if event["type"] != "websocket.receive":
                return
            frame = event.get("bytes")
            self._receive_frame(event["text"] if frame is None else frame)

    def _receive_frame(self, frame: bytes | str) -> None:
        """Hot path: every GPS fix comes through here."""
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
            return  # the socket is closed; the reader ends too

    def _send(self, sent: SendMessage) -> None:
        if sent.refused:
            self._owner.metrics.refused.labels(str(sent.refused)).inc()
        if self._outbox.put(sent.message, sent.slot):
            self._owner.metrics.outbox_dropped.inc()
        self._wake.set()
        if self._outbox.closing is not None:
            self._begin_closing()

    async def _answer(self, effect: Resolve) -> None:
        answer = await self._owner.resolve(effect.request)
        self.perform(self.session.resolve(effect.number, answer))

    def _close(self, effect: CloseSocket) -> None:
        self._outbox.close(effect.code)
        self._wake.set()
        self._begin_closing()

    def _begin_closing(self) -> None:
        """Stop the session, and abort the socket if the client does not read the queued messages in time."""
        self.session.closed = True
        if self._abort_timer is None:
            if self._outbox.closing is CloseCode.SLOW:
                self._owner.metrics.slow_closes.inc()
            loop = asyncio.get_running_loop()
            self._abort_timer = loop.call_later(self._owner.settings.close_s, self._abort)

    def _abort(self) -> None:
        self._aborted = True
        if self._reader is not None:
            self._reader.cancel()

    def _end(self) -> None:
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        self._owner.remove(self)
        self.session.end()


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

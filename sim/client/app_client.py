"""One app's connection: keeps itself up, resumes where it was, and has every command answered once.

Rule 1: a command keeps its id until it is answered, over every reconnect (:mod:`sim.client.pending_commands`).
Rule 2: streams are checked for gaps and repeats; a breach is counted, never hidden (:mod:`sim.client.stream_check`).
Rule 3: close codes are obeyed: below 4500 connect again and resume; an expired or refused token is renewed once;
anything else ends the app.

Sending is synchronous (a write to the socket's buffer), so that an app needs no task but the one that reads.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Final, Protocol

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.connection import broadcast
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from dispatch.api.client_messages import SUBPROTOCOL_MSGPACK, Attach, ClientCommand, ClientMessage, Detach, Hello
from dispatch.api.server_messages import Accepted, FromServer, Rejected, ServerMessage, Snapshot, Update, Welcome
from dispatch.domain.errors import CloseCode, may_reconnect
from sim.client.connect_limiter import ConnectLimiter
from sim.client.pending_commands import Answer, OnAnswer, PendingCommands
from sim.client.sign_in import SignIn, SignInError, Token
from sim.client.stream_check import StreamCursors, StreamOrder
from sim.metrics.delivery_log import DeliveryLog
from sim.metrics.run_metrics import RunMetrics
from sim.time.scheduler import Scheduler, Timer
from sim.time.server_clock import ServerClock

FIRST_BACKOFF_S: Final = 0.2
LONGEST_BACKOFF_S: Final = 5.0
HELLO_S: Final = 15.0
CHECK_S: Final = 1.0
RENEW_BEFORE_S: Final = 60.0
CONGESTED_BYTES: Final = 65_536
"""With so much unsent, the server does not read: nothing more is pushed into the socket."""
_RENEWABLE: Final = frozenset({int(CloseCode.BAD_TOKEN), int(CloseCode.TOKEN_EXPIRED)})
_BROKEN: Final = 1006

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(FromServer)


@dataclass(frozen=True, slots=True)
class ClientContext:
    """What all apps share: where the server is, time, and the metrics. ``run`` makes command ids new in every run."""

    url: str
    run: str
    gate: ConnectLimiter
    clock: ServerClock
    scheduler: Scheduler
    metrics: RunMetrics
    ping_interval_s: float | None = 20.0


class App(Protocol):
    """Who uses a connection. All methods are called from the event loop and must not block."""

    def welcomed(self, welcome: Welcome) -> None:
        """Connected, for the first time or again. Commands and streams go on by themselves."""
        ...

    def received(self, message: ServerMessage) -> None:
        """A stream's update or snapshot, or what belongs to no stream. Repeats have been taken out."""
        ...


class AppClient:
    """The connection of one app. ``name`` is part of its command ids and must be unique within the run."""

    def __init__(self, context: ClientContext, name: str, sign_in: SignIn, app: App, rng: Random) -> None:
        self._context = context
        self._name = name
        self._sign_in = sign_in
        self._app = app
        self._rng = rng
        self._serial = count(1)
        self._unanswered = PendingCommands()
        self._cursors = StreamCursors()
        self._token: Token | None = None
        self._renewed = False
        self._socket: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._checking: Timer | None = None
        self._backoff_s = FIRST_BACKOFF_S

    @property
    def _delivery_log(self) -> DeliveryLog | None:
        return self._context.metrics.delivery_log

    @property
    def connected(self) -> bool:
        """Whether the server has welcomed this connection."""
        return self._socket is not None

    @property
    def congested(self) -> bool:
        """Whether the server reads so slowly that nothing more should be sent now."""
        return self._socket is not None and self._socket.transport.get_write_buffer_size() > CONGESTED_BYTES

    # ── what an app does ─────────────────────────────────────────────────────────────────────────────────────────

    def next_id(self) -> str:
        """An id for a command, never used before."""
        return f"{self._context.run}.{self._name}.{next(self._serial)}"

    def command(self, command: ClientCommand, on_answer: OnAnswer) -> None:
        """Send a command, now or when connected; ``on_answer`` hears of its one answer."""
        body = _encoder.encode(command)
        self._unanswered.add(command.id, body, on_answer, self._context.clock.wall())
        self._push(body)
        if self._checking is None:
            self._checking = self._context.scheduler.after(CHECK_S, self._check)

    def send(self, message: ClientMessage) -> bool:
        """Send a message that has no answer. False if it could not be sent now."""
        return not self.congested and self._push(_encoder.encode(message))

    def expect(self, stream: str) -> None:
        """The server lets us follow this stream by itself; after a reconnect it is to be told again that we do."""
        self._cursors.follow(stream)

    def follow(self, stream: str) -> None:
        """Follow a stream from a snapshot on, over every reconnect."""
        self._cursors.follow(stream)
        self.command(Attach(id=self.next_id(), stream=stream), _ignore)

    def leave(self, stream: str) -> None:
        """Follow a stream no longer."""
        self._cursors.leave(stream)
        if self._socket is not None:
            self.command(Detach(id=self.next_id(), stream=stream), _ignore)

    def close(self) -> None:
        """Hang up: :meth:`run` ends, cancelled. Streams and unanswered commands are forgotten."""
        self._cursors = StreamCursors()
        self._unanswered = PendingCommands()
        if self._task is not None:
            self._task.cancel()

    # ── keeping it up ────────────────────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Stay connected until :meth:`close`, or until the server says not to come again. May be run again then."""
        self._task = asyncio.current_task()
        try:
            await self._stay_connected()
        finally:
            self._task = None

    async def _stay_connected(self) -> None:
        while True:
            await self._context.gate.pass_through()
            code = await self._one_connection()
            if self._task is not None and self._task.cancelling():
                # A socket that broke while it was being closed hides the cancellation behind its own error.
                raise asyncio.CancelledError
            if code is not None and not self._may_return(code):
                return
            await asyncio.sleep(self._rng.uniform(0, self._backoff_s))
            self._backoff_s = min(self._backoff_s * 2, LONGEST_BACKOFF_S)

    async def _one_connection(self) -> int | None:
        """Sign in if needed, connect, talk. The code of the close, or None where it did not come so far."""
        try:
            token = await self._valid_token()
            async with connect(
                self._context.url,
                subprotocols=[Subprotocol(SUBPROTOCOL_MSGPACK)],
                compression=None,
                proxy=None,
                user_agent_header=None,
                ping_interval=self._context.ping_interval_s,
                close_timeout=2,
            ) as socket:
                return await self._talk(socket, token)
        except SignInError as error:
            return self._not_let_in(error)
        except (OSError, InvalidHandshake, ConnectionClosed, TimeoutError):
            self._context.metrics.closed(_BROKEN)
            return None

    def _not_let_in(self, error: SignInError) -> int | None:
        self._context.metrics.rejected(error.code or 0)
        return None if error.retryable else int(CloseCode.PROTOCOL)

    async def _talk(self, socket: ClientConnection, token: Token) -> int:
        clock = self._context.clock
        phone_time = clock.city() if clock.known else None
        try:
            hello = Hello(token=token.token, clock=phone_time, resume=self._cursors.resume())
            await socket.send(_encoder.encode(hello))
            async with asyncio.timeout(HELLO_S):
                self._greeted(socket, _decoder.decode(await socket.recv(decode=False)))
            async for data in socket:
                self._read(data)
        except ConnectionClosed:
            pass
        finally:
            self._socket = None
            if self._delivery_log is not None:
                self._delivery_log.gone(self._name, clock.wall())
        code = socket.close_code or _BROKEN
        self._context.metrics.closed(code)
        return code

    def _may_return(self, code: int) -> bool:
        if code in _RENEWABLE and not self._renewed:
            self._renewed = True
            self._token = None
            return True
        return may_reconnect(code)

    async def _valid_token(self) -> Token:
        if self._token is None or self._token.expires_at - self._context.clock.wall() < RENEW_BEFORE_S:
            self._token = await self._sign_in()
        return self._token

    # ── what comes in ────────────────────────────────────────────────────────────────────────────────────────────

    def _greeted(self, socket: ClientConnection, first: ServerMessage) -> None:
        """The first message: a welcome, or the reason why there is none (a close follows)."""
        if not isinstance(first, Welcome):
            self._hear(first)
            return
        self._socket = socket
        self._renewed = False
        self._backoff_s = FIRST_BACKOFF_S
        self._context.clock.synchronise(first.city_time, first.speed)
        self._app.welcomed(first)
        for body in self._unanswered.all(self._context.clock.wall()):
            self._push(body)

    def _read(self, data: bytes | str) -> None:
        try:
            message = _decoder.decode(data if isinstance(data, bytes) else data.encode())
        except msgspec.MsgspecError:
            self._context.metrics.violation("unreadable")
        else:
            self._hear(message)

    def _hear(self, message: ServerMessage) -> None:
        if self._delivery_log is not None:
            self._tell(self._delivery_log, message)
        match message:
            case Accepted() | Rejected():
                self._answered(message)
            case Update(stream, seq):
                if self._in_order(self._cursors.update(stream, seq)):
                    self._app.received(message)
            case Snapshot(stream, seq):
                self._in_order(self._cursors.snapshot(stream, seq, recovered=message.recovered))
                self._app.received(message)
            case _:
                self._app.received(message)

    def _tell(self, delivery_log: DeliveryLog, message: ServerMessage) -> None:
        delivery_log.message(self._name, self._context.clock.wall())
        if isinstance(message, Update):
            delivery_log.update(message.stream, message.seq, message.event)
        elif isinstance(message, Snapshot):
            delivery_log.stand(message.stream, message.seq)

    def _answered(self, answer: Answer) -> None:
        if isinstance(answer, Rejected):
            self._context.metrics.rejected(answer.code)
        self._unanswered.answer(answer, self._context.clock.wall())

    def _in_order(self, order: StreamOrder) -> bool:
        """Count a breach. Whether the message is to be passed on."""
        if order is not StreamOrder.NEXT:
            self._context.metrics.violation(order.value)
        return order is not StreamOrder.REPEAT

    # ── what goes out ────────────────────────────────────────────────────────────────────────────────────────────

    def _push(self, body: bytes) -> bool:
        if self._socket is None:
            return False
        broadcast((self._socket,), body)
        return True

    def _check(self) -> None:
        """Send again what has waited too long; look again while anything waits."""
        self._checking = None
        if self._socket is not None:
            for body in self._unanswered.due(self._context.clock.wall()):
                self._push(body)
        if len(self._unanswered):
            self._checking = self._context.scheduler.after(CHECK_S, self._check)


def _ignore(_: Answer) -> None:
    """The stream's snapshot is the answer."""

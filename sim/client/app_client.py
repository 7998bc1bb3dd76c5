"""The connection of one app: reconnects, resumes its streams, and delivers one answer per command.

The protocol is in :mod:`sim.client.session`; this module keeps a socket open. Rule: close codes are obeyed. After a
code below 4500 the client reconnects and resumes; an expired or rejected token is renewed once; any other code ends it.

Sending is synchronous (a write into the socket's buffer), so an app needs no task except the one that stays connected.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from random import Random
from typing import Final, Protocol

import msgspec
from websockets.exceptions import WebSocketException

from dispatch.api.client_messages import ClientCommand, ClientMessage
from dispatch.api.server_messages import Rejected, ServerMessage, Snapshot, Update, Welcome
from dispatch.clock import Clock
from dispatch.domain.errors import CloseCode, may_reconnect
from sim.client.pending_commands import OnAnswer
from sim.client.session import ClientSession, encode
from sim.client.sign_in import SignIn, SignInError, Token
from sim.client.socket import ABNORMAL_CLOSURE, SocketClient, connect
from sim.client.stream_check import StreamOrder
from sim.metrics.run_metrics import RunMetrics
from sim.time.scheduler import Scheduler, Timer
from sim.time.server_clock import ServerClock

FIRST_BACKOFF_S: Final = 0.2
LONGEST_BACKOFF_S: Final = 5.0
HELLO_S: Final = 15.0
CHECK_S: Final = 1.0
RENEW_BEFORE_S: Final = 60.0
CONGESTED_BYTES: Final = 65_536
"""With this many unsent bytes the server does not read, and the client sends nothing more."""
_RENEWABLE: Final = frozenset({int(CloseCode.BAD_TOKEN), int(CloseCode.TOKEN_EXPIRED)})


class ConnectLimiter:
    """Limits new connections to ``per_second`` per wall second, in the order of the calls."""

    def __init__(self, clock: Clock, per_second: float) -> None:
        self._clock = clock
        self._gap_s = 1.0 / per_second
        self._next = 0.0

    async def wait_turn(self) -> None:
        now = self._clock.wall()
        self._next = max(self._next, now) + self._gap_s
        await asyncio.sleep(self._next - self._gap_s - now)


@dataclass(frozen=True, slots=True)
class ClientContext:
    """Shared by all apps of a run: the server's URL, time, and metrics. ``run`` makes command ids unique per run."""

    url: str
    run: str
    connect_limiter: ConnectLimiter
    clock: ServerClock
    scheduler: Scheduler
    metrics: RunMetrics
    ping_interval_s: float | None = 20.0


class App(Protocol):
    """The user of a connection. All methods are called from the event loop and must not block."""

    def welcomed(self, welcome: Welcome) -> None:
        """Connected, for the first time or again. Commands and streams continue automatically."""

    def received(self, message: ServerMessage) -> None:
        """A stream's update or snapshot, or a message without a stream. Repeats are filtered out."""


class AppClient:
    """The connection of one app. ``name`` is part of its command ids and must be unique within the run."""

    def __init__(self, context: ClientContext, name: str, sign_in: SignIn, app: App, rng: Random) -> None:
        self._context = context
        self._name = name
        self._sign_in = sign_in
        self._app = app
        self._rng = rng
        self._session = ClientSession(f"{context.run}.{name}")
        self._token: Token | None = None
        self._renewed = False
        self._socket: SocketClient | None = None
        self._opening: SocketClient | None = None
        self._greeted = False
        self._task: asyncio.Task[None] | None = None
        self._checking: Timer | None = None
        self._backoff_s = FIRST_BACKOFF_S

    @property
    def connected(self) -> bool:
        return self._socket is not None

    @property
    def congested(self) -> bool:
        """True while the server reads too slowly to send more."""
        return self._socket is not None and self._socket.unsent > CONGESTED_BYTES

    def next_id(self) -> str:
        return self._session.next_id()

    def command(self, command: ClientCommand, on_answer: OnAnswer) -> None:
        """Send a command, now or when connected; ``on_answer`` gets its one answer."""
        self._send_command(self._session.command(command, on_answer, self._wall()))

    def send(self, message: ClientMessage) -> bool:
        """Send a message without an answer. False if it could not be sent now."""
        return not self.congested and self._push(encode(message))

    def expect(self, stream: str) -> None:
        """The server subscribes this app by itself; resume the stream after a reconnect."""
        self._session.streams.follow(stream)

    def follow(self, stream: str) -> None:
        """Subscribe to a stream, over every reconnect."""
        self._send_command(self._session.subscribe(stream, self._wall()))

    def leave(self, stream: str) -> None:
        if self._socket is None:
            self._session.streams.leave(stream)
        else:
            self._send_command(self._session.unsubscribe(stream, self._wall()))

    def close(self) -> None:
        """Hang up: :meth:`run` ends, cancelled. Streams and pending commands are forgotten."""
        self._session.reset()
        if self._task is not None:
            self._task.cancel()

    async def run(self) -> None:
        """Stay connected until :meth:`close`, or until the server forbids a reconnect. Can be run again afterwards."""
        self._task = asyncio.current_task()
        try:
            await self._stay_connected()
        finally:
            self._task = None

    async def _stay_connected(self) -> None:
        while True:
            await self._context.connect_limiter.wait_turn()
            code = await self._one_connection()
            if code is not None and not self._may_return(code):
                return
            await asyncio.sleep(self._rng.uniform(0, self._backoff_s))
            self._backoff_s = min(self._backoff_s * 2, LONGEST_BACKOFF_S)

    async def _one_connection(self) -> int | None:
        """Sign in if needed, connect, talk. The close code, or None if no connection was established."""
        try:
            token = await self._valid_token()
            socket = await connect(self._context.url, self._read, keepalive_s=self._context.ping_interval_s)
            return await self._talk(socket, token)
        except SignInError as error:
            self._context.metrics.errors[error.code or 0] += 1
            return None if error.retryable else int(CloseCode.PROTOCOL)
        except (OSError, WebSocketException, TimeoutError):
            self._context.metrics.closes[ABNORMAL_CLOSURE] += 1
            return None

    async def _talk(self, socket: SocketClient, token: Token) -> int:
        clock = self._context.clock
        self._opening, self._greeted = socket, False
        try:
            socket.send_bytes(self._session.hello(token.token, clock.city() if clock.known else None))
            asyncio.get_running_loop().call_later(HELLO_S, self._give_up, socket)
            code = await asyncio.shield(socket.closed)
        finally:
            self._socket = self._opening = None
            socket.hang_up()
            if self._context.metrics.delivery_log is not None:
                self._context.metrics.delivery_log.disconnected(self._name, clock.wall())
        self._context.metrics.closes[code] += 1
        return code

    def _give_up(self, socket: SocketClient) -> None:
        if not self._greeted:
            socket.abort()

    def _may_return(self, code: int) -> bool:
        if code in _RENEWABLE and not self._renewed:
            self._renewed = True
            self._token = None
            return True
        return may_reconnect(code)

    async def _valid_token(self) -> Token:
        if self._token is None or self._token.expires_at - self._wall() < RENEW_BEFORE_S:
            self._token = await self._sign_in()
        return self._token

    def _read(self, data: bytes) -> None:
        try:
            message, order, deliver = self._session.receive(data, self._wall())
        except msgspec.MsgspecError:
            self._context.metrics.violations["unreadable"] += 1
            return
        if not self._greeted:
            self._greet(message)
            return
        self._log_delivery(message)
        if order is not StreamOrder.NEXT:
            self._context.metrics.violations[order.value] += 1
        if isinstance(message, Rejected):
            self._context.metrics.errors[message.code] += 1
        if deliver:
            self._app.received(message)

    def _greet(self, first: ServerMessage) -> None:
        """Process the first message: a welcome, or the reason why there is none (a close follows)."""
        self._greeted = True
        if not isinstance(first, Welcome):
            if isinstance(first, Rejected):
                self._context.metrics.errors[first.code] += 1
            return
        self._socket = self._opening
        self._renewed = False
        self._backoff_s = FIRST_BACKOFF_S
        self._context.clock.synchronise(first.city_time, first.speed)
        self._app.welcomed(first)
        for body in self._session.pending.all(self._wall()):
            self._push(body)

    def _log_delivery(self, message: ServerMessage) -> None:
        log = self._context.metrics.delivery_log
        if log is None:
            return
        log.message(self._name, self._wall())
        if isinstance(message, Update):
            log.update(message.stream, message.seq, message.event)
        elif isinstance(message, Snapshot):
            log.snapshot(message.stream, message.seq)

    def _send_command(self, body: bytes) -> None:
        self._push(body)
        if self._checking is None:
            self._checking = self._context.scheduler.after(CHECK_S, self._check)

    def _push(self, body: bytes) -> bool:
        if self._socket is None or self._socket.closed.done() or self._socket.transport.is_closing():
            return False
        self._socket.send_bytes(body)
        return True

    def _check(self) -> None:
        self._checking = None
        if self._socket is not None:
            for body in self._session.pending.due(self._wall()):
                self._push(body)
        if len(self._session.pending):
            self._checking = self._context.scheduler.after(CHECK_S, self._check)

    def _wall(self) -> float:
        return self._context.clock.wall()

"""One connection without I/O: frames go in, effects come out. The same code serves sockets and simulated time.

    hello expected ──valid token──▶ open ──close──▶ closed
          └──any other message, timeout──────────────┘

Rule 1. Before a valid hello, no message of a client reaches a host, the registry or the bus.
Rule 2. A message passes only if ``dispatch.api.permissions`` names the client's role; all others are refused.
Rule 3. Every frame is answered at most once, and a refused frame changes nothing.
Rule 4. The same command id with the same body gets the same answer and acts once. The entity guarantees it; while the
        first command is under way, the session answers its repeats together with it.
Rule 5. In state closed the session sends nothing.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final

import h3
import msgspec

from dispatch.actors.core.protocol import Refused, Subscribed
from dispatch.api.client_messages import (
    Attach,
    ClientCommand,
    ClientMessage,
    Detach,
    GpsFix,
    GpsFixes,
    Hello,
    Ping,
    Watch,
)
from dispatch.api.fields import Fix, MoneyView
from dispatch.api.permissions import senders_of
from dispatch.api.server_messages import Accepted, Rejected, Replaced, ServerMessage, Welcome
from dispatch.clock import Clock
from dispatch.domain.errors import CloseCode, DispatchError, ErrorCode
from dispatch.domain.vehicle.position_tracker import FixRow
from dispatch.values.units import CityTime
from ws_gateway.limits.token_bucket import RateLimit, TokenBucket
from ws_gateway.session.codec import Codec, digest_of, unreadable
from ws_gateway.session.command_flows import CommandContext, CommandFlow, scoped_id, start_flow
from ws_gateway.session.effects import Answer, CloseSocket, Effect, PendingRequests, SendMessage, SignedOn, WatchCells
from ws_gateway.session.identity import Identity, SessionRules, Verify
from ws_gateway.session.subscriptions import Subscriptions
from ws_gateway.settings import GatewaySettings

MAP_RESOLUTION: Final = 7
"""H3 resolution of the cells that a dispatcher watches."""
_SOURCES: Final = {"driver": 0, "device": 1}
_CLOSE_CODES: Final = {
    ErrorCode.TOKEN_EXPIRED: CloseCode.TOKEN_EXPIRED,
    ErrorCode.TOKEN_REVOKED: CloseCode.REVOKED,
    ErrorCode.UNAVAILABLE: CloseCode.LOST_HOST,
}
"""Close codes for refused tokens; ``BAD_TOKEN`` for all others."""
_NO_EFFECTS: Final[tuple[Effect, ...]] = ()


class _RunningCommand(msgspec.Struct):
    """A command under way: the digest of its message, and the number of answers owed."""

    digest: bytes
    copies: int
    flow: CommandFlow


class Session:
    """The state of one connection. Every method returns effects, to be performed in order."""

    def __init__(
        self,
        *,
        session_id: str,
        codec: Codec,
        clock: Clock,
        settings: GatewaySettings,
        rules: SessionRules,
        verify: Verify,
    ) -> None:
        self.id = session_id
        self.identity: Identity | None = None
        self.closed = False
        self._codec = codec
        self._clock = clock
        self._settings = settings
        self._rules = rules
        self._verify = verify
        self._pending = PendingRequests()
        self._subscriptions: Subscriptions | None = None
        self._running: dict[str, _RunningCommand] = {}
        self._hello_by = clock.wall() + settings.hello_timeout_s
        limit = RateLimit(settings.messages_per_s / clock.speed, settings.burst)
        above = settings.flood_factor - 1
        self._limit = TokenBucket(limit, clock.city())
        self._flood = TokenBucket(RateLimit(limit.per_s * above, limit.burst * above), clock.city())
        self._read = codec.read
        self._max = settings.message_max_bytes
        self._vehicle = ""
        self._source = 0
        self._offset = 0.0
        self._tolerance = settings.future_tolerance_s

    def receive(self, frame: bytes | str) -> Sequence[Effect]:
        """Take a frame of the client. Hot path: a single GPS fix returns early."""
        if self.closed:
            return _NO_EFFECTS
        now = self._clock.city()
        if len(frame) > self._max or not self._limit.allow(now):
            return self._over_limit(frame, now)
        try:
            message = self._read(frame)
        except (ValueError, TypeError, RecursionError) as error:
            return self._refuse(frame, unreadable(error))
        if type(message) is GpsFix and self._vehicle:
            fix = message.fix
            at = fix.at - self._offset
            if at <= now + self._tolerance:
                return (FixRow(self._vehicle, self._source, fix.n, at, fix.lat, fix.lng, fix.speed, fix.heading),)
        try:
            return self._dispatch(message, now)
        except DispatchError as error:
            return self._refuse(frame, error)

    def resolve(self, number: int, answer: Answer) -> Sequence[Effect]:
        """Take the answer to an earlier :class:`~ws_gateway.session.effects.Resolve`."""
        return _NO_EFFECTS if self.closed else self._pending.resolve(number, answer)

    def pushed(self, key: str, seq: int, message: bytes) -> Sequence[Effect]:
        if self.closed or self._subscriptions is None:
            return _NO_EFFECTS
        return self._subscriptions.pushed(key, seq, message)

    def relay(self, message: bytes, slot: str | None = None) -> Sequence[Effect]:
        """Send a message outside all streams (a map frame, an alarm), encoded as MessagePack."""
        return _NO_EFFECTS if self.closed else (SendMessage(self._codec.relay(message), slot),)

    def host_lost(self) -> Sequence[Effect]:
        """A host restarted and lost its subscribers."""
        if self.closed or self._subscriptions is None:
            return _NO_EFFECTS
        return self._subscriptions.host_lost()

    def tick(self) -> Sequence[Effect]:
        """Called about once a second: detects a missing hello and an expired token."""
        if self.closed:
            return _NO_EFFECTS
        wall = self._clock.wall()
        if self.identity is None:
            return self._close(CloseCode.HELLO_TIMEOUT) if wall >= self._hello_by else _NO_EFFECTS
        if wall >= self.identity.expires_at:
            return [*self._reject(DispatchError(ErrorCode.TOKEN_EXPIRED)), *self._close(CloseCode.TOKEN_EXPIRED)]
        return _NO_EFFECTS

    def replaced(self) -> Sequence[Effect]:
        """A newer connection of the same driver or device signed on."""
        return _NO_EFFECTS if self.closed else [self._message(Replaced()), *self._close(CloseCode.REPLACED)]

    def revoked(self) -> Sequence[Effect]:
        if self.closed:
            return _NO_EFFECTS
        return [*self._reject(DispatchError(ErrorCode.TOKEN_REVOKED)), *self._close(CloseCode.REVOKED)]

    def shut_down(self) -> Sequence[Effect]:
        """The gateway stops. Messages already queued are still sent."""
        return _NO_EFFECTS if self.closed else self._close(CloseCode.RESTARTING)

    def end(self) -> None:
        self.closed = True
        self._pending.clear()
        for running in self._running.values():
            running.flow.close()
        self._running.clear()

    @property
    def car_is_free(self) -> bool:
        """For a driver or device: True if its car is known to have no trip."""
        return self._subscriptions is not None and self._subscriptions.car_is_free

    @property
    def commands_under_way(self) -> int:
        return len(self._running)

    def _over_limit(self, frame: bytes | str, now: CityTime) -> Sequence[Effect]:
        if len(frame) > self._max:
            error = DispatchError(ErrorCode.TOO_LARGE, detail=f"at most {self._max} bytes")
            return [*self._reject(error), *self._close(CloseCode.TOO_LARGE)]
        if not self._flood.allow(now):
            return self._close(CloseCode.FLOOD)
        command_id = self._codec.command_id(frame)
        rejected = self._message(self._rejected(DispatchError(ErrorCode.TOO_MANY_MESSAGES), command_id))
        return [rejected if command_id else rejected._replace(slot="too many messages")]

    def _refuse(self, frame: bytes | str, error: DispatchError) -> Sequence[Effect]:
        rejected = self._reject(error, self._codec.command_id(frame))
        return rejected if self.identity is not None else [*rejected, *self._close(CloseCode.PROTOCOL)]

    def _dispatch(self, message: ClientMessage, now: CityTime) -> Sequence[Effect]:
        """Raises ``DispatchError`` to refuse the message."""
        if self.identity is None or self._subscriptions is None:
            if isinstance(message, Hello):
                return self._sign_on(message, now)
            raise DispatchError(ErrorCode.HELLO_EXPECTED)
        if self.identity.role not in senders_of(type(message)) or isinstance(message, Hello):
            raise DispatchError(ErrorCode.NOT_ALLOWED, field="t")
        if isinstance(message, GpsFix):
            raise DispatchError(ErrorCode.FIX_FROM_FUTURE, field="fix.at")
        if isinstance(message, GpsFixes):
            return self._rows(message.fixes, now)
        if isinstance(message, ClientCommand):
            return self._command(message, self.identity, self._subscriptions, now)
        raise DispatchError(ErrorCode.UNKNOWN_MESSAGE, field="t")

    def _rows(self, fixes: list[Fix], now: CityTime) -> Sequence[Effect]:
        for number, fix in enumerate(fixes):
            if fix.at - self._offset > now + self._tolerance:
                raise DispatchError(ErrorCode.FIX_FROM_FUTURE, field=f"fixes[{number}].at")
        return [
            FixRow(self._vehicle, self._source, fix.n, fix.at - self._offset, fix.lat, fix.lng, fix.speed, fix.heading)
            for fix in fixes
        ]

    def _sign_on(self, hello: Hello, now: CityTime) -> Sequence[Effect]:
        try:
            identity = self._verify(hello.token, self._clock.wall())
        except DispatchError as error:
            code = _CLOSE_CODES.get(error.code, CloseCode.BAD_TOKEN)
            return [*self._reject(error), *self._close(code)]
        self.identity = identity
        if identity.role in _SOURCES:
            self._vehicle, self._source = identity.vehicle or "", _SOURCES[identity.role]
        self._offset = 0.0 if hello.clock is None else hello.clock - now
        self._subscriptions = Subscriptions(
            role=identity.role, principal=identity.principal, codec=self._codec, pending=self._pending
        )
        welcome = Welcome(
            role=identity.role,
            subject=identity.subject,
            session=self.id,
            city_time=now,
            speed=self._clock.speed,
            vehicle=identity.vehicle,
        )
        resumed = self._resume(hello, identity, self._subscriptions)
        return [SignedOn(identity.principal), self._message(welcome), *resumed]

    def _resume(self, hello: Hello, identity: Identity, subscriptions: Subscriptions) -> Sequence[Effect]:
        """Subscribe to the streams that the client names, and always to its own vehicle's."""
        wanted: dict[str, int | None] = {cursor.stream: cursor.seq for cursor in hello.resume}
        if self._vehicle:
            wanted.setdefault(f"vehicle:{self._vehicle}", None)
        effects: list[Effect] = []
        for key, after in wanted.items():
            try:
                subscriptions.check_access(key, identity.vehicle)
            except DispatchError as error:
                effects.extend(self._reject(DispatchError(error.code, field="resume", detail=key)))
                continue
            effects.extend(subscriptions.subscribe(key, after))
        return effects

    def _command(
        self, message: ClientCommand, identity: Identity, subscriptions: Subscriptions, now: CityTime
    ) -> Sequence[Effect]:
        if isinstance(message, Attach):
            return self._attach(message, identity, subscriptions)
        if isinstance(message, Detach):
            accepted = Accepted(id=message.id, stream=message.stream)
            return [*subscriptions.unsubscribe(message.stream), self._message(accepted)]
        if isinstance(message, Ping):
            return [self._message(Accepted(id=message.id))]
        if isinstance(message, Watch):
            return self._watch(message)
        return self._start_flow(message, identity, now)

    def _attach(self, message: Attach, identity: Identity, subscriptions: Subscriptions) -> Sequence[Effect]:
        subscriptions.check_access(message.stream, identity.vehicle)
        if len(subscriptions) >= self._settings.streams_max and message.stream not in subscriptions:
            raise DispatchError(ErrorCode.NOT_ALLOWED, field="stream", detail="too many streams")
        return subscriptions.subscribe(message.stream, message.after, partial(self._attached, message))

    def _attached(self, message: Attach, reply: Subscribed | Refused) -> Sequence[Effect]:
        if isinstance(reply, Refused):
            error = DispatchError(ErrorCode(reply.code), field=reply.field or "stream", detail=reply.detail)
            return self._reject(error, message.id)
        result: dict[str, object] = {"recovered": reply.recovered}
        return [self._message(Accepted(id=message.id, stream=message.stream, seq=reply.seq, result=result))]

    def _watch(self, message: Watch) -> Sequence[Effect]:
        for number, cell in enumerate(message.cells):
            if not h3.is_valid_cell(cell) or h3.get_resolution(cell) != MAP_RESOLUTION:
                detail = f"not an H3 cell of resolution {MAP_RESOLUTION}"
                raise DispatchError(ErrorCode.INVALID_FIELD, field=f"cells[{number}]", detail=detail)
        cells = tuple(dict.fromkeys(message.cells))
        return [self._message(Accepted(id=message.id)), WatchCells(cells, message.counts)]

    def _start_flow(self, message: ClientCommand, identity: Identity, now: CityTime) -> Sequence[Effect]:
        digest = digest_of(message)
        running = self._running.get(message.id)
        if running is not None:
            if running.digest != digest:
                raise DispatchError(ErrorCode.COMMAND_ID_REUSED, field="id")
            running.copies += 1
            return _NO_EFFECTS
        if len(self._running) >= self._settings.commands_in_flight:
            raise DispatchError(ErrorCode.BUSY, detail="too many commands at once")
        context = CommandContext(identity, scoped_id(identity, message.id), digest, now, self._rules)
        flow = start_flow(context, message)
        self._running[message.id] = _RunningCommand(digest, 1, flow)
        return self._advance(message.id, flow, None)

    def _advance(self, command_id: str, flow: CommandFlow, answer: Answer | None) -> Sequence[Effect]:
        """Run a command flow to its next request or its end. The flow is a generator: it yields requests, receives
        their answers, and returns the message that accepts the command. ``DispatchError`` rejects the command.
        ``answer`` is None at the start; later calls come from :class:`PendingRequests` with the request's answer.
        """
        try:
            request = next(flow) if answer is None else flow.send(answer)
        except StopIteration as stop:
            accepted: Accepted = stop.value
            return [*self._finish(command_id, accepted), *self._subscribe_to_own_trip(accepted)]
        except DispatchError as error:
            return self._finish(command_id, self._rejected(error, command_id))
        return [self._pending.register(request, partial(self._advance, command_id, flow))]

    def _finish(self, command_id: str, message: ServerMessage) -> list[Effect]:
        running = self._running.pop(command_id)
        return [self._message(message)] * running.copies

    def _subscribe_to_own_trip(self, accepted: Accepted) -> Sequence[Effect]:
        is_passenger = self.identity is not None and self.identity.role == "passenger"
        stream = accepted.stream or ""
        if not is_passenger or self._subscriptions is None or not stream.startswith("trip:"):
            return _NO_EFFECTS
        if stream in self._subscriptions:
            return _NO_EFFECTS
        return self._subscriptions.subscribe(stream, None, lambda _: ())

    def _message(self, message: ServerMessage) -> SendMessage:
        refused = message.code if isinstance(message, Rejected) else 0
        return SendMessage(self._codec.encode(message), refused=refused)

    def _rejected(self, error: DispatchError, command_id: str | None = None) -> Rejected:
        amount = None if error.amount is None else MoneyView(error.amount.minor, error.amount.currency)
        return Rejected(
            code=error.code, text=error.text, retryable=error.retryable, id=command_id, field=error.field, amount=amount
        )

    def _reject(self, error: DispatchError, command_id: str | None = None) -> list[Effect]:
        return [self._message(self._rejected(error, command_id))]

    def _close(self, code: CloseCode) -> list[Effect]:
        self.closed = True
        return [CloseSocket(code)]

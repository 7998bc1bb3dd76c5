"""Runs a host's core on asyncio: waits, reads, writes and sends what the core requests, and decides nothing itself.

The core is called from one event loop only. Commits run in the journal's thread or connection; the core continues to
decide meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from math import inf
from typing import Any, Final, Protocol, TypeVar

import structlog

from dispatch.actors.core.host_core import HostCore
from dispatch.actors.core.protocol import (
    Envelope,
    HostsUnavailableError,
    Refused,
    Reply,
    Subscribed,
    SubscribeReply,
    SubscribeRequest,
)
from dispatch.actors.core.stream_replay import catch_up, is_replayable
from dispatch.actors.core.work_items import Effects, EntityLoad, OutgoingCall, ReplyLookup
from dispatch.actors.runtime.host_metrics import HostMetrics
from dispatch.actors.runtime.long_poll import LongPolls
from dispatch.clock import Clock
from dispatch.domain.commands import encode_command
from dispatch.domain.entity import SYSTEM, Command, EntityKey
from dispatch.domain.errors import ErrorCode
from dispatch.processes.task_set import TaskSet
from dispatch.store.journal import Batch, Committed, Conflict, Journal, JournalUnavailableError, StoredCommand

log = structlog.get_logger()

ANSWER_WITHIN_S: Final = 1.0
"""A command that takes longer is answered "in progress"; its caller repeats it."""
LOAD_AT_ONCE: Final = 500
RETRY_LOAD_S: Final = 0.2
TICK_S: Final = 0.02
REST_S: Final = 0.1
"""Longest time between ticks."""
SWEEP_EVERY_S: Final = 30.0
HEADS_AT_ONCE: Final = 500
OVERDUE_S: Final = 5.0
"""Wall seconds after which a timer in the journal counts as overdue."""
RELAXED_COMMIT_S: Final = 0.25
"""Maximum batching delay for a commit that no caller waits for: the record of completed calls."""

UNDECIDED: Final = frozenset(
    {ErrorCode.BUSY, ErrorCode.IN_PROGRESS, ErrorCode.UNAVAILABLE, ErrorCode.SHUTTING_DOWN, ErrorCode.INTERNAL}
)
"""Refusals after which the command has to be sent again."""

T = TypeVar("T")

CommandsUntil = Callable[[float], Awaitable[Sequence[StoredCommand]]]
"""Reads the scheduled commands of a host's entities that are due by a city time."""
Sink = Callable[[Effects], None]
"""Receives the effects that are neither replies nor calls."""


class OutgoingCalls(Protocol):
    """The calls that a host makes."""

    async def call(self, envelope: Envelope) -> Reply:
        """Send a command to another entity. Raises ``HostsUnavailableError``."""

    async def call_gateway(self, scheduled: StoredCommand) -> Command:
        """Call the payment gateway; the command that reports the response to the payment."""


class HostRuntime:
    """Runs one :class:`HostCore` on the running loop. Call ``start`` first; ``stop`` waits for pending commits."""

    def __init__(
        self,
        core: HostCore,
        journal: Journal,
        clock: Clock,
        calls: OutgoingCalls,
        *,
        sinks: Sequence[Sink] = (),
        on_loaded: Callable[[], None] | None = None,
        metrics: HostMetrics | None = None,
        commit_window_s: float = 0.005,
    ) -> None:
        self.core = core
        self._journal = journal
        self._clock = clock
        self._calls = calls
        self._sinks = sinks
        self._on_loaded = on_loaded
        self._metrics = metrics
        self._window_s = commit_window_s
        self.polls = LongPolls(core.queues, clock)
        self._tokens = 0
        self._waiters: dict[int, asyncio.Future[Any]] = {}
        self._tasks = TaskSet()
        self._commit_timer: asyncio.TimerHandle | None = None
        self._committing = False
        self._stopping = False

    async def start(self, scheduled_until: CommandsUntil) -> int:
        """Arm all timers and calls of this host's entities, then tick and sweep; the number of armed commands."""
        scheduled = await scheduled_until(inf)
        self.core.arm(scheduled, self._clock.city())
        self._tasks.spawn(self._tick())
        self._tasks.spawn(self._sweep(scheduled_until))
        self.drive()
        return len(scheduled)

    async def stop(self) -> None:
        self._stopping = True
        for _ in range(500):
            if not self.core.busy:
                break
            self.drive()
            await asyncio.sleep(0.01)
        await self._tasks.cancel()
        await self._journal.close()

    async def submit(self, envelopes: Sequence[Envelope]) -> list[Reply]:
        """The replies to commands, in their order; "in progress" for slow ones and during shutdown."""
        began = self._clock.wall()
        replies = await self._submit(envelopes)
        if self._metrics is not None:
            self._metrics.on_replies(replies, self._clock.wall() - began)
        return replies

    async def _submit(self, envelopes: Sequence[Envelope]) -> list[Reply]:
        if self._stopping or not envelopes:
            return [Refused(ErrorCode.IN_PROGRESS.value) for _ in envelopes]
        now = self._clock.city()
        waiters = []
        for envelope in envelopes:
            token, waiter = self._expect()
            self.core.submit(token, envelope, now)
            waiters.append((token, waiter))
        self.drive()
        await asyncio.wait([waiter for _, waiter in waiters], timeout=ANSWER_WITHIN_S)
        return [self._answer(token, waiter) for token, waiter in waiters]

    async def subscribe(self, gateway: str, request: SubscribeRequest) -> SubscribeReply:
        token, waiter = self._expect()
        self.core.queues.open(gateway, self._clock.wall())
        self.core.subscribe(token, gateway, request, self._clock.city())
        self.drive()
        await asyncio.wait([waiter], timeout=ANSWER_WITHIN_S)
        reply: SubscribeReply = self._answer(token, waiter)
        return await self._caught_up(reply, request)

    async def _caught_up(self, reply: SubscribeReply, request: SubscribeRequest) -> SubscribeReply:
        """Replace a snapshot by the missed updates from the journal, if it has them."""
        role, after = request.principal.role, request.after
        if not isinstance(reply, Subscribed) or reply.recovered or after is None or role == "system":
            return reply
        if not is_replayable(after, reply.seq):
            return reply
        key = EntityKey.parse(request.key)
        try:
            events = await self._journal.events_after(key, 0, reply.seq)
        except JournalUnavailableError:
            return reply
        if len(events) != reply.seq:
            return reply
        return catch_up(self.core.own, key, events, after, role, heard=reply.heard) or reply

    def _expect(self) -> tuple[int, asyncio.Future[Any]]:
        self._tokens += 1
        waiter: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiters[self._tokens] = waiter
        return self._tokens, waiter

    def _answer(self, token: int, waiter: asyncio.Future[Any]) -> Any:  # noqa: ANN401 - a Reply or a SubscribeReply
        if waiter.done():
            return waiter.result()
        self._waiters.pop(token, None)
        return Refused(ErrorCode.IN_PROGRESS.value)

    def drive(self) -> None:
        """Carry out everything that the core requests; called after every input."""
        core = self.core
        loads = core.take_loads()
        for at in range(0, len(loads), LOAD_AT_ONCE):
            self._tasks.spawn(self._load(loads[at : at + LOAD_AT_ONCE]))
        for load in core.take_entity_loads():
            self._tasks.spawn(self._load_others(load))
        for look_up in core.take_lookups():
            self._tasks.spawn(self._look_up(look_up))
        self._release(core.take_effects())
        if not self._committing and core.wants_commit:
            self._commit_within(self._window_s if core.has_urgent_work else RELAXED_COMMIT_S)

    def _commit_within(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        at, timer = loop.time() + seconds, self._commit_timer
        if timer is not None and timer.when() <= at:
            return
        if timer is not None:
            timer.cancel()
        self._commit_timer = loop.call_at(at, self._commit_now)

    def _commit_now(self) -> None:
        self._commit_timer = None
        batch = self.core.take_batch()
        if batch is not None:
            self._committing = True
            self._tasks.spawn(self._commit(batch))
        else:
            self.drive()

    async def _commit(self, batch: Batch) -> None:
        result: Committed | Conflict | None = None
        began = self._clock.wall()
        try:
            result = await self._journal.commit(batch)
        except JournalUnavailableError as error:
            log.warning("journal unavailable", error=str(error))
            await asyncio.sleep(RETRY_LOAD_S)
        except Exception:
            log.exception("journal commit failed")
            await asyncio.sleep(RETRY_LOAD_S)
        finally:
            self._committing = False
        if self._metrics is not None:
            self._metrics.on_commit(batch, result, self._clock.wall() - began)
        if isinstance(result, Conflict):
            streams, replies = [str(key) for key in result.streams], len(result.replies)
            log.info("journal conflict", streams=streams, replies=replies, assignments=len(result.assignments))
        self.core.committed(result, self._clock.city())
        self.drive()

    async def _load(self, keys: list[EntityKey]) -> None:
        histories = await self._read(lambda: self._journal.load(keys))
        self.core.loaded(histories, self._clock.city())
        if self._on_loaded is not None:
            self._on_loaded()
        self.drive()

    async def _load_others(self, load: EntityLoad) -> None:
        histories = await self._read(lambda: self._journal.load(load.keys))
        self.core.entities_loaded(load, histories, self._clock.city())
        self.drive()

    async def _look_up(self, look_up: ReplyLookup) -> None:
        work = look_up.work
        stored = await self._read(lambda: self._journal.reply(work.envelope.command_id))
        newer = await self._read(lambda: self._journal.events_after(work.key, look_up.seq, 1))
        self.core.reply_looked_up(look_up, stored, self._clock.city(), moved=bool(newer))
        self.drive()

    async def _read(self, read: Callable[[], Awaitable[T]]) -> T:
        """Read from the journal, retrying until it answers: nothing can be decided without it."""
        while True:
            try:
                return await read()
            except JournalUnavailableError as error:
                log.warning("journal unavailable", error=str(error))
            except Exception:
                log.exception("journal read failed")
            await asyncio.sleep(RETRY_LOAD_S)

    def _release(self, effects: Effects) -> None:
        for token, reply in effects.replies:
            self._resolve(token, reply)
        for token, subscribed in effects.subscribed:
            self._resolve(token, subscribed)
        for failure in effects.failures:
            log.error("entity handler raised", where=failure.where, exc_info=failure.error)
        for call in effects.calls:
            self._tasks.spawn(self._call(call))
        for sink in self._sinks:
            sink(effects)
        self.polls.wake()

    def _resolve(self, token: int, reply: object) -> None:
        waiter = self._waiters.pop(token, None)
        if waiter is not None and not waiter.done():
            waiter.set_result(reply)

    async def _call(self, call: OutgoingCall) -> None:
        scheduled, answered = call.scheduled, True
        try:
            if call.envelope is not None:
                answered = is_decided(await self._calls.call(call.envelope))
            else:
                answered = await self._call_gateway(scheduled)
        except HostsUnavailableError:
            answered = False
        except Exception:
            log.exception("outgoing call failed", owner=str(scheduled.owner), name=scheduled.name)
            answered = False
        retry_at = self._clock.city() + self._clock.speed
        self.core.call_done(scheduled, answered=answered, retry_at=retry_at)
        self.drive()

    async def _call_gateway(self, scheduled: StoredCommand) -> bool:
        report = await self._calls.call_gateway(scheduled)
        command_id = f"{scheduled.owner}/{scheduled.name}/{self._clock.wall():.6f}"
        envelope = Envelope(str(scheduled.owner), command_id, SYSTEM, encode_command(report), keep=False)
        (reply,) = await self._submit([envelope])
        return is_decided(reply)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._until_tick_s())
            try:
                self.core.tick(self._clock.city())
                self.drive()
            except Exception:
                log.exception("host tick failed")

    def _until_tick_s(self) -> float:
        """Wall seconds until the next timer, at most REST_S: an earlier timer may be armed meanwhile."""
        next_at = self.core.next_timer_at()
        if next_at is None:
            return max(REST_S, TICK_S)
        return max(min((next_at - self._clock.city()) / self._clock.speed, REST_S), TICK_S)

    async def _sweep(self, scheduled_until: CommandsUntil) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            late = self._clock.city() - OVERDUE_S * self._clock.speed
            overdue = await self._read(partial(scheduled_until, late))
            self.core.sweep(overdue, self._clock.city())
            self.drive()
            subscribed = self.core.subscribed_keys()
            for first in range(0, len(subscribed), HEADS_AT_ONCE):
                heads = await self._read(partial(self._journal.heads, subscribed[first : first + HEADS_AT_ONCE]))
                self.core.compare_heads(heads, self._clock.city())
                self.drive()


def is_decided(reply: Reply) -> bool:
    """Whether a command was decided; otherwise it has to be sent again."""
    return not (isinstance(reply, Refused) and reply.code in UNDECIDED)

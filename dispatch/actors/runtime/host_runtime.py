"""The shell of a host: it does the waiting, reading, writing and sending that the core asks for, and nothing else.

One asyncio loop. The core is called from this loop only. A commit runs in the journal's thread or connection; while
it runs, the core goes on deciding.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from math import inf
from typing import Any, Final, Protocol, TypeVar

import structlog

from dispatch.actors.core.entity_types import StreamUpdate
from dispatch.actors.core.host_core import HostCore
from dispatch.actors.core.protocol import (
    Envelope,
    HostsUnavailableError,
    PushBatch,
    Refused,
    Reply,
    Subscribed,
    SubscribeReply,
    SubscribeRequest,
)
from dispatch.actors.core.stream_replay import catch_up, is_replayable
from dispatch.actors.core.work_items import Effects, EntityLoad, ListingChange, OutgoingCall, ReplyLookup
from dispatch.clock import Clock
from dispatch.domain.commands import encode_command
from dispatch.domain.entity import SYSTEM, Command, DomainNotice, EntityKey
from dispatch.domain.errors import ErrorCode
from dispatch.store.journal import Batch, Committed, Conflict, Journal, JournalUnavailableError, StoredCommand
from dispatch.values.roles import Audience

log = structlog.get_logger()

ANSWER_WITHIN_S: Final = 1.0
"""A command that takes longer is answered "in progress"; its caller asks again."""
LOAD_AT_ONCE: Final = 500
RETRY_LOAD_S: Final = 0.2
TICK_S: Final = 0.02
REST_S: Final = 0.1
"""A tick is so far away where nothing is due before."""
SWEEP_EVERY_S: Final = 30.0
HEADS_AT_ONCE: Final = 500
OVERDUE_S: Final = 5.0
"""A due that is so late, in wall seconds, is not simply on its way."""
GATHER_S: Final = 0.01
"""Pushes are gathered this long before a poll is answered: an answer costs more than what is in it."""
RELAXED_COMMIT_S: Final = 0.25
"""So long may wait for company: of what only the newest counts (which fixes were heard, where the car is), and to be
written, that a call was answered."""

NOT_NOW: Final = frozenset(
    {
        ErrorCode.BUSY,
        ErrorCode.IN_PROGRESS,
        ErrorCode.UNAVAILABLE,
        ErrorCode.SHUTTING_DOWN,
        ErrorCode.INTERNAL,
    }
)
"""Answers that decide nothing."""

T = TypeVar("T")


class Outside(Protocol):
    """What a host reaches beyond itself."""

    async def call(self, envelope: Envelope) -> Reply:
        """Send a command to another entity. Raises ``HostsUnavailableError``."""
        ...

    async def call_gateway(self, due: StoredCommand) -> Command:
        """Do the outgoing work of a due for the payment gateway; the command that tells its owner the answer."""
        ...

    def listings(self, changes: Sequence[ListingChange]) -> None:
        """Tell the matchers."""
        ...

    def notices(self, notices: Sequence[DomainNotice]) -> None:
        """Tell whoever watches: an alarm, a metric."""
        ...

    def shown(self, shown: Sequence[tuple[EntityKey, StreamUpdate]]) -> None:
        """Tell consoles and the map what happened."""
        ...


DuesUntil = Callable[[float], Awaitable[Sequence[StoredCommand]]]
"""Reads from the journal what is due of a host's entities at a city time."""


class HostRuntime:
    """Runs one :class:`HostCore` on the running loop. ``start`` first; ``stop`` waits for what is in flight."""

    def __init__(
        self,
        core: HostCore,
        journal: Journal,
        outside: Outside,
        clock: Clock,
        *,
        commit_window_s: float = 0.005,
        on_shown: Callable[[EntityKey, StreamUpdate], None] | None = None,
        on_loaded: Callable[[], None] | None = None,
        on_commit: Callable[[Batch, Committed | Conflict | None, float], None] | None = None,
    ) -> None:
        self.core = core
        self._journal = journal
        self._outside = outside
        self._clock = clock
        self._window_s = commit_window_s
        self._on_shown = on_shown
        self._on_loaded = on_loaded
        self._on_commit = on_commit
        self._tokens = 0
        self._waiters: dict[int, asyncio.Future[Any]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._commit_timer: asyncio.TimerHandle | None = None
        self._committing = False
        self._news = asyncio.Event()
        self._stopping = False

    async def start(self, dues_until: DuesUntil) -> int:
        """Arm all dues of this host's entities, tick and sweep from now on; how many dues there are."""
        dues = await dues_until(inf)
        self.core.arm(dues, self._clock.city())
        self._spawn(self._tick())
        self._spawn(self._sweep(dues_until))
        self.drive()
        return len(dues)

    async def stop(self) -> None:
        """Write what is decided, then stop."""
        self._stopping = True
        for _ in range(500):
            if not self.core.busy:
                break
            self.drive()
            await asyncio.sleep(0.01)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._journal.close()

    # ── calls from outside ───────────────────────────────────────────────────────────────────────────────────────

    async def submit(self, envelopes: Sequence[Envelope]) -> list[Reply]:
        """The answers to commands, in their order; "in progress" for those that take longer, or come at the end."""
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
        """Follow a stream."""
        token, waiter = self._expect()
        self.core.queues.open(gateway, self._clock.wall())
        self.core.subscribe(token, gateway, request, self._clock.city())
        self.drive()
        await asyncio.wait([waiter], timeout=ANSWER_WITHIN_S)
        reply: SubscribeReply = self._answer(token, waiter)
        return await self._caught_up(reply, request)

    async def _caught_up(self, reply: SubscribeReply, asked: SubscribeRequest) -> SubscribeReply:
        """What memory did not have is read from the journal; where that does not work, the snapshot stands."""
        if not isinstance(reply, Subscribed) or reply.recovered or asked.after is None:
            return reply
        if not is_replayable(asked.after, reply.seq):
            return reply
        key = EntityKey.parse(asked.key)
        try:
            events = await self._journal.events_after(key, 0, reply.seq)
        except JournalUnavailableError:
            return reply
        role = asked.principal.role
        if role == "system" or len(events) != reply.seq:
            return reply
        return catch_up(self.core.own, key, events, asked.after, role, heard=reply.heard) or reply

    def unsubscribe(self, gateway: str, key: EntityKey, audience: Audience) -> None:
        """No longer follow a stream."""
        self.core.unsubscribe(gateway, key, audience)

    async def poll(self, gateway: str, incarnation: str, cursor: int, wait_s: float) -> PushBatch:
        """What a gateway has not got yet; waits for something at most ``wait_s``.

        Numbered pushes are brought at once, those of which only the newest counts at their leisure.
        """
        queues, began = self.core.queues, self._clock.wall()
        queues.open(gateway, began)
        if queues.incarnation(gateway) != incarnation or queues.has_numbered(gateway, cursor):
            return self._fetch(gateway, incarnation, cursor)
        while (left_s := self._patience_s(gateway, wait_s, self._clock.wall() - began)) > 0:
            self._news.clear()
            try:
                async with asyncio.timeout(left_s):
                    await self._news.wait()
            except TimeoutError:
                break
            if queues.has_numbered(gateway, cursor):
                await asyncio.sleep(GATHER_S)
                break
        return self._fetch(gateway, incarnation, cursor)

    def _patience_s(self, gateway: str, wait_s: float, waited_s: float) -> float:
        """How much longer a poll may wait."""
        return (min(wait_s, RELAXED_COMMIT_S) if self.core.queues.has_latest(gateway) else wait_s) - waited_s

    def _fetch(self, gateway: str, incarnation: str, cursor: int) -> PushBatch:
        return self.core.queues.fetch(gateway, incarnation, cursor, self._clock.wall())

    def _expect(self) -> tuple[int, asyncio.Future[Any]]:
        self._tokens += 1
        waiter: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiters[self._tokens] = waiter
        return self._tokens, waiter

    def _answer(self, token: int, waiter: asyncio.Future[Any]) -> Any:  # noqa: ANN401 - a Reply or an SubscribeReply
        if waiter.done():
            return waiter.result()
        self._waiters.pop(token, None)
        return Refused(ErrorCode.IN_PROGRESS.value)

    # ── what the core asks for ───────────────────────────────────────────────────────────────────────────────────

    def drive(self) -> None:
        """Do all that the core wants done; called after everything that goes in."""
        core = self.core
        loads = core.take_loads()
        for at in range(0, len(loads), LOAD_AT_ONCE):
            self._spawn(self._load(loads[at : at + LOAD_AT_ONCE]))
        for load in core.take_entity_loads():
            self._spawn(self._load_foreign(load))
        for look_up in core.take_lookups():
            self._spawn(self._look_up(look_up))
        self._let_out(core.take_effects())
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
            self._spawn(self._commit(batch))
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
            log.exception("the journal failed")
            await asyncio.sleep(RETRY_LOAD_S)
        finally:
            self._committing = False
        if self._on_commit is not None:
            self._on_commit(batch, result, self._clock.wall() - began)
        if isinstance(result, Conflict):
            streams = [str(key) for key in result.streams]
            log.info(
                "journal conflict", streams=streams, replies=len(result.replies), assignments=len(result.assignments)
            )
        self.core.committed(result, self._clock.city())
        self.drive()

    async def _load(self, keys: list[EntityKey]) -> None:
        histories = await self._read(lambda: self._journal.load(keys))
        self.core.loaded(histories, self._clock.city())
        if self._on_loaded is not None:
            self._on_loaded()
        self.drive()

    async def _load_foreign(self, load: EntityLoad) -> None:
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
        """Read from the journal until it answers: without it nothing can be decided."""
        while True:
            try:
                return await read()
            except JournalUnavailableError as error:
                log.warning("journal unavailable", error=str(error))
            except Exception:
                log.exception("the journal failed")
            await asyncio.sleep(RETRY_LOAD_S)

    def _let_out(self, effects: Effects) -> None:
        for token, reply in effects.replies:
            self._resolve(token, reply)
        for token, attached in effects.subscribed:
            self._resolve(token, attached)
        for failure in effects.failures:
            log.error("an entity broke down", where=failure.where, exc_info=failure.error)
        for key, shown in effects.updates:
            if self._on_shown is not None:
                self._on_shown(key, shown)
        for call in effects.calls:
            self._spawn(self._call(call))
        if effects.listings:
            self._outside.listings(effects.listings)
        if effects.notices:
            self._outside.notices(effects.notices)
        if effects.updates:
            self._outside.shown(effects.updates)
        self.notify()

    def _resolve(self, token: int, reply: object) -> None:
        waiter = self._waiters.pop(token, None)
        if waiter is not None and not waiter.done():
            waiter.set_result(reply)

    async def _call(self, call: OutgoingCall) -> None:
        """Send a due to its target until it is answered; put it off where nobody is there."""
        answered = True
        try:
            if call.envelope is not None:
                answered = is_final(await self._outside.call(call.envelope))
            else:
                answered = await self._call_gateway(call.scheduled)
        except HostsUnavailableError:
            answered = False
        except Exception:
            log.exception("a call failed", owner=str(call.scheduled.owner), due=call.scheduled.name)
            answered = False
        retry_at = self._clock.city() + self._clock.speed
        self.core.call_done(call.scheduled, answered=answered, retry_at=retry_at)
        self.drive()

    async def _call_gateway(self, due: StoredCommand) -> bool:
        told = await self._outside.call_gateway(due)
        command_id = f"{due.owner}/{due.name}/{self._clock.wall():.6f}"
        envelope = Envelope(str(due.owner), command_id, SYSTEM, encode_command(told), keep=False)
        (reply,) = await self.submit([envelope])
        return is_final(reply)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._until_tick_s())
            try:
                self.core.tick(self._clock.city())
                self.drive()
            except Exception:
                log.exception("a tick failed")

    def _until_tick_s(self) -> float:
        """Wall seconds to the next tick: to the next due, but not much longer, for an earlier one may be armed."""
        next_at = self.core.next_timer_at()
        if next_at is None:
            return max(REST_S, TICK_S)
        return max(min((next_at - self._clock.city()) / self._clock.speed, REST_S), TICK_S)

    async def _sweep(self, dues_until: DuesUntil) -> None:
        """Now and then look whether the journal has dues, or for followers events, that nobody here knows."""
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            late = self._clock.city() - OVERDUE_S * self._clock.speed
            overdue = await self._read(partial(dues_until, late))
            self.core.sweep(overdue, self._clock.city())
            self.drive()
            subscribed_keys = self.core.subscribed_keys()
            for first in range(0, len(subscribed_keys), HEADS_AT_ONCE):
                heads = await self._read(partial(self._journal.heads, subscribed_keys[first : first + HEADS_AT_ONCE]))
                self.core.compare_heads(heads, self._clock.city())
                self.drive()

    def notify(self) -> None:
        """Wake the polls, if anything was put into inboxes."""
        if self.core.queues.take_new():
            self._news.set()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("host task failed", exc_info=task.exception())


def is_final(reply: Reply) -> bool:
    """Whether a command was decided; else (the system could not just now) it has to be sent again."""
    return not (isinstance(reply, Refused) and reply.code in NOT_NOW)

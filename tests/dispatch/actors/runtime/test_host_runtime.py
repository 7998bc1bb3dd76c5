"""The runtime does what the core asks for, on a real loop, and goes on when what it asks fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, MutableMapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import msgspec
import pytest
from structlog.testing import capture_logs

from dispatch.actors.core import stream_replay as catch_up
from dispatch.actors.core.host_core import HostCore
from dispatch.actors.core.protocol import (
    Done,
    Envelope,
    HostsUnavailableError,
    Push,
    Refused,
    Reply,
    Subscribed,
    SubscribeRequest,
)
from dispatch.actors.core.push_queues import PushQueues
from dispatch.actors.core.work_items import Effects, ListingChange
from dispatch.actors.runtime import host_runtime, long_poll
from dispatch.actors.runtime.host_metrics import HostMetrics
from dispatch.actors.runtime.host_runtime import HostRuntime
from dispatch.clock import ManualClock
from dispatch.domain.commands import (
    CancelTrip,
    EndShift,
    RequestTrip,
    StartBreak,
    StartShift,
    encode_command,
)
from dispatch.domain.entity import SYSTEM, Command, EntityKey, Principal
from dispatch.domain.errors import ErrorCode
from dispatch.store.journal import Batch, Committed, Conflict, JournalUnavailableError, StoredCommand
from dispatch.store.journals.memory_journal import MemoryJournal
from tests.dispatch.actors.core.harness import (
    CODE,
    KINDS,
    PASSENGER,
    PICKUP,
    SHARDS,
    driver,
    profile,
    trip_key,
    vehicle_key,
)

V, T = vehicle_key(), trip_key()
START = 1000.0
WITHIN_S = 10.0


class SlowJournal(MemoryJournal):
    """A journal whose commits wait for a gate, and fail as they are told."""

    def __init__(self) -> None:
        super().__init__(shards=4)
        self.gate = asyncio.Event()
        self.gate.set()
        self.failures: list[Exception] = []
        self.batches: list[Batch] = []
        self.closed = False

    async def commit(self, batch: Batch) -> Committed | Conflict:
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        self.batches.append(batch)
        return await super().commit(batch)

    async def close(self) -> None:
        self.closed = True


class World:
    """What the host reaches beyond itself: answers as scripted, and notes what it was told."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.answers: list[Reply | Exception] = []
        self.calls: list[Envelope] = []
        self.gateway: list[Command | Exception] = []
        self.gateway_calls: list[StoredCommand] = []
        self.listed: list[ListingChange] = []
        self.events: list[str] = []
        self.happened = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    async def call(self, envelope: Envelope) -> Reply:
        self.calls.append(envelope)
        self._let_time_pass()
        self._notify()
        answer = self.answers.pop(0) if self.answers else Done(1, "idle")
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def call_gateway(self, due: StoredCommand) -> Command:
        self.gateway_calls.append(due)
        self._let_time_pass()
        answer = self.gateway.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def on_effects(self, effects: Effects) -> None:
        self.listed.extend(effects.listings)
        self.events.extend(notice.name for notice in effects.notices)
        self.events.extend(update.event for _, update in effects.updates)
        if effects.notices or effects.updates:
            self._notify()

    def _let_time_pass(self) -> None:
        """So much that a call that fails now is due again after."""
        asyncio.get_running_loop().call_soon(self.clock.advance, 2.0)

    def _notify(self) -> None:
        async def notify() -> None:
            async with self.happened:
                self.happened.notify_all()

        task = asyncio.get_running_loop().create_task(notify())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def until(self, so: Callable[[], bool]) -> None:
        """Wait for something to be so, looking again whenever something has happened."""
        async with asyncio.timeout(WITHIN_S), self.happened:
            await self.happened.wait_for(so)


class CountedCommits:
    """The part of :class:`HostMetrics` that tells of commits."""

    def __init__(self, commits: asyncio.Queue[int]) -> None:
        self._commits = commits

    def on_commit(self, batch: Batch, *_: object) -> None:
        self._commits.put_nowait(len(batch.appends))

    def on_replies(self, *_: object) -> None:
        """Not counted."""


class Running:
    """A host that runs."""

    def __init__(self, kind: str) -> None:
        self.clock = ManualClock(START)
        self.journal = SlowJournal()
        self.world = World(self.clock)
        self.commits: asyncio.Queue[int] = asyncio.Queue()
        self.core = HostCore(EntityKey.parse(f"{kind}:x").kind, KINDS, PushQueues("host"))
        self.runtime = HostRuntime(
            self.core,
            self.journal,
            self.clock,
            self.world,
            sinks=[self.world.on_effects],
            metrics=cast("HostMetrics", CountedCommits(self.commits)),
            commit_window_s=0.0,
        )

    async def start(self) -> None:
        """With the dues that the journal has."""
        kind = self.core.kind
        await self.runtime.start(lambda until: self.journal.scheduled_commands(kind, range(SHARDS), until=until))

    async def ask(self, key: EntityKey, command: Command, principal: Principal, name: str) -> Reply:
        (reply,) = await self.runtime.submit([envelope(key, command, principal, name)])
        return reply

    async def committed(self, count: int) -> None:
        """Wait for so many commits."""
        async with asyncio.timeout(WITHIN_S):
            for _ in range(count):
                await self.commits.get()


def envelope(key: EntityKey, command: Command, principal: Principal, name: str) -> Envelope:
    body = encode_command(command)
    return Envelope(str(key), name, principal, body, digest=body)


@asynccontextmanager
async def running(kind: str = "vehicle", dues: Sequence[StoredCommand] = ()) -> AsyncIterator[Running]:
    """A host, stopped in the end."""
    host = Running(kind)
    for due in dues:
        host.journal.tables.dues.setdefault(due.owner, {})[due.name] = due
    await host.start()
    try:
        yield host
    finally:
        host.journal.gate.set()
        await host.runtime.stop()
        assert host.journal.closed


@pytest.fixture(autouse=True)
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[MutableMapping[str, Any]]]:
    """What the runtime logs; it retries without waiting."""
    monkeypatch.setattr(host_runtime, "RETRY_LOAD_S", 0.0)
    with capture_logs() as entries:
        yield entries


async def test_commands_share_a_commit() -> None:
    """Commands that come together are answered in their order, from one transaction."""
    async with running() as host:
        replies = await host.runtime.submit(
            [
                envelope(V, StartShift(profile()), driver(), "1"),
                envelope(V, StartBreak(), driver(), "2"),
                envelope(vehicle_key("V2"), EndShift(), driver("V2"), "3"),
            ]
        )

        assert replies[:2] == [Done(1, "idle"), Done(2, "break")]
        assert isinstance(replies[2], Refused)
        assert len(host.journal.batches) == 1
        assert await host.runtime.submit([]) == []


async def test_slow_command_is_in_progress_until_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that takes long is answered "in progress"; the repeat waits for the same decision."""
    async with running() as host:
        host.journal.gate.clear()
        monkeypatch.setattr(host_runtime, "ANSWER_WITHIN_S", 0.0)
        first = await host.ask(V, StartShift(profile()), driver(), "on")
        monkeypatch.setattr(host_runtime, "ANSWER_WITHIN_S", WITHIN_S)
        repeat = asyncio.ensure_future(host.ask(V, StartShift(profile()), driver(), "on"))
        host.journal.gate.set()

        assert first == Refused(ErrorCode.IN_PROGRESS)
        assert await repeat == Done(1, "idle")
        assert len(host.journal.batches) == 1


@pytest.mark.parametrize("error", [JournalUnavailableError("away"), RuntimeError("a bug of the journal's")])
async def test_failing_commit_is_repeated(error: Exception) -> None:
    """Whatever a commit raises, the host reloads and decides again."""
    async with running() as host:
        host.journal.failures.append(error)

        assert await host.ask(V, StartShift(profile()), driver(), "on") == Done(1, "idle")


async def test_a_conflict_sends_only_those_alone_whom_it_names() -> None:
    """What shared a transaction with them, and what came meanwhile, is written together."""
    async with running() as host, running() as other:
        other.journal.tables = host.journal.tables
        assert isinstance(await host.ask(V, StartShift(profile()), driver(), "on"), Done)
        assert isinstance(await other.ask(V, StartBreak(), driver(), "pause"), Done)
        host.journal.batches.clear()

        cars = [f"V{number}" for number in range(2, 12)]
        shifts = [envelope(vehicle_key(car), StartShift(profile(car)), driver(car), f"on-{car}") for car in cars]
        host.journal.gate.clear()
        first = asyncio.ensure_future(host.runtime.submit([envelope(V, EndShift(), driver(), "off"), *shifts[:5]]))
        await asyncio.sleep(0)
        later = asyncio.ensure_future(host.runtime.submit(shifts[5:]))
        await asyncio.sleep(0)
        host.journal.gate.set()

        assert all(isinstance(reply, Done) for reply in [*await first, *await later])
        assert [len(batch.appends) for batch in host.journal.batches] == [6, 1, 10]


async def test_calls_go_out_until_they_are_decided() -> None:
    """A call is sent again after a lost target, a bug on the way and "busy"; after an answer its due is gone."""
    async with running("trip") as host:
        await host.ask(T, RequestTrip("P1", "app", PICKUP, CODE), PASSENGER, "wish")
        trip = host.core.entries[T].entity
        assert trip is not None
        trip.data.vehicle, trip.data.state = "V1", "assigned"  # type: ignore[attr-defined]
        host.world.answers = [HostsUnavailableError("gone"), RuntimeError("bug"), Refused(ErrorCode.BUSY)]
        assert isinstance(await host.ask(T, CancelTrip("late"), PASSENGER, "cancel"), Done)

        await host.world.until(lambda: len(host.world.calls) == 4)
        assert len({call.command_id for call in host.world.calls}) == 1
        await host.committed(3)
    assert host.journal.tables.dues[T] == {}


async def test_an_answered_call_is_written_with_what_comes_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """That a call was answered hurries nobody: it makes no transaction of its own where another comes soon."""
    monkeypatch.setattr(host_runtime, "RELAXED_COMMIT_S", 1000.0)
    async with running("trip") as host:
        await host.ask(T, RequestTrip("P1", "app", PICKUP, CODE), PASSENGER, "wish")
        trip = host.core.entries[T].entity
        assert trip is not None
        trip.data.vehicle, trip.data.state = "V1", "assigned"  # type: ignore[attr-defined]
        await host.ask(T, CancelTrip("late"), PASSENGER, "cancel")
        await host.world.until(lambda: len(host.world.calls) == 1)
        await host.ask(trip_key("T2"), RequestTrip("P2", "app", PICKUP, CODE), PASSENGER, "another")

        assert len(host.journal.batches) == 3
        assert host.journal.tables.dues[T] == {}


async def test_gateway_work_is_repeated_until_its_answer_is_written() -> None:
    """Outgoing work for the payment gateway ends when the command that tells its result is committed."""
    due = StoredCommand(V, "alipay work", 0.0, "alipay:create", b"")
    async with running(dues=[due]) as host:
        host.world.gateway = [HostsUnavailableError("no line"), StartShift(profile())]
        await host.world.until(lambda: host.world.events == ["shift_started"])
        await host.committed(2)

    assert len(host.world.gateway_calls) == 2
    assert host.journal.tables.dues[V] == {}


async def test_timers_fire_by_city_time() -> None:
    """A due of the past goes off as soon as the host runs; one of the future when the clock says so."""
    async with running("trip") as host:
        await host.ask(T, RequestTrip("P1", "app", PICKUP, CODE), PASSENGER, "wish")
        host.clock.advance(301)
        await host.world.until(lambda: "trip_unserved" in host.world.events)

    assert host.world.events.count("trip_unserved") == 2  # the event, and the alarm


async def test_failing_tick_does_not_end_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tick that raises is logged, and the next one comes."""
    async with running("trip") as host:
        await host.ask(T, RequestTrip("P1", "app", PICKUP, CODE), PASSENGER, "wish")
        tick = host.core.tick
        broken = iter([True, True])

        def sometimes(now: float) -> None:
            if next(broken, False):
                raise RuntimeError("a bug")
            tick(now)  # type: ignore[arg-type]

        monkeypatch.setattr(host.core, "tick", sometimes)
        host.clock.advance(301)
        await host.world.until(lambda: "trip_unserved" in host.world.events)


async def test_poll_waits_for_news() -> None:
    """A poll that finds nothing is answered by the next push, or empty when its time is over."""
    async with running() as host:
        attached = await host.runtime.subscribe("g", SubscribeRequest("vehicle:V1", driver()))
        assert isinstance(attached, Subscribed)
        born = await host.runtime.polls.poll("g", "", 0, WITHIN_S)
        empty = await host.runtime.polls.poll("g", born.incarnation, born.cursor, 0.0)
        waiting = asyncio.ensure_future(host.runtime.polls.poll("g", born.incarnation, born.cursor, WITHIN_S))
        await host.ask(V, StartShift(profile()), driver(), "on")
        news = await waiting

        assert (born.pushes, empty.pushes) == ([], [])
        assert [push.seq for push in news.pushes] == [1]
        host.runtime.core.queues.unsubscribe(V, "g", "driver")
        assert not host.core.queues.subscribers


async def test_a_due_of_a_replaced_owner_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was not the owner any more has written a due and is gone: the owner finds it in the journal and does it."""
    monkeypatch.setattr(host_runtime, "SWEEP_EVERY_S", 0.001)
    async with running() as host:
        assert isinstance(await host.ask(V, StartShift(profile()), driver(), "on"), Done)
        left = StoredCommand(V, "told", START, "trip:T", encode_command(CancelTrip("ill")))
        host.journal.tables.dues.setdefault(V, {})["told"] = left
        host.clock.advance(60.0)
        await host.world.until(lambda: bool(host.world.calls))
        assert host.world.calls[0].key == "trip:T"


async def test_followers_are_told_what_a_replaced_owner_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was not the owner any more wakes up and writes: the owner finds it in the journal and tells its followers."""
    monkeypatch.setattr(host_runtime, "SWEEP_EVERY_S", 0.001)
    async with running() as host, running() as woken:
        woken.journal.tables = host.journal.tables
        assert isinstance(await host.ask(V, StartShift(profile()), driver(), "on"), Done)
        await host.runtime.subscribe("g", SubscribeRequest("vehicle:V1", driver(), after=1))
        born = await host.runtime.polls.poll("g", "", 0, WITHIN_S)

        assert await woken.ask(V, StartBreak(), driver(), "off") == Done(2, "break")

        news = await host.runtime.polls.poll("g", born.incarnation, born.cursor, WITHIN_S)
        assert [push.seq for push in news.pushes] == [2]


async def test_stop_writes_what_is_decided() -> None:
    """A host that stops finishes what it has begun, and takes nothing new."""
    host = Running("vehicle")
    await host.start()
    host.journal.gate.clear()
    begun = asyncio.ensure_future(host.ask(V, StartShift(profile()), driver(), "on"))
    await asyncio.sleep(0)
    stopping = asyncio.ensure_future(host.runtime.stop())
    await asyncio.sleep(0)
    late = await host.ask(V, EndShift(), SYSTEM, "off")
    host.journal.gate.set()
    await stopping

    assert await begun == Done(1, "idle")
    assert late == Refused(ErrorCode.IN_PROGRESS)
    assert host.journal.closed


@pytest.mark.parametrize("after", [0, 3, 195])
async def test_a_stream_is_resumed_from_the_journal_where_memory_has_forgotten(after: int) -> None:
    """Whoever was away for longer than the host remembers misses nothing all the same."""
    async with running() as host:
        for number in range(100):
            await host.ask(V, StartShift(profile()), driver(), f"on-{number}")
            await host.ask(V, StartBreak(), driver(), f"off-{number}")

        attached = await host.runtime.subscribe("g", SubscribeRequest("vehicle:V1", driver(), after=after))

        assert isinstance(attached, Subscribed)
        assert (attached.seq, attached.recovered, attached.snapshot) == (200, True, None)
        assert [seq for seq, _ in attached.updates] == list(range(after + 1, 201))
        last = msgspec.msgpack.decode(attached.updates[-1][1])
        assert (last["seq"], last["event"], last["vehicle"]["state"]) == (200, "break_started", "break")


async def test_whoever_missed_too_much_gets_a_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody draws a thousand updates; the stream as it stands is more use."""
    monkeypatch.setattr(catch_up, "MOST_MISSED", 150)
    async with running() as host:
        for number in range(100):
            await host.ask(V, StartShift(profile()), driver(), f"on-{number}")
            await host.ask(V, StartBreak(), driver(), f"off-{number}")

        attached = await host.runtime.subscribe("g", SubscribeRequest("vehicle:V1", driver(), after=3))

        assert isinstance(attached, Subscribed)
        assert not attached.recovered
        assert attached.snapshot is not None


async def test_what_only_the_newest_counts_of_travels_at_leisure(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not end a poll at once, and goes along with what does; alone, it goes after a while."""
    monkeypatch.setattr(long_poll, "RELAXED_PUSH_S", WITHIN_S)
    async with running() as host:
        await host.runtime.subscribe("g", SubscribeRequest("vehicle:V1", driver()))
        born = await host.runtime.polls.poll("g", "", 0, WITHIN_S)
        heard = Push("vehicle:V1", "driver", 0, b"heard")
        host.core.queues.push_latest("g", heard, "heard")
        waiting = asyncio.ensure_future(host.runtime.polls.poll("g", born.incarnation, born.cursor, WITHIN_S))
        await host.ask(V, StartShift(profile()), driver(), "on")

        news = await waiting
        assert [push.seq for push in news.pushes] == [1, 0]

        monkeypatch.setattr(long_poll, "RELAXED_PUSH_S", 0.0)
        host.core.queues.push_latest("g", heard, "heard")
        alone = await host.runtime.polls.poll("g", news.incarnation, news.cursor, WITHIN_S)
        assert alone.pushes == [heard]

"""A deterministic event loop: one thread, a virtual clock that jumps, callbacks in the order (time, number).

Theory of operation. Ready callbacks run first, in the order in which they were scheduled; then the timer that is due
next, and of equal times the one scheduled first. The same program therefore runs the same way, byte for byte. Each
callback belongs to an :class:`Incarnation` of a simulated process, by its context. A callback of a paused incarnation
is parked until it resumes; a callback of a dead one never runs. This is the effect of SIGSTOP and ``kill -9`` at any
``await``.
"""

# ruff: noqa: ANN401 - callbacks take any arguments

import asyncio
import contextvars
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from enum import Enum
from typing import Any, Final, TypeVar

import msgspec

from dispatch.values.units import CityTime, WallTime

T = TypeVar("T")
MOST_TURNS: Final = 800_000
"""Limit of callbacks: four times the usual number. A simulation that reaches it is in an endless loop and stops."""


class RunState(Enum):
    """The state of a simulated process."""

    RUNS = "runs"
    PAUSED = "paused"
    DEAD = "dead"


class Incarnation:
    """One incarnation of a simulated process, from start to end."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = RunState.RUNS
        self.parked: list[Turn] = []
        self._context = contextvars.copy_context()
        self._context.run(_LIFE.set, self)

    @property
    def alive(self) -> bool:
        return self.state is not RunState.DEAD

    def context(self) -> contextvars.Context:
        return self._context.copy()


_LIFE: Final[contextvars.ContextVar[Incarnation | None]] = contextvars.ContextVar("life", default=None)


class Turn(msgspec.Struct, eq=False):
    """One scheduled callback, like asyncio's handle. A struct, because a simulation creates a hundred thousand."""

    at: float
    callback: Callable[..., object] | None
    args: tuple[Any, ...]
    context: contextvars.Context

    def cancel(self) -> None:
        self.callback, self.args = None, ()

    def cancelled(self) -> bool:
        return self.callback is None

    def when(self) -> float:
        return self.at


class Timeline(asyncio.AbstractEventLoop):
    """The event loop. ``errors`` are uncaught exceptions of callbacks: bugs."""

    def __init__(self) -> None:
        self._now = 0.0
        self._count = 0
        self._heap: list[tuple[float, int, Turn]] = []
        self._ready: deque[Turn] = deque()
        self._tasks: dict[asyncio.Task[Any], Incarnation | None] = {}
        self._closing = False
        self.turns = 0
        self.most_turns = MOST_TURNS
        self.errors: list[str] = []

    def time(self) -> float:
        return self._now

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> Turn:
        when = max(when, self._now)
        turn = Turn(when, callback, args, contextvars.copy_context() if context is None else context)
        self._count += 1
        heapq.heappush(self._heap, (when, self._count, turn))
        return turn

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> Turn:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> Turn:
        turn = Turn(self._now, callback, args, contextvars.copy_context() if context is None else context)
        self._ready.append(turn)
        return turn

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    async def settle(self, future: asyncio.Future[Any], within_s: float) -> None:
        """Wait until a future is set, or set it to None after so many wall seconds."""
        timer = self.call_later(within_s, _give_up, future)
        try:
            await future
        finally:
            timer.cancel()

    def create_task(  # type: ignore[override]
        self, coro: Coroutine[Any, Any, T], *, name: str | None = None, context: contextvars.Context | None = None
    ) -> asyncio.Task[T]:
        """A task that the loop keeps until it is done, so that the garbage collector ends none."""
        task = asyncio.Task(coro, loop=self, name=name or "task", context=context)
        self._tasks[task] = _LIFE.get() if context is None else context.get(_LIFE)
        return task

    def run_in_executor(  # type: ignore[override]
        self,
        executor: object,  # noqa: ARG002 - there is none
        func: Callable[..., T],
        *args: Any,
    ) -> asyncio.Future[T]:
        """There are no threads: the function runs at once."""
        done: asyncio.Future[T] = self.create_future()
        done.set_result(func(*args))
        return done

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not self._closing and error is not None:
            self.errors.append(f"{context.get('message')}: {error!r}")

    def run(self, until: float) -> None:
        """Run everything that is due before ``until``, and advance the clock to it."""
        asyncio._set_running_loop(self)  # noqa: SLF001 - how a loop says that it runs
        try:
            self._run(until)
        finally:
            asyncio._set_running_loop(None)  # noqa: SLF001
        self._now = max(self._now, until)
        self._sweep()

    def _run(self, until: float) -> None:
        heap, ready, runs = self._heap, self._ready, RunState.RUNS
        while self.turns < self.most_turns:
            if ready:
                turn = ready.popleft()
            elif heap and heap[0][0] <= until:
                self._now, _, turn = heapq.heappop(heap)
            else:
                return
            callback, context = turn.callback, turn.context
            if callback is None:
                continue
            incarnation = context.get(_LIFE)
            if incarnation is not None and incarnation.state is not runs:
                incarnation.parked.append(turn)
                continue
            self.turns += 1
            try:
                context.run(callback, *turn.args)
            except Exception as error:  # noqa: BLE001 - a bug of a callback is noted, and the world goes on
                self.errors.append(f"a callback failed: {error!r}")

    def _sweep(self) -> None:
        for task in [task for task in self._tasks if task.done()]:
            del self._tasks[task]  # an unretrieved exception is reported when the task is deleted

    def wake(self, incarnation: Incarnation) -> None:
        """Resume a paused incarnation with the callbacks that became due meanwhile."""
        incarnation.state = RunState.RUNS
        parked, incarnation.parked = incarnation.parked, []
        self._ready.extend(parked)

    def close_down(self) -> None:
        """Cancel all tasks and run them to their end, so that none is left to the garbage collector."""
        self._closing = True
        self.most_turns = self.turns + MOST_TURNS
        for _ in range(20):
            left = [task for task in self._tasks if not task.done()]
            if not left:
                break
            for task in left:
                incarnation = self._tasks[task]
                if incarnation is not None:
                    self.wake(incarnation)
                task.cancel()
            self.run(self._now)
        self._heap.clear()
        self._ready.clear()
        self._tasks.clear()


def _give_up(future: asyncio.Future[Any]) -> None:
    if not future.done():
        future.set_result(None)


class WorldClock:
    """The simulated clock: city time passes ``speed`` times as fast as the timeline's wall time."""

    def __init__(self, timeline: Timeline, *, speed: float, start: float) -> None:
        self._timeline = timeline
        self.speed = speed
        """City seconds in one wall second."""
        self._start = start

    def city(self) -> CityTime:
        return CityTime(self._start + self._timeline.time() * self.speed)

    def wall(self) -> WallTime:
        return WallTime(self._start + self._timeline.time())

    def wall_until(self, at: CityTime) -> float:
        """Wall seconds from now until the city's clock shows ``at``; at least zero."""
        return max(0.0, (at - self.city()) / self.speed)

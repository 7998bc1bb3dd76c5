"""Background tasks are kept until they end, their failures are logged, and they end with their owner."""

from __future__ import annotations

import asyncio

from structlog.testing import capture_logs

from dispatch.processes.task_set import TaskSet


async def test_a_task_is_kept_until_it_ends() -> None:
    """A finished task leaves the set."""
    tasks, gate = TaskSet(), asyncio.Event()
    task = tasks.spawn(gate.wait())
    assert len(tasks) == 1

    gate.set()
    await task
    await asyncio.sleep(0)
    assert len(tasks) == 0


async def test_a_failure_is_logged() -> None:
    """Nobody awaits a background task: its exception goes to the log."""

    async def fail() -> None:
        raise ValueError("broken")

    tasks = TaskSet()
    with capture_logs() as logs:
        await asyncio.wait([tasks.spawn(fail())])
        await asyncio.sleep(0)

    assert [entry["event"] for entry in logs] == ["background task failed"]


async def test_cancel_ends_all() -> None:
    """After ``cancel`` no task runs."""
    tasks = TaskSet()
    endless = [tasks.spawn(asyncio.Event().wait()) for _ in range(3)]
    await asyncio.sleep(0)

    await tasks.cancel()
    assert all(task.cancelled() for task in endless)

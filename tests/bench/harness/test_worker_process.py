"""Workers in processes of their own."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest

from bench.harness.worker_process import Answer, run_worker, start_worker


class Counter:
    """A worker that adds numbers."""

    def __init__(self) -> None:
        self._sum = 0

    async def add(self, number: int) -> Answer:
        if number < 0:
            raise ValueError("only positive numbers")
        self._sum += number
        return {"sum": self._sum}


async def test_a_worker_keeps_its_state_between_calls() -> None:
    """Each call is answered, in turn."""
    async with AsyncExitStack() as stack:
        worker = await start_worker(stack, "tests.bench.harness.test_worker_process")
        assert await worker.call("add", number=2) == {"sum": 2}
        assert await worker.call("add", number=3) == {"sum": 5}


async def test_an_error_in_a_worker_ends_the_bench(capfd: pytest.CaptureFixture[str]) -> None:
    """The caller gets an ``OSError``; the worker's traceback is on stderr."""
    async with AsyncExitStack() as stack:
        worker = await start_worker(stack, "tests.bench.harness.test_worker_process")
        with pytest.raises(OSError, match="ended during add"):
            await worker.call("add", number=-1)
    assert "only positive numbers" in capfd.readouterr().err


if __name__ == "__main__":
    run_worker(Counter)

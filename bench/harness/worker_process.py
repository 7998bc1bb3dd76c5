"""A load generator in a process of its own: ``{"do": method, …}`` on its stdin, one flat JSON object on its stdout."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from subprocess import PIPE
from typing import Any, Final

import msgspec
import uvloop

Answer = dict[str, Any]
_LINE_BYTES: Final = 2**26


class WorkerProcess:
    """The parent's side of a worker: ``python -m module``."""

    def __init__(self, process: asyncio.subprocess.Process, module: str) -> None:
        self._process = process
        self._module = module
        self.pid: Final = process.pid

    async def call(self, do: str, **arguments: object) -> Answer:
        """Call a method of the worker. Raises ``OSError`` if the process has ended."""
        assert self._process.stdin is not None  # noqa: S101 - started with pipes
        assert self._process.stdout is not None  # noqa: S101
        self._process.stdin.write(msgspec.json.encode({"do": do, **arguments}) + b"\n")
        line = await self._process.stdout.readline()
        if not line:
            raise OSError(f"worker process {self._module} ended during {do}; see its traceback above")
        answer: Answer = msgspec.json.decode(line)
        return answer

    async def stop(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


async def start_worker(stack: AsyncExitStack, module: str) -> WorkerProcess:
    words = [sys.executable, "-m", module]
    worker = WorkerProcess(
        await asyncio.create_subprocess_exec(*words, stdin=PIPE, stdout=PIPE, limit=_LINE_BYTES), module
    )
    stack.push_async_callback(worker.stop)
    return worker


def run_worker(make: Callable[[], object]) -> None:
    """The worker's side: serve calls of the public coroutine methods of one object until stdin ends."""
    uvloop.run(_serve(make))


async def _serve(make: Callable[[], object]) -> None:
    worker = make()
    while line := await asyncio.to_thread(sys.stdin.readline):
        call = msgspec.json.decode(line)
        answer = await getattr(worker, call.pop("do"))(**call)
        sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
        sys.stdout.flush()

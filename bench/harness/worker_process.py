"""A part of a load in a process of its own, asked in lines of JSON: ``{"do": name, …}`` → one flat object."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from subprocess import PIPE
from typing import Any, Final

import msgspec

Answer = dict[str, Any]
_STREAM_BYTES: Final = 2**24


class Part:
    """The process, from outside."""

    def __init__(self, process: asyncio.subprocess.Process, name: str) -> None:
        self._process = process
        self._name = name

    @classmethod
    async def start(cls, module: str, *arguments: str) -> Part:
        """Start ``python -m module``."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, *arguments, stdin=PIPE, stdout=PIPE, limit=_STREAM_BYTES
        )
        return cls(process, module)

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    async def ask(self, do: str, **given: object) -> Answer:
        """What it answers. Raises ``OSError`` where it is gone."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError(f"{self._name} has no pipe")
        self._process.stdin.write(msgspec.json.encode({"do": do, **given}) + b"\n")
        line = await self._process.stdout.readline()
        if not line:
            raise OSError(f"{self._name} is gone: see above")
        answer: Answer = msgspec.json.decode(line)
        return answer

    async def stop(self) -> None:
        """End it."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


async def started(stack: AsyncExitStack, module: str, *arguments: str) -> Part:
    """A part that ends with the stack."""
    part = await Part.start(module, *arguments)
    stack.push_async_callback(part.stop)
    return part


def written(file: Path, tokens: Sequence[str]) -> str:
    """The name of a file of tokens, as parts read them: one a line."""
    file.write_text("\n".join(tokens), encoding="ascii")
    return str(file)


async def obey(deeds: Mapping[str, Callable[..., Awaitable[Answer]]]) -> None:
    """The process, from inside: do what is asked until nobody asks any more."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        asked = msgspec.json.decode(line)
        answer = await deeds[asked.pop("do")](**asked)
        sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
        sys.stdout.flush()


def spread_ms(seconds: list[float], never: int = 0) -> Answer:
    """p50, p99 and the longest, in milliseconds; what never came counts as infinitely late (None)."""
    ranked = sorted(seconds)
    count = len(ranked) + never

    def at(share: float) -> float | None:
        place = min(count - 1, int(share * count))
        return round(1e3 * ranked[place], 1) if 0 <= place < len(ranked) else None

    return {"p50_ms": at(0.5), "p99_ms": at(0.99), "max_ms": at(1.0)}

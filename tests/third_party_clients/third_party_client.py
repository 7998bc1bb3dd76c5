"""A third-party client in its own process, called from a test."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.third_party_clients.installed import HERE, node, node_modules, python_package

MAX_LINE_BYTES = 1024 * 1024


class RaisedError(Exception):
    """The client raised; ``name`` is its error's."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name
        self.text = text


class ThirdPartyClient:
    """A running client."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def call(self, call: str, /, *args: Any, **kwargs: Any) -> Any:
        """Call one of the client's methods. Raises :class:`RaisedError`."""
        told = await self.send({"call": call, "args": args, "kwargs": kwargs})
        if "raised" in told:
            raise RaisedError(told["raised"], told["text"])
        return told.get("said")

    async def send(self, line: Mapping[str, Any], *, answered: bool = True) -> dict[str, Any]:
        """Send a line; its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(line).encode() + b"\n")
        await self._process.stdin.drain()
        if not answered:
            return {}
        said = await self._process.stdout.readline()
        assert said, "the client has ended"
        told: dict[str, Any] = json.loads(said)
        return told


@asynccontextmanager
async def python_client(
    lock: str, of_class: str, arguments: Mapping[str, Any], attributes: Mapping[str, Any]
) -> AsyncIterator[ThirdPartyClient]:
    """A client from PyPI."""
    folder = await asyncio.to_thread(python_package, lock)
    setup = {"class": of_class, "arguments": arguments, "attributes": attributes}
    script = [sys.executable, str(HERE / "python_client.py")]
    async with _running(script, setup, {"PYTHONPATH": str(folder)}) as client:
        yield client


@asynccontextmanager
async def node_client(config: Mapping[str, Any]) -> AsyncIterator[ThirdPartyClient]:
    """Alipay's own client for Node."""
    folder: Path = await asyncio.to_thread(node_modules)
    script = [node(), str(HERE / "npm" / "client.cjs"), str(folder)]
    async with _running(script, {"arguments": config}, {}) as client:
        yield client


@asynccontextmanager
async def _running(
    command: Sequence[str], setup: Mapping[str, Any], environment: Mapping[str, str]
) -> AsyncIterator[ThirdPartyClient]:
    # These clients write the machine's local time, and Alipay reads Beijing's.
    env = {**os.environ, "TZ": "Asia/Shanghai", "NO_PROXY": "*", "no_proxy": "*", **environment}
    process = await asyncio.create_subprocess_exec(*command, env=env, stdin=PIPE, stdout=PIPE, limit=MAX_LINE_BYTES)
    client = ThirdPartyClient(process)
    try:
        await client.send(setup, answered=False)
        yield client
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()

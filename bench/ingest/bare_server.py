"""The bare server of ``bench ingest``: ``websockets`` on uvloop, which receives and does nothing else."""

from __future__ import annotations

import asyncio
import sys

import uvloop
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from dispatch.api.messages import SUBPROTOCOL_MSGPACK


async def _receive(connection: ServerConnection) -> None:
    async for _ in connection:
        pass


async def _main() -> None:
    protocols = [Subprotocol(SUBPROTOCOL_MSGPACK)]
    async with serve(_receive, "127.0.0.1", 0, compression=None, subprotocols=protocols) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(_main())

"""The alternative in ``bench ingest``: ``websockets`` on uvloop that receives messages and does nothing else."""

from contextlib import suppress

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from bench.harness.worker_process import Answer, run_worker
from dispatch.api.client_messages import SUBPROTOCOL_MSGPACK


class BareServer:
    """Worker process of the server."""

    async def listen(self) -> Answer:
        protocols = [Subprotocol(SUBPROTOCOL_MSGPACK)]
        self._server = await serve(_receive, "127.0.0.1", 0, compression=None, subprotocols=protocols)
        return {"port": self._server.sockets[0].getsockname()[1]}


async def _receive(connection: ServerConnection) -> None:
    with suppress(ConnectionClosed):
        async for _ in connection:
            pass


if __name__ == "__main__":
    run_worker(BareServer)

"""uvicorn with one port for HTTP and WebSocket, and a stop that drains first."""

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import FrameType
from typing import Final, NamedTuple

import uvicorn
from starlette.types import ASGIApp

from ws_gateway.limits.address_limits import LOOPBACK
from ws_gateway.server.http_protocol import http_protocol
from ws_gateway.server.websocket_protocol import SocketProtocol
from ws_gateway.settings import GatewaySettings

_UNREAD_MS: Final = 30_000


class Tls(NamedTuple):
    """PEM files: the certificate chain, ours first, and its private key."""

    certificates: Path
    key: Path


class Server(uvicorn.Server):
    """SIGTERM and SIGINT drain the gateway before uvicorn stops; a second signal stops at once."""

    def __init__(self, config: uvicorn.Config, drain: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._drain = drain
        self._draining: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called by uvicorn's signal handler, in the main thread."""
        del sig, frame
        if self._loop is None or self._draining is not None:
            self.should_exit = True
            self.force_exit = True
            return
        self._loop.call_soon_threadsafe(self.stop_soon)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    def stop_soon(self) -> None:
        if self._draining is None:
            self._draining = asyncio.get_running_loop().create_task(self._stop())

    async def _stop(self) -> None:
        for listening in self.servers:
            listening.close()
        try:
            await self._drain()
        finally:
            self.should_exit = True


def make_server(
    app: ASGIApp,
    settings: GatewaySettings,
    drain: Callable[[], Awaitable[None]],
    may_connect: Callable[[str], bool],
    tls: Tls | None = None,
) -> Server:
    config = uvicorn.Config(
        app,
        http=http_protocol(settings.request_s, may_connect),
        forwarded_allow_ips=[*LOOPBACK, *settings.proxies],
        ws=SocketProtocol,
        loop="none",
        ws_max_size=settings.frame_max_bytes,
        ws_ping_interval=settings.ping_interval_s,
        ws_ping_timeout=settings.ping_timeout_s,
        ws_per_message_deflate=False,
        ssl_certfile=None if tls is None else tls.certificates,
        ssl_keyfile=None if tls is None else tls.key,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=int(settings.close_s) + 1,
    )
    return Server(config, drain)


def prepare(listening: socket.socket) -> None:
    """Have the kernel drop a peer that leaves data unacknowledged for half a minute.

    Accepted sockets inherit the option, so an abandoned socket does not linger.
    """
    if sys.platform == "linux":
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD_MS)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises ``OSError`` if the port is taken."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(2048)
    except OSError:
        listening.close()
        raise
    listening.setblocking(False)
    prepare(listening)
    return listening

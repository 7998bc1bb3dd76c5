"""The sandbox over HTTP.

GET, POST /gateway.do                  both gateways: mapi (``service``) and openapi (``method``)
GET /oauth2/publicAppAuthorize.htm     who is this buyer: back to the merchant at once, with a code
GET, POST /wallet                      a browser chooses which buyer it is
GET, POST /cashier?trade_no=…          a person pays, or does not
GET, POST /qr/CODE                     a merchant's code; posting is scanning. /qr/CODE.svg is its picture
GET /sandbox/bridge.js                 plays the app's AlipayJSBridge in any browser
GET /downloadBillFile.resource         a bill, while its address lives
POST /sandbox/tradepay                 the passenger's app: confirms (or leaves) the payment of a trade
POST /sandbox/scan                     the passenger's app: scans a merchant's code
GET /sandbox/buyers/ID/code            the passenger's app: shows a code to be scanned
GET /sandbox/accounts                  what was captured and refunded, per order, from the books
GET, PUT, DELETE /sandbox/faults       what goes wrong
GET /sandbox/healthz                   whether it runs
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Final

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from sim.alipay_sandbox.faults import Faults
from sim.alipay_sandbox.gateways.mapi_gateway import MapiGateway
from sim.alipay_sandbox.gateways.openapi_bills import BillCounter
from sim.alipay_sandbox.gateways.openapi_gateway import OpenapiGateway
from sim.alipay_sandbox.http.control_api import Console
from sim.alipay_sandbox.http.gateway_endpoint import Gateway
from sim.alipay_sandbox.http.notifier import Courier
from sim.alipay_sandbox.http.pages import Pages
from sim.alipay_sandbox.model.apps import apps_of
from sim.alipay_sandbox.model.clock import SystemClock, WallClock
from sim.alipay_sandbox.model.exchange import Exchange
from sim.alipay_sandbox.model.settings import SandboxSettings
from sim.alipay_sandbox.model.signature import Seal


class Sandbox:
    """One sandbox: exchange, keys, courier, faults, gateways and pages."""

    def __init__(
        self,
        settings: SandboxSettings,
        clock: WallClock,
        new_id: Callable[[], str],
        *,
        pause: Callable[[float], Awaitable[None]],
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        partner_seals = {merchant.partner: Seal(merchant) for merchant in settings.merchants}
        apps = apps_of(settings.merchants, partner_seals)
        seals = partner_seals | {app_id: app.seal for app_id, app in apps.items()}
        self.faults: Final = Faults(settings.faults, random.Random(settings.seed), clock.wall())
        self.exchange: Final = Exchange(settings, clock, new_id)
        self.courier: Final = Courier(settings, self.exchange, seals, clock, faults=self.faults, transport=transport)
        self._bills: Final = BillCounter(self.exchange, self.faults)
        self._gateway: Final = Gateway(
            self.exchange,
            self.courier,
            self.faults,
            mapi=MapiGateway(self.exchange, partner_seals, settings.answer_charset),
            openapi=OpenapiGateway(self.exchange, apps, self._bills),
            pause=pause,
        )
        console = Console(self.exchange, self.courier, self.faults)
        pages = Pages(self.exchange, apps, console, self._base_url)
        self.routes: Final = [
            Route("/gateway.do", self.gateway, methods=["GET", "POST"]),
            Route("/downloadBillFile.resource", self.bill_file),
            *console.routes(),
            *pages.routes(),
        ]

    def _base_url(self, request: Request) -> str:
        return self._settings.public_url.rstrip("/") or str(request.base_url).rstrip("/")

    async def gateway(self, request: Request) -> Response:
        """``/gateway.do``."""
        return await self._gateway.serve(request, self._base_url(request))

    async def bill_file(self, request: Request) -> Response:
        """``/downloadBillFile.resource``."""
        content = self._bills.file(request.query_params.get("fileId", ""), self._clock.wall())
        if content is None:
            return PlainTextResponse("the address is not valid any more", status_code=404)
        return Response(content, media_type="application/zip")


def _new_notify_id() -> str:
    return secrets.token_hex(17)


def create_app(
    settings: SandboxSettings,
    *,
    clock: WallClock | None = None,
    new_id: Callable[[], str] = _new_notify_id,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Starlette:
    """The sandbox as an ASGI app; ``app.state.sandbox`` is the :class:`Sandbox` behind it.

    ``new_id`` gives what nobody can guess; ``pause`` waits so many seconds, for faults that delay. Notifications go
    over ``transport``, or the network.
    """
    sandbox = Sandbox(settings, clock or SystemClock(), new_id, pause=pause, transport=transport)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        errands = asyncio.create_task(sandbox.courier.run())
        try:
            yield
        finally:
            errands.cancel()
            await asyncio.gather(errands, return_exceptions=True)
            await sandbox.courier.aclose()
            sandbox.exchange.shut()

    app = Starlette(routes=sandbox.routes, lifespan=lifespan)
    app.state.sandbox = sandbox
    return app


class _Embedded(uvicorn.Server):
    """A server that leaves the process's signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _not_of_a_cut(record: logging.LogRecord) -> bool:
    """Whether a line of the server is about anything but a connection that a fault wanted cut."""
    return "without completing response" not in record.getMessage()


def _config(app: Starlette) -> uvicorn.Config:
    logging.getLogger("uvicorn.error").addFilter(_not_of_a_cut)
    # A merchant keeps its connections; the gateway is not the one to close them first.
    return uvicorn.Config(app, log_level="warning", access_log=False, ws="none", lifespan="on", timeout_keep_alive=75)


def _listener(host: str, port: int) -> socket.socket:
    """A listening socket. Raises ``OSError`` where the port is taken."""
    # asyncio turns Nagle's delay off only where the protocol is named, and an answer is written in two parts.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1024)
    except OSError:
        listener.close()
        raise
    return listener


@contextlib.asynccontextmanager
async def running(app: Starlette, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve ``app`` inside this event loop; gives its base address, ``http://127.0.0.1:4711``.

    Raises ``OSError`` where the port is taken.
    """
    listener = _listener(host, port)
    server = _Embedded(_config(app))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://{host}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listener.close()


def serve(settings: SandboxSettings, *, ready: Callable[[str], None] = lambda _: None) -> None:
    """Serve until SIGINT or SIGTERM. ``ready`` hears the base address once the port is open.

    Raises ``OSError`` where the port is taken.
    """
    with _listener(settings.host, settings.port) as listener:
        ready(f"http://{settings.host}:{listener.getsockname()[1]}")
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(_config(create_app(settings))).run(sockets=[listener])

"""The sandbox as an ASGI app.

GET, POST /gateway.do                  both gateways: mapi (``service``) and openapi (``method``)
GET /oauth2/publicAppAuthorize.htm     authorization page: redirects to the merchant with a code
GET, POST /wallet                      chooses the buyer of a browser
GET, POST /cashier?trade_no=…          shows a trade; the buyer pays, refuses or leaves
GET, POST /qr/CODE                     a merchant's QR code; POST scans it. /qr/CODE.svg is the picture
GET /sandbox/bridge.js                 AlipayJSBridge of the Alipay app, for any browser
GET /downloadBillFile.resource         a bill, until its address expires
POST /sandbox/tradepay                 passenger's app: confirms or leaves the payment of a trade
POST /sandbox/scan                     passenger's app: scans a merchant's QR code
GET /sandbox/buyers/ID/code            passenger's app: shows a bar code
GET /sandbox/accounts                  captures and refunds per order, from the books
GET, PUT, DELETE /sandbox/faults       active faults
GET /sandbox/healthz                   health check
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

from sim.alipay_sandbox.faults import ActiveFaults
from sim.alipay_sandbox.gateways.mapi_gateway import MapiEndpoint
from sim.alipay_sandbox.gateways.openapi_admission import apps_by_id
from sim.alipay_sandbox.gateways.openapi_bills import BillDownloads
from sim.alipay_sandbox.gateways.openapi_gateway import OpenapiEndpoint
from sim.alipay_sandbox.http.control_api import EXCEPTION_HANDLERS, ControlApi
from sim.alipay_sandbox.http.gateway_endpoint import SandboxEndpoint
from sim.alipay_sandbox.http.notifier import Notifier
from sim.alipay_sandbox.http.pages import Pages
from sim.alipay_sandbox.model.clock import SystemClock, WallClock
from sim.alipay_sandbox.model.exchange import Exchange
from sim.alipay_sandbox.model.settings import SandboxSettings
from sim.alipay_sandbox.model.signature import MerchantKeys


class Sandbox:
    """The parts of one sandbox and its routes."""

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
        partner_keys = {merchant.partner: MerchantKeys(merchant) for merchant in settings.merchants}
        apps = apps_by_id(settings.merchants, partner_keys)
        keys = partner_keys | {app_id: app.keys for app_id, app in apps.items()}
        self.faults: Final = ActiveFaults(settings.faults, random.Random(settings.seed), clock.wall())
        self.exchange: Final = Exchange(settings, clock, new_id)
        self.notifier: Final = Notifier(settings, self.exchange, keys, clock, faults=self.faults, transport=transport)
        self._bills: Final = BillDownloads(self.exchange, self.faults)
        self._gateway: Final = SandboxEndpoint(
            self.exchange,
            self.notifier,
            self.faults,
            mapi=MapiEndpoint(self.exchange, partner_keys, settings.answer_charset),
            openapi=OpenapiEndpoint(self.exchange, apps, self._bills),
            pause=pause,
        )
        control_api = ControlApi(self.exchange, self.notifier, self.faults)
        pages = Pages(self.exchange, apps, control_api, self._base_url)
        self.routes: Final = [
            Route("/gateway.do", self.gateway, methods=["GET", "POST"]),
            Route("/downloadBillFile.resource", self.bill_file),
            *control_api.routes(),
            *pages.routes(),
        ]

    def _base_url(self, request: Request) -> str:
        return self._settings.public_url.rstrip("/") or str(request.base_url).rstrip("/")

    async def gateway(self, request: Request) -> Response:
        return await self._gateway.serve(request, self._base_url(request))

    async def bill_file(self, request: Request) -> Response:
        content = self._bills.file(request.query_params.get("fileId", ""), self._clock.wall())
        if content is None:
            return PlainTextResponse("the address has expired", status_code=404)
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
    """The ASGI app; ``app.state.sandbox`` is its :class:`Sandbox`.

    ``new_id`` returns unguessable ids; ``pause`` waits the seconds of delaying faults; ``transport`` replaces the
    network for notifications.
    """
    sandbox = Sandbox(settings, clock or SystemClock(), new_id, pause=pause, transport=transport)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        notifying = asyncio.create_task(sandbox.notifier.run())
        try:
            yield
        finally:
            notifying.cancel()
            await asyncio.gather(notifying, return_exceptions=True)
            await sandbox.notifier.aclose()
            sandbox.exchange.close_file()

    app = Starlette(routes=sandbox.routes, lifespan=lifespan, exception_handlers=EXCEPTION_HANDLERS)
    app.state.sandbox = sandbox
    return app


class _Embedded(uvicorn.Server):
    """A server without signal handlers."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _is_no_dropped_response(record: logging.LogRecord) -> bool:
    """False for uvicorn's complaint about a :class:`DroppedResponse`."""
    return "without completing response" not in record.getMessage()


def _config(app: Starlette) -> uvicorn.Config:
    logging.getLogger("uvicorn.error").addFilter(_is_no_dropped_response)
    # Merchants keep connections open; the gateway must not close them first.
    return uvicorn.Config(app, log_level="warning", access_log=False, ws="none", lifespan="on", timeout_keep_alive=75)


def _listener(host: str, port: int) -> socket.socket:
    # asyncio sets TCP_NODELAY only if the protocol is given, and a response is written in two parts.
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
    """Serve ``app`` in this event loop and yield its base address. Raises ``OSError`` if the port is in use."""
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
    """Serve until SIGINT or SIGTERM; calls ``ready`` with the base address once the port is open.

    Raises ``OSError`` if the port is in use.
    """
    with _listener(settings.host, settings.port) as listener:
        ready(f"http://{settings.host}:{listener.getsockname()[1]}")
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(_config(create_app(settings))).run(sockets=[listener])

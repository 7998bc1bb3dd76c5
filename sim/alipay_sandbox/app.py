"""The sandbox over HTTP.

GET, POST /gateway.do         the mapi gateway
POST /sandbox/tradepay        the passenger's app: confirms (or leaves) the payment of a trade
GET /sandbox/accounts         what was captured and refunded, per order, from the books
GET /sandbox/healthz          whether it runs
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Final

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sim.alipay_sandbox import acquire, gate
from sim.alipay_sandbox.books import balanced
from sim.alipay_sandbox.clock import SystemClock, WallClock
from sim.alipay_sandbox.courier import Courier
from sim.alipay_sandbox.exchange import BusinessError, Exchange
from sim.alipay_sandbox.settings import SandboxSettings
from sim.alipay_sandbox.signature import Seal
from sim.alipay_sandbox.trades import Trade
from sim.alipay_sandbox.wire import Call, WireError, answer_xml, read_call, refused_xml

MAX_BODY_BYTES: Final = 64 * 1024


class TradePay(msgspec.Struct, frozen=True):
    """What the passenger's app does with a trade."""

    trade_no: str
    buyer_id: str
    confirm: bool = True
    """False leaves the payment, as a passenger who presses back."""


class Sandbox:
    """One sandbox: exchange, keys, courier, and what the routes do with them."""

    def __init__(self, settings: SandboxSettings, clock: WallClock, new_id: Callable[[], str]) -> None:
        self._settings = settings
        self._clock = clock
        self._seals: Final = {merchant.partner: Seal(merchant) for merchant in settings.merchants}
        self.exchange: Final = Exchange(settings, clock, new_id)
        self.courier: Final = Courier(settings, self.exchange, self._seals, clock)

    async def gateway(self, request: Request) -> Response:
        """``/gateway.do``."""
        body = await request.body()
        if len(body) > MAX_BODY_BYTES:
            return self._refused("ILLEGAL_ARGUMENT", "utf-8")
        query: bytes = request.scope["query_string"]
        try:
            call = read_call(query, body)
        except WireError as error:
            return self._refused(error.code, "utf-8")
        if call.params.get("service") == "notify_verify":
            return PlainTextResponse(self._notify_verify(call))
        return self._served(call)

    def _served(self, call: Call) -> Response:
        now = self._clock.wall()
        charset = call.charset if self._settings.answer_charset == "request" else self._settings.answer_charset
        code = gate.refusal(call, acquire.SERVICES, self._seals, now)
        if code is not None:
            return self._refused(code, charset)
        service = call.params["service"]
        try:
            fields = acquire.SERVICES[service](self.exchange, call, now)
        except WireError as error:
            return self._refused(error.code, charset)
        except BusinessError as error:
            fields = acquire.failed(error.code) | {"out_trade_no": call.params.get("out_trade_no", "")}
        self.courier.wake()
        node = acquire.NODES.get(service, "alipay")
        content = answer_xml(call, fields, self._seals[call.params["partner"]], charset, node=node)
        return Response(content, media_type=f"text/xml;charset={charset}")

    def _refused(self, code: str, charset: str) -> Response:
        return Response(refused_xml(code, charset), media_type=f"text/xml;charset={charset}")

    def _notify_verify(self, call: Call) -> str:
        """Whether Alipay sent this notification to this merchant; true until it is acknowledged."""
        notice = self.exchange.notices.get(call.params.get("notify_id", ""))
        if notice is None or notice.acknowledged:
            return "false"
        partner = self.exchange.trade(notice.made.trade_no).terms.partner
        return "true" if partner == call.params.get("partner") else "false"

    async def tradepay(self, request: Request) -> Response:
        """``/sandbox/tradepay``: the codes are those that JSAPI's ``tradePay`` gives to the page."""
        try:
            asked = msgspec.json.decode(await request.body(), type=TradePay)
        except msgspec.DecodeError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        if not asked.confirm:
            return JSONResponse({"resultCode": "6001", "memo": "the user left the payment"})
        try:
            self.exchange.pay(asked.trade_no, asked.buyer_id)
        except BusinessError as error:
            return JSONResponse({"resultCode": "4000", "memo": error.code})
        self.courier.wake()
        return JSONResponse({"resultCode": "9000", "memo": ""})

    async def accounts(self, request: Request) -> Response:  # noqa: ARG002 - a route's shape
        """``/sandbox/accounts``: orders as the books have them, balances, notices that are not acknowledged."""
        self.exchange.expire_due()
        balances = self.exchange.books.balances()
        notices = self.exchange.notices.values()
        return JSONResponse(
            {
                "orders": self._orders(),
                "balances": [
                    {"account": account, "currency": currency, "minor": minor} for account, currency, minor in balances
                ],
                "balanced": balanced(balances),
                "notices": {
                    "made": len(notices),
                    "acknowledged": sum(notice.acknowledged for notice in notices),
                    "given_up": sum(n.next_at is None and not n.acknowledged for n in notices),
                },
            }
        )

    def _orders(self) -> list[dict[str, Any]]:
        orders = {trade.trade_no: _order(trade) for trade in self.exchange.trades()}
        for entry in self.exchange.books.entries():
            if entry.purpose in _TALLY:
                count, amount = _TALLY[entry.purpose]
                orders[entry.trade_no][count] += 1
                orders[entry.trade_no][amount] += entry.minor
        return list(orders.values())

    async def healthz(self, request: Request) -> Response:  # noqa: ARG002 - a route's shape
        """``/sandbox/healthz``."""
        return JSONResponse({"status": "ok"})


_TALLY: Final = {"capture": ("captures", "captured_minor"), "refund": ("refunds", "refunded_minor")}


def _order(trade: Trade) -> dict[str, Any]:
    terms = trade.terms
    return {
        "partner": terms.partner,
        "out_trade_no": terms.out_trade_no,
        "trade_no": trade.trade_no,
        "status": trade.status,
        "buyer_id": trade.payer_id,
        "currency": terms.currency,
        "total_minor": terms.total_minor,
        "passback": terms.passback,
        "captures": 0,
        "captured_minor": 0,
        "refunds": 0,
        "refunded_minor": 0,
    }


def _new_notify_id() -> str:
    return secrets.token_hex(17)


def create_app(
    settings: SandboxSettings,
    *,
    clock: WallClock | None = None,
    new_id: Callable[[], str] = _new_notify_id,
) -> Starlette:
    """The sandbox as an ASGI app; ``app.state.sandbox`` is the :class:`Sandbox` behind it."""
    sandbox = Sandbox(settings, clock or SystemClock(), new_id)

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

    app = Starlette(
        routes=[
            Route("/gateway.do", sandbox.gateway, methods=["GET", "POST"]),
            Route("/sandbox/tradepay", sandbox.tradepay, methods=["POST"]),
            Route("/sandbox/accounts", sandbox.accounts),
            Route("/sandbox/healthz", sandbox.healthz),
        ],
        lifespan=lifespan,
    )
    app.state.sandbox = sandbox
    return app


class _Embedded(uvicorn.Server):
    """A server that leaves the process's signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: Starlette) -> uvicorn.Config:
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

"""What simulated passengers, tests and operators ask of the sandbox beside Alipay's own addresses: ``/sandbox/*``."""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sim.alipay_sandbox.charge_report import accounts_of
from sim.alipay_sandbox.faults import FaultError, Faults, read_faults
from sim.alipay_sandbox.http.notifier import Courier
from sim.alipay_sandbox.model import codes
from sim.alipay_sandbox.model.books import to_text
from sim.alipay_sandbox.model.exchange import BusinessError, Exchange

LEFT: Final = ("6001", "the user left the payment")


class TradePay(msgspec.Struct, frozen=True):
    """What the passenger's app does with a trade."""

    trade_no: str
    buyer_id: str
    confirm: bool = True
    """False leaves the payment, as a passenger who presses back."""


class Scan(msgspec.Struct, frozen=True):
    """A buyer's app scans a merchant's code."""

    code: str
    """As it was shown: an address, or what stands after its ``/qr/``."""
    buyer_id: str


class Console:
    """The routes, and the passenger's app behind them and behind the pages."""

    def __init__(self, exchange: Exchange, courier: Courier, faults: Faults) -> None:
        self._exchange = exchange
        self._courier = courier
        self._faults = faults

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/sandbox/tradepay", self.tradepay, methods=["POST"]),
            Route("/sandbox/scan", self.scan, methods=["POST"]),
            Route("/sandbox/buyers/{buyer_id}/code", self.bar_code),
            Route("/sandbox/accounts", self.accounts),
            Route("/sandbox/faults", self.faults, methods=["GET", "PUT", "DELETE"]),
            Route("/sandbox/healthz", self.healthz),
        ]

    def settle(self, asked: TradePay) -> tuple[str, str]:
        """The ``resultCode`` and ``memo`` of JSAPI's ``tradePay``, after the buyer did what they did."""
        result = self._settled(asked)
        told = self._faults.take("result-code", "tradePay")
        return (told.code, "") if told is not None else result

    def _settled(self, asked: TradePay) -> tuple[str, str]:
        if not asked.confirm:
            return LEFT
        try:
            self._exchange.pay(asked.trade_no, asked.buyer_id)
        except BusinessError as error:
            return "4000", error.code
        finally:
            self._courier.wake()
        return "9000", ""

    async def tradepay(self, request: Request) -> Response:
        """``POST /sandbox/tradepay``: the codes are those that JSAPI's ``tradePay`` gives to the page."""
        try:
            asked = msgspec.json.decode(await request.body(), type=TradePay)
        except msgspec.DecodeError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        result_code, memo = self.settle(asked)
        return JSONResponse({"resultCode": result_code, "memo": memo})

    async def scan(self, request: Request) -> Response:
        """``POST /sandbox/scan``: 200 with the trade that now waits for the buyer, or 409 with Alipay's code."""
        try:
            asked = msgspec.json.decode(await request.body(), type=Scan)
        except msgspec.DecodeError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        code = asked.code.partition("?")[0].rstrip("/").rpartition("/")[2]
        try:
            trade = codes.scan(self._exchange, code, asked.buyer_id)
        except BusinessError as error:
            return JSONResponse({"error": error.code}, status_code=409)
        terms = trade.terms
        return JSONResponse(
            {
                "trade_no": trade.trade_no,
                "out_trade_no": terms.out_trade_no,
                "subject": terms.subject,
                "total": to_text(terms.total_minor, terms.currency),
                "currency": terms.currency,
            }
        )

    async def bar_code(self, request: Request) -> Response:
        """``GET /sandbox/buyers/ID/code``: a fresh code to be scanned, good for a minute and one order."""
        try:
            shown = codes.show_bar_code(self._exchange, request.path_params["buyer_id"])
        except BusinessError as error:
            return JSONResponse({"error": error.code}, status_code=409)
        return JSONResponse({"code": shown.code, "expires_at": shown.expires_at})

    async def accounts(self, request: Request) -> Response:  # noqa: ARG002 - a route's shape
        """``GET /sandbox/accounts``."""
        return JSONResponse(accounts_of(self._exchange))

    async def faults(self, request: Request) -> Response:
        """``/sandbox/faults``: GET lists, PUT sets a JSON list in place of what was, DELETE takes all or ``?name=``."""
        if request.method == "PUT":
            try:
                self._faults.replace(read_faults(await request.body()), self._exchange.now())
            except FaultError as error:
                return JSONResponse({"error": str(error)}, status_code=400)
        elif request.method == "DELETE":
            self._faults.clear(request.query_params.get("name", ""))
        return JSONResponse(self._faults.listed())

    async def healthz(self, request: Request) -> Response:  # noqa: ARG002 - a route's shape
        """``GET /sandbox/healthz``."""
        return JSONResponse({"status": "ok"})

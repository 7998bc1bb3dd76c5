"""``/sandbox/*``: the interface for simulated passengers, tests and operators, beside Alipay's own addresses."""

from __future__ import annotations

from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sim.alipay_sandbox.charge_report import charge_report
from sim.alipay_sandbox.faults import ActiveFaults, FaultError, read_faults
from sim.alipay_sandbox.http.notifier import Notifier
from sim.alipay_sandbox.model import codes
from sim.alipay_sandbox.model.exchange import BusinessError, Exchange

LEFT: Final = ("6001", "the user left the payment")


class TradePayRequest(msgspec.Struct, frozen=True):
    """The passenger's app confirms a payment, or leaves it."""

    trade_no: str
    buyer_id: str
    confirm: bool = True
    """False: the passenger leaves, as with the back button."""


class ScanRequest(msgspec.Struct, frozen=True):
    """The passenger's app scans a merchant's QR code."""

    code: str
    """The address in the QR code, or the part after its ``/qr/``."""
    buyer_id: str


async def _refuse(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=409 if isinstance(error, BusinessError) else 400)


EXCEPTION_HANDLERS: Final = dict.fromkeys((BusinessError, FaultError, msgspec.DecodeError), _refuse)
"""409 for Alipay's refusals, 400 for invalid requests."""


class ControlApi:
    """The routes of the interface; the pages use :meth:`confirm_payment` too."""

    def __init__(self, exchange: Exchange, notifier: Notifier, faults: ActiveFaults) -> None:
        self._exchange = exchange
        self._notifier = notifier
        self._faults = faults

    def routes(self) -> list[Route]:
        return [
            Route("/sandbox/tradepay", self.tradepay, methods=["POST"]),
            Route("/sandbox/scan", self.scan, methods=["POST"]),
            Route("/sandbox/buyers/{buyer_id}/code", self.bar_code),
            Route("/sandbox/accounts", self.accounts),
            Route("/sandbox/faults", self.faults, methods=["GET", "PUT", "DELETE"]),
            Route("/sandbox/healthz", self.healthz),
        ]

    def confirm_payment(self, request: TradePayRequest) -> tuple[str, str]:
        result = self._pay(request)
        fault = self._faults.hit("result-code", "tradePay")
        return (fault.code, "") if fault is not None else result

    def _pay(self, request: TradePayRequest) -> tuple[str, str]:
        if not request.confirm:
            return LEFT
        try:
            self._exchange.pay_trade(request.trade_no, request.buyer_id)
        except BusinessError as error:
            return "4000", error.code
        finally:
            self._notifier.wake()
        return "9000", ""

    async def tradepay(self, request: Request) -> Response:
        """``POST /sandbox/tradepay``: the result codes are those of JSAPI's ``tradePay``."""
        asked = msgspec.json.decode(await request.body(), type=TradePayRequest)
        result_code, memo = self.confirm_payment(asked)
        return JSONResponse({"resultCode": result_code, "memo": memo})

    async def scan(self, request: Request) -> Response:
        """``POST /sandbox/scan``: 200 with the trade that waits for the buyer, or 409 with Alipay's code."""
        asked = msgspec.json.decode(await request.body(), type=ScanRequest)
        code = asked.code.partition("?")[0].rstrip("/").rpartition("/")[2]
        trade = codes.scan_qr_code(self._exchange, code, asked.buyer_id)
        return JSONResponse(
            {
                "trade_no": trade.trade_no,
                "out_trade_no": trade.terms.out_trade_no,
                "subject": trade.terms.subject,
                "total": trade.terms.total_text,
                "currency": trade.terms.currency,
            }
        )

    async def bar_code(self, request: Request) -> Response:
        """``GET /sandbox/buyers/ID/code``: a new bar code, valid for a minute and one order."""
        shown = codes.show_bar_code(self._exchange, request.path_params["buyer_id"])
        return JSONResponse({"code": shown.code, "expires_at": shown.expires_at})

    async def accounts(self, request: Request) -> Response:  # noqa: ARG002 - Starlette's signature
        return JSONResponse(charge_report(self._exchange))

    async def faults(self, request: Request) -> Response:
        """``/sandbox/faults``: GET lists, PUT replaces all by a JSON list, DELETE removes all or ``?name=``."""
        if request.method == "PUT":
            self._faults.replace(read_faults(await request.body()), self._exchange.now())
        elif request.method == "DELETE":
            self._faults.clear(request.query_params.get("name", ""))
        return JSONResponse(self._faults.to_json())

    async def healthz(self, request: Request) -> Response:  # noqa: ARG002 - Starlette's signature
        return JSONResponse({"status": "ok"})

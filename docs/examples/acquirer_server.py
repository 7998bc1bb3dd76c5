"""A small acquirer's gateway by docs/acquirer.md: one merchant, HMAC-SHA256, accounts in memory.

    pip install starlette uvicorn httpx
    python acquirer_server.py 8090 cab1 a-secret-of-32-characters-or-more

``POST /pay/{order}`` simulates the passenger's payment. A real acquirer calls Alipay instead.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Json = dict[str, Any]
MAX_AGE_S = 300
SIGN_TYPE = "HMAC-SHA256"


@dataclass
class Trade:
    """An order and its state."""

    order: Json
    number: str
    status: str = "WAIT_BUYER_PAY"
    paid_at: str = ""
    undone: str = ""
    refunds: dict[str, str] = field(default_factory=dict)

    def view(self) -> Json:
        """Fields of a response or a notice."""
        fields = {"order": self.order["order"], "trade": self.number, "status": self.status}
        return fields | {"amount": self.order["amount"], "buyer": self.order["buyer"], "paid_at": self.paid_at}


class Acquirer:
    """The gateway of one merchant."""

    def __init__(self, merchant: str, secret: str) -> None:
        self.merchant = merchant
        self.secret = secret.encode()
        self.trades: dict[str, Trade] = {}
        self.nonces: dict[str, int] = {}  # of requests that are recent enough to be replayed
        self.notices = 0
        self.calls = {
            "create": self.create,
            "precreate": self.precreate,
            "scan": self.scan,
            "query": self.query,
            "close": self.close,
            "cancel": self.cancel,
            "refund": self.refund,
            "query_refund": self.query_refund,
        }

    def app(self) -> Starlette:
        """The HTTP routes."""
        routes = [
            Route("/v1/{call}", self.answer, methods=["POST"]),
            Route("/pay/{order}", self.pay, methods=["POST"]),
        ]
        return Starlette(routes=routes)

    # envelopes

    def sign(self, text: str) -> str:
        """Signature of a message's text."""
        return base64.b64encode(hmac.digest(self.secret, text.encode(), hashlib.sha256)).decode()

    def seal(self, message: Json) -> Json:
        """Signed envelope of a message."""
        text = json.dumps({"merchant": self.merchant, "at": int(time.time())} | message, ensure_ascii=False)
        return {"message": text, "sign_type": SIGN_TYPE, "sign": self.sign(text)}

    def open(self, envelope: Json) -> Json | str:
        """The request in an envelope, or the reason of its refusal."""
        text = envelope.get("message", "")
        if not hmac.compare_digest(self.sign(text), envelope.get("sign", "")):
            return "BAD_SIGNATURE"
        message: Json = json.loads(text)
        now = int(time.time())
        if message["kind"] != "ask" or message["merchant"] != self.merchant:
            return "NOT_FOR_US"
        if abs(message["at"] - now) > MAX_AGE_S:
            return "BAD_CLOCK"
        self.nonces = {nonce: at for nonce, at in self.nonces.items() if at > now - 2 * MAX_AGE_S}
        if message["nonce"] in self.nonces:
            return "REPLAYED"
        self.nonces[message["nonce"]] = now
        return message

    async def answer(self, request: Request) -> Response:
        """Handle one call."""
        message = self.open(await request.json())
        if isinstance(message, str):
            return JSONResponse({"refused": message})
        call = request.path_params["call"]
        if call != message["call"] or call not in self.calls:
            return JSONResponse({"refused": "NO_SUCH_CALL"})
        arguments = message["arguments"]
        result = {"order": arguments["order"]} | self.calls[call](arguments)
        return JSONResponse(self.seal({"kind": "answer", "nonce": message["nonce"], "call": call, "result": result}))

    # calls

    def create(self, order: Json) -> Json:
        """Place an order to be paid on a page."""
        trade = self.placed(order)
        return refused(trade) if isinstance(trade, str) else {"outcome": "created", "trade": trade.number}

    def precreate(self, order: Json) -> Json:
        """Place an order to be paid by a code on the driver's screen."""
        trade = self.placed(order)
        if isinstance(trade, str):
            return refused(trade)
        return {"outcome": "code", "qr_code": f"https://acquirer.example/pay/{trade.number}"}

    def scan(self, order: Json) -> Json:
        """Pay an order by the passenger's code; a code ending in 9 requires the password."""
        trade = self.trades.get(order["order"]) or self.placed(order)
        if isinstance(trade, str):
            return refused(trade)
        if trade.status == "WAIT_BUYER_PAY" and order["auth_code"].endswith("9"):
            return {"outcome": "password", "trade": trade.number}
        settle(trade)
        return {"outcome": "trade"} | trade.view()

    def placed(self, order: Json) -> Trade | str:
        """The trade of an order, or a refusal code. Repetitions return the same trade."""
        trade = self.trades.get(order["order"])
        if trade is None:
            trade = self.trades[order["order"]] = Trade(order, f"{time.time_ns()}")
        if trade.order["amount"] != order["amount"]:
            return "CONTEXT_INCONSISTENT"
        paid = {"TRADE_SUCCESS": "TRADE_HAS_SUCCESS", "TRADE_CLOSED": "TRADE_HAS_CLOSE"}
        return paid.get(trade.status, trade)

    def query(self, arguments: Json) -> Json:
        """State of an order."""
        trade = self.trades.get(arguments["order"])
        return {"outcome": "trade"} | trade.view() if trade else {"outcome": "not_found"}

    def close(self, arguments: Json) -> Json:
        """Close an unpaid order."""
        trade = self.trades.get(arguments["order"])
        if trade is None:
            return {"outcome": "not_found"}
        if trade.status == "TRADE_SUCCESS":
            return refused("TRADE_HAS_SUCCESS")
        trade.status = "TRADE_CLOSED"
        return {"outcome": "closed"}

    def cancel(self, arguments: Json) -> Json:
        """Undo an order in any state."""
        trade = self.trades.get(arguments["order"])
        if trade is None:
            return {"outcome": "not_found"}
        trade.undone = trade.undone or {"WAIT_BUYER_PAY": "close", "TRADE_SUCCESS": "refund"}.get(trade.status, "")
        trade.status = "TRADE_CLOSED"
        return {"outcome": "cancelled", "action": trade.undone}

    def refund(self, arguments: Json) -> Json:
        """Refund, once for each refund number."""
        trade, number, value = self.trades.get(arguments["order"]), arguments["refund"], arguments["amount"]["value"]
        if trade is None:
            return refused("TRADE_NOT_EXIST")
        if trade.refunds.get(number, value) != value:
            return refused("DISCORDANT_REPEAT_REQUEST")
        if number not in trade.refunds:
            if trade.status != "TRADE_SUCCESS":
                return refused("TRADE_STATUS_ERROR")
            if cents(value) + refunded_cents(trade) > cents(trade.order["amount"]["value"]):
                return refused("REASON_TRADE_REFUND_FEE_ERR")
            trade.refunds[number] = value
            if refunded_cents(trade) == cents(trade.order["amount"]["value"]):
                trade.status = "TRADE_CLOSED"
        return self.query_refund(arguments)

    def query_refund(self, arguments: Json) -> Json:
        """State of a refund."""
        trade, number = self.trades.get(arguments["order"]), arguments["refund"]
        if trade is None or number not in trade.refunds:
            return {"outcome": "not_found"}
        currency, total = arguments["amount"]["currency"], refunded_cents(trade)
        return {
            "outcome": "refunded",
            "refund": number,
            "amount": {"value": trade.refunds[number], "currency": currency},
            "refunded": {"value": f"{total // 100}.{total % 100:02}", "currency": currency},
        }

    # the passenger

    async def pay(self, request: Request) -> Response:
        """Pay as the passenger and notify the merchant (a real gateway repeats the notice until ``success``)."""
        trade = self.trades[request.path_params["order"]]
        settle(trade)
        async with httpx.AsyncClient(timeout=10.0) as http:
            response = await http.post(trade.order["notify_url"], json=self.notice(trade))
        return JSONResponse({"response": response.text})

    def notice(self, trade: Trade) -> Json:
        """Signed notice of a trade."""
        self.notices += 1
        result = {"outcome": "trade", "notice": f"n{self.notices}", "passback": trade.order["passback"]} | trade.view()
        return self.seal({"kind": "notice", "nonce": f"{time.time_ns():x}", "result": result})


def settle(trade: Trade) -> None:
    """Mark a waiting trade as paid."""
    if trade.status == "WAIT_BUYER_PAY":
        trade.status = "TRADE_SUCCESS"
        trade.paid_at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 8 * 3600))


def refused(code: str) -> Json:
    """A refusal: nothing was done."""
    return {"outcome": "refused", "code": code}


def cents(value: str) -> int:
    """An amount with two decimals, in hundredths."""
    whole, _, part = value.partition(".")
    return int(whole) * 100 + int(part or 0)


def refunded_cents(trade: Trade) -> int:
    """Sum of a trade's refunds."""
    return sum(map(cents, trade.refunds.values()))


if __name__ == "__main__":
    port, merchant, secret = sys.argv[1:]
    uvicorn.run(Acquirer(merchant, secret).app(), port=int(port))

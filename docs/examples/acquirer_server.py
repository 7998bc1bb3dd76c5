"""A small acquirer's gateway by docs/acquirer.md: one merchant, HMAC-SHA256, accounts in memory.

    pip install starlette uvicorn httpx
    python acquirer_server.py 8090 cab1 a-secret-of-32-characters-or-more

``POST /pay/{order}`` plays the passenger who pays. A real acquirer asks Alipay instead.
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
    """An order, and what became of it."""

    asked: Json
    number: str
    status: str = "WAIT_BUYER_PAY"
    paid_at: str = ""
    undone: str = ""
    refunds: dict[str, str] = field(default_factory=dict)

    def view(self) -> Json:
        """As an answer or a notice tells it."""
        told = {"order": self.asked["order"], "trade": self.number, "status": self.status}
        return told | {"amount": self.asked["amount"], "buyer": self.asked["buyer"], "paid_at": self.paid_at}


class Acquirer:
    """The gateway of one merchant."""

    def __init__(self, merchant: str, secret: str) -> None:
        self.merchant = merchant
        self.secret = secret.encode()
        self.trades: dict[str, Trade] = {}
        self.nonces: dict[str, int] = {}  # of questions that are not too old to come again
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
        """The HTTP side."""
        routes = [
            Route("/v1/{call}", self.answer, methods=["POST"]),
            Route("/pay/{order}", self.pay, methods=["POST"]),
        ]
        return Starlette(routes=routes)

    # envelopes

    def sign(self, text: str) -> str:
        """The signature of a message's text."""
        return base64.b64encode(hmac.digest(self.secret, text.encode(), hashlib.sha256)).decode()

    def seal(self, message: Json) -> Json:
        """A message of ours as it is sent."""
        text = json.dumps({"merchant": self.merchant, "at": int(time.time())} | message, ensure_ascii=False)
        return {"message": text, "sign_type": SIGN_TYPE, "sign": self.sign(text)}

    def open(self, envelope: Json) -> Json | str:
        """The question in an envelope, or why it is refused."""
        text = envelope.get("message", "")
        if not hmac.compare_digest(self.sign(text), envelope.get("sign", "")):
            return "BAD_SIGNATURE"
        asked: Json = json.loads(text)
        now = int(time.time())
        if asked["kind"] != "ask" or asked["merchant"] != self.merchant:
            return "NOT_FOR_US"
        if abs(asked["at"] - now) > MAX_AGE_S:
            return "BAD_CLOCK"
        self.nonces = {nonce: at for nonce, at in self.nonces.items() if at > now - 2 * MAX_AGE_S}
        if asked["nonce"] in self.nonces:
            return "REPLAYED"
        self.nonces[asked["nonce"]] = now
        return asked

    async def answer(self, request: Request) -> Response:
        """One call."""
        asked = self.open(await request.json())
        if isinstance(asked, str):
            return JSONResponse({"refused": asked})
        call = request.path_params["call"]
        if call != asked["call"] or call not in self.calls:
            return JSONResponse({"refused": "NO_SUCH_CALL"})
        arguments = asked["arguments"]
        result = {"order": arguments["order"]} | self.calls[call](arguments)
        return JSONResponse(self.seal({"kind": "answer", "nonce": asked["nonce"], "call": call, "result": result}))

    # calls

    def create(self, order: Json) -> Json:
        """An order to be paid on a page."""
        trade = self.placed(order)
        return refused(trade) if isinstance(trade, str) else {"outcome": "created", "trade": trade.number}

    def precreate(self, order: Json) -> Json:
        """An order to be paid by a code on the driver's screen."""
        trade = self.placed(order)
        if isinstance(trade, str):
            return refused(trade)
        return {"outcome": "code", "qr_code": f"https://acquirer.example/pay/{trade.number}"}

    def scan(self, order: Json) -> Json:
        """An order that the passenger's code pays at once; a code that ends in 9 asks for the password."""
        trade = self.trades.get(order["order"]) or self.placed(order)
        if isinstance(trade, str):
            return refused(trade)
        if trade.status == "WAIT_BUYER_PAY" and order["auth_code"].endswith("9"):
            return {"outcome": "password", "trade": trade.number}
        settle(trade)
        return {"outcome": "trade"} | trade.view()

    def placed(self, order: Json) -> Trade | str:
        """The trade of an order, the same however often it is asked for; or a reason against it."""
        trade = self.trades.get(order["order"])
        if trade is None:
            trade = self.trades[order["order"]] = Trade(order, f"{time.time_ns()}")
        if trade.asked["amount"] != order["amount"]:
            return "CONTEXT_INCONSISTENT"
        paid = {"TRADE_SUCCESS": "TRADE_HAS_SUCCESS", "TRADE_CLOSED": "TRADE_HAS_CLOSE"}
        return paid.get(trade.status, trade)

    def query(self, asked: Json) -> Json:
        """Where an order stands."""
        trade = self.trades.get(asked["order"])
        return {"outcome": "trade"} | trade.view() if trade else {"outcome": "not_found"}

    def close(self, asked: Json) -> Json:
        """Close what is not paid."""
        trade = self.trades.get(asked["order"])
        if trade is None:
            return {"outcome": "not_found"}
        if trade.status == "TRADE_SUCCESS":
            return refused("TRADE_HAS_SUCCESS")
        trade.status = "TRADE_CLOSED"
        return {"outcome": "closed"}

    def cancel(self, asked: Json) -> Json:
        """Undo an order whatever became of it."""
        trade = self.trades.get(asked["order"])
        if trade is None:
            return {"outcome": "not_found"}
        trade.undone = trade.undone or {"WAIT_BUYER_PAY": "close", "TRADE_SUCCESS": "refund"}.get(trade.status, "")
        trade.status = "TRADE_CLOSED"
        return {"outcome": "cancelled", "action": trade.undone}

    def refund(self, asked: Json) -> Json:
        """Give money back, once for each refund number."""
        trade, number, value = self.trades.get(asked["order"]), asked["refund"], asked["amount"]["value"]
        if trade is None:
            return refused("TRADE_NOT_EXIST")
        if trade.refunds.get(number, value) != value:
            return refused("DISCORDANT_REPEAT_REQUEST")
        if number not in trade.refunds:
            if trade.status != "TRADE_SUCCESS":
                return refused("TRADE_STATUS_ERROR")
            if cents(value) + refunded_cents(trade) > cents(trade.asked["amount"]["value"]):
                return refused("REASON_TRADE_REFUND_FEE_ERR")
            trade.refunds[number] = value
            if refunded_cents(trade) == cents(trade.asked["amount"]["value"]):
                trade.status = "TRADE_CLOSED"
        return self.query_refund(asked)

    def query_refund(self, asked: Json) -> Json:
        """Whether a refund took place."""
        trade, number = self.trades.get(asked["order"]), asked["refund"]
        if trade is None or number not in trade.refunds:
            return {"outcome": "not_found"}
        currency, in_all = asked["amount"]["currency"], refunded_cents(trade)
        return {
            "outcome": "refunded",
            "refund": number,
            "amount": {"value": trade.refunds[number], "currency": currency},
            "refunded": {"value": f"{in_all // 100}.{in_all % 100:02}", "currency": currency},
        }

    # the passenger

    async def pay(self, request: Request) -> Response:
        """The passenger pays, and the merchant is told (a real gateway repeats it until it hears ``success``)."""
        trade = self.trades[request.path_params["order"]]
        settle(trade)
        async with httpx.AsyncClient(timeout=10.0) as http:
            heard = await http.post(trade.asked["notify_url"], json=self.notice(trade))
        return JSONResponse({"heard": heard.text})

    def notice(self, trade: Trade) -> Json:
        """What the merchant is told of a trade."""
        self.notices += 1
        told = {"outcome": "trade", "notice": f"n{self.notices}", "passback": trade.asked["passback"]} | trade.view()
        return self.seal({"kind": "notice", "nonce": f"{time.time_ns():x}", "result": told})


def settle(trade: Trade) -> None:
    """Take the money of a trade that waits."""
    if trade.status == "WAIT_BUYER_PAY":
        trade.status = "TRADE_SUCCESS"
        trade.paid_at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 8 * 3600))


def refused(code: str) -> Json:
    """Nothing was done."""
    return {"outcome": "refused", "code": code}


def cents(value: str) -> int:
    """An amount with two decimals, in hundredths."""
    whole, _, part = value.partition(".")
    return int(whole) * 100 + int(part or 0)


def refunded_cents(trade: Trade) -> int:
    """All refunds of a trade so far."""
    return sum(map(cents, trade.refunds.values()))


if __name__ == "__main__":
    port, merchant, secret = sys.argv[1:]
    uvicorn.run(Acquirer(merchant, secret).app(), port=int(port))

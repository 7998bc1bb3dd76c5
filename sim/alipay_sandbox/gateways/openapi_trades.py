"""``alipay.trade.*`` of the openapi gateway.

Where the documents are silent: amounts are yuan; ``product_code`` is not held against a contract; a seller other than
the merchant is ``ACQ.ACCESS_FORBIDDEN``; closing what is closed is ``ACQ.REASON_TRADE_STATUS_INVALID``; cancelling what
does not exist succeeds without an ``action``. ``buyer_open_id`` is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from sim.alipay_sandbox.gateways.openapi_admission import Admitted
from sim.alipay_sandbox.gateways.openapi_wire import Node, success
from sim.alipay_sandbox.gateways.orders import LONGEST_LIFE_S, ORDER_NO, read_amount, read_life, read_notify_url
from sim.alipay_sandbox.model import codes, refunds
from sim.alipay_sandbox.model.books import to_text
from sim.alipay_sandbox.model.clock import beijing_text, from_beijing_text
from sim.alipay_sandbox.model.exchange import BusinessError, Exchange
from sim.alipay_sandbox.model.trades import Origin, Terms, Trade

YUAN: Final = "CNY"
MOST_MINOR: Final = 100_000_000_00
QR_LIFE_S: Final = 2 * 3600.0
SCAN_LIFE_S: Final = 3 * 3600.0
_AUTH_CODE: Final = re.compile(r"(2[5-9]|30)[0-9]{14,22}", re.ASCII)
_LONGEST: Final = {"body": 400, "passback_params": 512, "store_id": 32, "terminal_id": 32, "operator_id": 28}


class Context(msgspec.Struct, frozen=True):
    """What a call works with."""

    exchange: Exchange
    admitted: Admitted
    now: float
    base_url: str

    def text(self, name: str) -> str:
        """A business field; blank where there is none. Raises :class:`BusinessError` where it is no text."""
        value = self.admitted.biz.get(name)
        if value is not None and not isinstance(value, str):
            raise BusinessError("INVALID_PARAMETER")
        return value or ""

    @property
    def partner(self) -> str:
        """The merchant that is acted for."""
        return self.admitted.partner


OpenapiCall = Callable[[Context], Node]


def create(context: Context) -> Node:
    """``alipay.trade.create``: a trade that waits for its buyer."""
    buyer = _buyer(context)
    if not buyer:
        raise BusinessError("INVALID_PARAMETER")
    kept = _placing(context, LONGEST_LIFE_S)
    trade = context.exchange.create(
        _terms(context, buyer),
        expires_at=context.now + kept.life_s,
        notify_url=kept.notify_url,
        sign_type=kept.sign_type,
        charset=kept.charset,
        origin=kept.origin,
    )
    return success(_ids(trade))


def precreate(context: Context) -> Node:
    """``alipay.trade.precreate``: a code to be scanned; no trade before that."""
    life = read_life(context.text("qr_code_timeout_express"), context.now, QR_LIFE_S)
    made = codes.precreate(context.exchange, _terms(context, ""), _placing(context, LONGEST_LIFE_S), life)
    return success({"out_trade_no": made.terms.out_trade_no, "qr_code": f"{context.base_url}/qr/{made.code}"})


def pay(context: Context) -> Node:
    """``alipay.trade.pay``: a buyer's code was scanned."""
    if context.text("scene") not in ("bar_code", "security_code"):
        raise BusinessError("INVALID_PARAMETER")
    auth_code = context.text("auth_code")
    if not _AUTH_CODE.fullmatch(auth_code):
        raise BusinessError("PAYMENT_AUTH_CODE_INVALID")
    kept = _placing(context, SCAN_LIFE_S)
    trade = codes.pay_by_code(context.exchange, _terms(context, ""), auth_code, kept)
    if trade.status == "WAIT_BUYER_PAY":
        return success(_ids(trade) | _buyer_fields(context, trade) | {"total_amount": _total(trade)}, "10003")
    return success(
        _ids(trade) | _buyer_fields(context, trade) | _amounts(trade) | {"gmt_payment": _moment(trade.paid_at)}
    )


def query(context: Context) -> Node:
    """``alipay.trade.query``."""
    trade = _named_trade(context)
    origin = trade.opened.origin
    fields = {"trade_status": trade.status, "total_amount": _total(trade), "send_pay_date": _moment(trade.paid_at)}
    places = {"store_id": origin.store_id, "terminal_id": origin.terminal_id}
    paid = _amounts(trade) if trade.paid_at is not None else {}
    return success(_ids(trade) | _buyer_fields(context, trade) | fields | paid | places)


def cancel(context: Context) -> Node:
    """``alipay.trade.cancel``: end an unpaid trade, or give the money of a paid one back."""
    try:
        trade = _named_trade(context)
    except BusinessError as error:
        if error.code != "TRADE_NOT_EXIST":
            raise
        codes.withdraw(context.exchange, context.partner, context.text("out_trade_no"))
        return success({"out_trade_no": context.text("out_trade_no"), "retry_flag": "N"})
    action = refunds.cancel(context.exchange, trade)
    return success(_ids(trade) | {"retry_flag": "N", "action": action})


def close(context: Context) -> Node:
    """``alipay.trade.close``: end an unpaid trade."""
    trade = _named_trade(context)
    if trade.status == "TRADE_CLOSED":
        raise BusinessError("REASON_TRADE_STATUS_INVALID")
    if trade.status != "WAIT_BUYER_PAY":
        raise BusinessError("TRADE_STATUS_ERROR")
    context.exchange.close(trade)
    return success(_ids(trade))


def refund(context: Context) -> Node:
    """``alipay.trade.refund``; ``refund_fee`` is all that was refunded so far, ``send_back_fee`` this refund."""
    trade = _named_trade(context)
    done = refunds.refund(
        context.exchange,
        trade,
        read_amount(context.text("refund_amount"), trade.terms.currency),
        context.text("out_request_no"),
        reason=context.text("refund_reason"),
    )
    amount = to_text(done.made.minor, trade.terms.currency)
    fields = {
        "fund_change": "Y" if done.moved else "N",
        "gmt_refund_pay": beijing_text(done.made.at),
        "refund_fee": to_text(trade.refunded_minor, trade.terms.currency),
        "send_back_fee": amount,
        "refund_detail_item_list": [{"amount": amount, "fund_channel": "ALIPAYACCOUNT"}],
    }
    return success(_ids(trade) | _buyer_fields(context, trade) | fields)


def refund_query(context: Context) -> Node:
    """``alipay.trade.fastpay.refund.query``; a refund that is not there is a success without fields."""
    if not context.text("out_request_no"):
        raise BusinessError("INVALID_PARAMETER")
    trade = _named_trade(context)
    made = trade.refunds.get(context.text("out_request_no"))
    if made is None:
        return success({})
    options = context.admitted.biz.get("query_options")
    dated = isinstance(options, list) and "gmt_refund_pay" in options
    fields = {
        "out_request_no": made.request_no,
        "refund_amount": to_text(made.minor, trade.terms.currency),
        "refund_reason": made.reason,
        "refund_status": "REFUND_SUCCESS",
        "total_amount": _total(trade),
        "gmt_refund_pay": beijing_text(made.at) if dated else "",
    }
    return success(_ids(trade) | fields)


TRADE_CALLS: Final[Mapping[str, OpenapiCall]] = {
    "alipay.trade.create": create,
    "alipay.trade.precreate": precreate,
    "alipay.trade.pay": pay,
    "alipay.trade.query": query,
    "alipay.trade.cancel": cancel,
    "alipay.trade.close": close,
    "alipay.trade.refund": refund,
    "alipay.trade.fastpay.refund.query": refund_query,
}


def _named_trade(context: Context) -> Trade:
    out_trade_no, trade_no = context.text("out_trade_no"), context.text("trade_no")
    if not out_trade_no and not trade_no:
        raise BusinessError("INVALID_PARAMETER")
    return context.exchange.find(context.partner, out_trade_no=out_trade_no, trade_no=trade_no)


def _terms(context: Context, buyer_id: str) -> Terms:
    subject, out_trade_no = context.text("subject"), context.text("out_trade_no")
    if not ORDER_NO.fullmatch(out_trade_no) or not 0 < len(subject) <= 256 or any(sign in subject for sign in "/=&"):
        raise BusinessError("INVALID_PARAMETER")
    if any(len(context.text(name)) > longest for name, longest in _LONGEST.items()):
        raise BusinessError("INVALID_PARAMETER")
    seller = context.text("seller_id") or context.partner
    if seller != context.partner:
        raise BusinessError("ACCESS_FORBIDDEN")
    if buyer_id == seller:
        raise BusinessError("BUYER_SELLER_EQUAL")
    return Terms(
        partner=context.partner,
        out_trade_no=out_trade_no,
        seller_id=seller,
        buyer_id=buyer_id,
        currency=YUAN,
        settlement=YUAN,
        total_minor=_total_minor(context),
        subject=subject,
        body=context.text("body"),
        product_code=context.text("product_code") or "FACE_TO_FACE_PAYMENT",
        passback=context.text("passback_params"),
    )


def _total_minor(context: Context) -> int:
    total = read_amount(context.text("total_amount"), YUAN)
    if total > MOST_MINOR:
        raise BusinessError("TOTAL_FEE_EXCEED")
    parts = [context.text(name) for name in ("discountable_amount", "undiscountable_amount")]
    if all(parts) and sum(read_amount(part, YUAN) for part in parts) != total:
        raise BusinessError("INVALID_PARAMETER")
    return total


def _buyer(context: Context) -> str:
    """Who is to pay, by user id or by the address that a listed buyer signs in with."""
    if context.text("buyer_id"):
        return context.text("buyer_id")
    address = context.text("buyer_logon_id")
    listed = context.exchange.settings.buyers if address else ()
    found = next((buyer.buyer_id for buyer in listed if buyer.logon_id == address), "")
    if address and not found:
        raise BusinessError("BUYER_NOT_EXIST")
    return found


def _placing(context: Context, default_life_s: float) -> codes.Placing:
    ask, app = context.admitted.ask, context.admitted.app
    return codes.Placing(
        life_s=_life(context, default_life_s),
        notify_url=read_notify_url(ask.params),
        sign_type=ask.params["sign_type"],
        charset=ask.charset,
        origin=Origin(
            protocol="openapi",
            app_id=app.app_id,
            auth_app_id=app.auth_app_id(context.partner),
            store_id=context.text("store_id"),
            terminal_id=context.text("terminal_id"),
            operator_id=context.text("operator_id"),
        ),
    )


def _life(context: Context, default_s: float) -> float:
    absolute = context.text("time_expire")
    if not absolute:
        return read_life(context.text("timeout_express"), context.now, default_s)
    try:
        life = from_beijing_text(absolute) - context.now
    except ValueError:
        raise BusinessError("INVALID_PARAMETER") from None
    if not 0 < life <= LONGEST_LIFE_S:
        raise BusinessError("NOW_TIME_AFTER_EXPIRE_TIME_ERROR" if life <= 0 else "INVALID_PARAMETER")
    return life


def _ids(trade: Trade) -> Node:
    return {"out_trade_no": trade.terms.out_trade_no, "trade_no": trade.trade_no}


def _buyer_fields(context: Context, trade: Trade) -> Node:
    if not trade.payer_id:
        return {}
    return {"buyer_logon_id": context.exchange.logon_id(trade.payer_id), "buyer_user_id": trade.payer_id}


def _total(trade: Trade) -> str:
    return to_text(trade.terms.total_minor, trade.terms.currency)


def _amounts(trade: Trade) -> dict[str, Any]:
    total = _total(trade)
    return {
        "total_amount": total,
        "receipt_amount": total,
        "buyer_pay_amount": total,
        "point_amount": "0.00",
        "invoice_amount": total,
        "fund_bill_list": [{"fund_channel": "ALIPAYACCOUNT", "amount": total, "real_amount": total}],
    }


def _moment(at: float | None) -> str:
    return "" if at is None else beijing_text(at)

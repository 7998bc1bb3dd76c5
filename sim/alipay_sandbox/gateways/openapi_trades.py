"""The trade calls of the openapi gateway: ``alipay.trade.*``.

Choices where the documents are silent: amounts are yuan; ``product_code`` is not checked against a contract; a seller
other than the merchant is ``ACQ.ACCESS_FORBIDDEN``; closing a closed trade is ``ACQ.REASON_TRADE_STATUS_INVALID``;
cancelling an order that does not exist succeeds without an ``action``. ``buyer_open_id`` is not supported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from sim.alipay_sandbox.gateways.openapi_admission import AdmittedRequest
from sim.alipay_sandbox.gateways.openapi_wire import Node, success
from sim.alipay_sandbox.gateways.orders import LONGEST_LIFE_S, ORDER_NO, read_amount, read_lifetime_s, read_notify_url
from sim.alipay_sandbox.model import codes, refunds
from sim.alipay_sandbox.model.clock import beijing_text, from_beijing_text
from sim.alipay_sandbox.model.exchange import BusinessError, Exchange
from sim.alipay_sandbox.model.trades import OrderOptions, OrderOrigin, OrderTerms, SandboxTrade

YUAN: Final = "CNY"
MAX_TOTAL_MINOR: Final = 100_000_000_00
QR_LIFE_S: Final = 2 * 3600.0
SCAN_LIFE_S: Final = 3 * 3600.0
_AUTH_CODE: Final = re.compile(r"(2[5-9]|30)[0-9]{14,22}", re.ASCII)
_MAX_LENGTH: Final = {"body": 400, "passback_params": 512, "store_id": 32, "terminal_id": 32, "operator_id": 28}


class OpenapiContext(msgspec.Struct, frozen=True):
    """The arguments of every openapi call."""

    exchange: Exchange
    admitted: AdmittedRequest
    now: float
    base_url: str

    def text(self, name: str) -> str:
        """A business field; blank if missing. Raises :class:`BusinessError` if it is not a string."""
        value = self.admitted.biz.get(name)
        if value is not None and not isinstance(value, str):
            raise BusinessError("INVALID_PARAMETER")
        return value or ""

    @property
    def partner(self) -> str:
        return self.admitted.partner


OpenapiCall = Callable[[OpenapiContext], Node]


def create(context: OpenapiContext) -> Node:
    buyer = _buyer(context)
    if not buyer:
        raise BusinessError("INVALID_PARAMETER")
    options = _order_options(context, LONGEST_LIFE_S)
    return success(_ids(context.exchange.create_trade(_terms(context, buyer), options)))


def precreate(context: OpenapiContext) -> Node:
    life = read_lifetime_s(context.text("qr_code_timeout_express"), context.now, QR_LIFE_S)
    made = codes.precreate(context.exchange, _terms(context, ""), _order_options(context, LONGEST_LIFE_S), life)
    return success({"out_trade_no": made.terms.out_trade_no, "qr_code": f"{context.base_url}/qr/{made.code}"})


def pay(context: OpenapiContext) -> Node:
    if context.text("scene") not in ("bar_code", "security_code"):
        raise BusinessError("INVALID_PARAMETER")
    auth_code = context.text("auth_code")
    if not _AUTH_CODE.fullmatch(auth_code):
        raise BusinessError("PAYMENT_AUTH_CODE_INVALID")
    options = _order_options(context, SCAN_LIFE_S)
    trade = codes.pay_by_bar_code(context.exchange, _terms(context, ""), auth_code, options)
    if trade.status == "WAIT_BUYER_PAY":
        fields = _ids(trade) | _buyer_fields(context, trade)
        return success(fields | {"total_amount": trade.terms.total_text}, "10003")
    paid = _amounts(trade) | {"gmt_payment": beijing_text(trade.paid_at)}
    return success(_ids(trade) | _buyer_fields(context, trade) | paid)


def query(context: OpenapiContext) -> Node:
    trade = _named_trade(context)
    origin = trade.opened.origin
    fields = {
        "trade_status": trade.status,
        "total_amount": trade.terms.total_text,
        "send_pay_date": beijing_text(trade.paid_at),
    }
    places = {"store_id": origin.store_id, "terminal_id": origin.terminal_id}
    paid = _amounts(trade) if trade.paid_at is not None else {}
    return success(_ids(trade) | _buyer_fields(context, trade) | fields | paid | places)


def cancel(context: OpenapiContext) -> Node:
    try:
        trade = _named_trade(context)
    except BusinessError as error:
        if error.code != "TRADE_NOT_EXIST":
            raise
        codes.withdraw_qr_code(context.exchange, context.partner, context.text("out_trade_no"))
        return success({"out_trade_no": context.text("out_trade_no"), "retry_flag": "N"})
    action = refunds.cancel(context.exchange, trade)
    return success(_ids(trade) | {"retry_flag": "N", "action": action})


def close(context: OpenapiContext) -> Node:
    trade = _named_trade(context)
    if trade.status == "TRADE_CLOSED":
        raise BusinessError("REASON_TRADE_STATUS_INVALID")
    if trade.status != "WAIT_BUYER_PAY":
        raise BusinessError("TRADE_STATUS_ERROR")
    context.exchange.close_trade(trade)
    return success(_ids(trade))


def refund(context: OpenapiContext) -> Node:
    """``alipay.trade.refund``; ``refund_fee`` is the sum of all refunds so far, ``send_back_fee`` this refund."""
    trade = _named_trade(context)
    done = refunds.refund(
        context.exchange,
        trade,
        read_amount(context.text("refund_amount"), trade.terms.currency),
        context.text("out_request_no"),
        reason=context.text("refund_reason"),
    )
    amount = trade.terms.amount_text(done.made.minor)
    fields = {
        "fund_change": "Y" if done.moved else "N",
        "gmt_refund_pay": beijing_text(done.made.at),
        "refund_fee": trade.terms.amount_text(trade.refunded_minor),
        "send_back_fee": amount,
        "refund_detail_item_list": [{"amount": amount, "fund_channel": "ALIPAYACCOUNT"}],
    }
    return success(_ids(trade) | _buyer_fields(context, trade) | fields)


def refund_query(context: OpenapiContext) -> Node:
    """``alipay.trade.fastpay.refund.query``; an unknown refund gives success without fields."""
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
        "refund_amount": trade.terms.amount_text(made.minor),
        "refund_reason": made.reason,
        "refund_status": "REFUND_SUCCESS",
        "total_amount": trade.terms.total_text,
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


def _named_trade(context: OpenapiContext) -> SandboxTrade:
    out_trade_no, trade_no = context.text("out_trade_no"), context.text("trade_no")
    if not out_trade_no and not trade_no:
        raise BusinessError("INVALID_PARAMETER")
    return context.exchange.find_trade(context.partner, out_trade_no=out_trade_no, trade_no=trade_no)


def _terms(context: OpenapiContext, buyer_id: str) -> OrderTerms:
    subject, out_trade_no = context.text("subject"), context.text("out_trade_no")
    if not ORDER_NO.fullmatch(out_trade_no) or not 0 < len(subject) <= 256 or any(sign in subject for sign in "/=&"):
        raise BusinessError("INVALID_PARAMETER")
    if any(len(context.text(name)) > longest for name, longest in _MAX_LENGTH.items()):
        raise BusinessError("INVALID_PARAMETER")
    seller = context.text("seller_id") or context.partner
    if seller != context.partner:
        raise BusinessError("ACCESS_FORBIDDEN")
    if buyer_id == seller:
        raise BusinessError("BUYER_SELLER_EQUAL")
    return OrderTerms(
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


def _total_minor(context: OpenapiContext) -> int:
    total = read_amount(context.text("total_amount"), YUAN)
    if total > MAX_TOTAL_MINOR:
        raise BusinessError("TOTAL_FEE_EXCEED")
    parts = [context.text(name) for name in ("discountable_amount", "undiscountable_amount")]
    if all(parts) and sum(read_amount(part, YUAN) for part in parts) != total:
        raise BusinessError("INVALID_PARAMETER")
    return total


def _buyer(context: OpenapiContext) -> str:
    """The buyer by user id, or by the sign-in address of a listed buyer."""
    if context.text("buyer_id"):
        return context.text("buyer_id")
    address = context.text("buyer_logon_id")
    listed = context.exchange.settings.buyers if address else ()
    found = next((buyer.buyer_id for buyer in listed if buyer.logon_id == address), "")
    if address and not found:
        raise BusinessError("BUYER_NOT_EXIST")
    return found


def _order_options(context: OpenapiContext, default_life_s: float) -> OrderOptions:
    request, app = context.admitted.request, context.admitted.app
    return OrderOptions(
        life_s=_life(context, default_life_s),
        notify_url=read_notify_url(request.params),
        sign_type=request.params["sign_type"],
        charset=request.charset,
        origin=OrderOrigin(
            protocol="openapi",
            app_id=app.app_id,
            auth_app_id=app.auth_app_id(context.partner),
            store_id=context.text("store_id"),
            terminal_id=context.text("terminal_id"),
            operator_id=context.text("operator_id"),
        ),
    )


def _life(context: OpenapiContext, default_s: float) -> float:
    absolute = context.text("time_expire")
    if not absolute:
        return read_lifetime_s(context.text("timeout_express"), context.now, default_s)
    try:
        life = from_beijing_text(absolute) - context.now
    except ValueError:
        raise BusinessError("INVALID_PARAMETER") from None
    if not 0 < life <= LONGEST_LIFE_S:
        raise BusinessError("NOW_TIME_AFTER_EXPIRE_TIME_ERROR" if life <= 0 else "INVALID_PARAMETER")
    return life


def _ids(trade: SandboxTrade) -> Node:
    return {"out_trade_no": trade.terms.out_trade_no, "trade_no": trade.trade_no}


def _buyer_fields(context: OpenapiContext, trade: SandboxTrade) -> Node:
    if not trade.payer_id:
        return {}
    return {"buyer_logon_id": context.exchange.logon_id(trade.payer_id), "buyer_user_id": trade.payer_id}


def _amounts(trade: SandboxTrade) -> dict[str, Any]:
    total = trade.terms.total_text
    return {
        "total_amount": total,
        "receipt_amount": total,
        "buyer_pay_amount": total,
        "point_amount": "0.00",
        "invoice_amount": total,
        "fund_bill_list": [{"fund_channel": "ALIPAYACCOUNT", "amount": total, "real_amount": total}],
    }

"""The trade calls of the mapi gateway: ``alipay.acquire.*`` of the mainland, and ``single_trade_query``.

Field names and codes are those of Antom's documents (``global/acquire_create``, ``acquire_query``, ``acquire_cancel``,
``acquire_refund``). Choices where they are silent: closing a trade that was closed unpaid succeeds, closing a paid one
is ``REASON_ILLEGAL_STATUS``; ``refund_fee`` is the sum of all refunds so far, as at the openapi gateway; cancelling an
order that does not exist is ``TRADE_NOT_EXIST`` with ``retry_flag=N``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from sim.alipay_sandbox.gateways.mapi_wire import MapiError
from sim.alipay_sandbox.gateways.orders import (
    LONGEST_LIFE_S,
    read_amount,
    read_lifetime_s,
    read_notify_url,
    read_terms,
    require,
)
from sim.alipay_sandbox.gateways.request import RequestParameters
from sim.alipay_sandbox.model import codes, refunds
from sim.alipay_sandbox.model.clock import beijing_text
from sim.alipay_sandbox.model.error_texts import ERROR_TEXTS
from sim.alipay_sandbox.model.exchange import BusinessError, Exchange
from sim.alipay_sandbox.model.trades import OrderOptions, SandboxTrade

QR_LIFE_S: Final = 2 * 3600.0
SCAN_LIFE_S: Final = 3 * 3600.0
CREATE_AND_PAY: Final = "alipay.acquire.createandpay"

Fields = dict[str, str]


class MapiContext(msgspec.Struct, frozen=True):
    """The arguments of every mapi call."""

    exchange: Exchange
    request: RequestParameters
    now: float
    base_url: str
    """Base address of the sandbox for browsers."""

    @property
    def params(self) -> dict[str, str]:
        return self.request.params


MapiCall = Callable[[MapiContext], Fields]


def business_failure(service: str, code: str) -> Fields:
    result = "ORDER_FAIL" if service == CREATE_AND_PAY else "FAIL"
    if service.startswith("alipay.acquire.overseas.spot."):
        result = "FAILED"
    fields = {"result_code": result, "detail_error_code": code, "detail_error_des": ERROR_TEXTS.get(code, code)}
    return fields | ({"retry_flag": "N"} if service == "alipay.acquire.cancel" else {})


def unknown_outcome(service: str) -> Fields:
    # "UNKNOW" is the spelling of the overseas documents.
    result = "UNKNOW" if service.startswith("alipay.acquire.overseas.") else "UNKNOWN"
    if service == "alipay.acquire.query":
        result = "PROCESS_EXCEPTION"
    text = ERROR_TEXTS["SYSTEM_ERROR"]
    fields = {"result_code": result, "detail_error_code": "SYSTEM_ERROR", "detail_error_des": text}
    return fields | ({"retry_flag": "Y"} if service == "alipay.acquire.cancel" else {})


def _success(trade: SandboxTrade) -> Fields:
    return {"result_code": "SUCCESS", "trade_no": trade.trade_no, "out_trade_no": trade.terms.out_trade_no}


def create(context: MapiContext) -> Fields:
    terms = read_terms(context.params, buyer_named=True)
    trade = context.exchange.create_trade(terms, order_options(context, LONGEST_LIFE_S))
    return _success(trade)


def order_options(context: MapiContext, default_life_s: float) -> OrderOptions:
    """The options of a request's order. Raises :class:`BusinessError`."""
    return OrderOptions(
        life_s=read_lifetime_s(context.params.get("it_b_pay", ""), context.now, default_life_s),
        notify_url=read_notify_url(context.params),
        sign_type=context.params["sign_type"],
        charset=context.request.charset,
    )


def precreate(context: MapiContext) -> Fields:
    """A QR code; the trade opens when a buyer scans it."""
    terms = read_terms(context.params, buyer_named=False)
    life_s = read_lifetime_s(context.params.get("qr_code_it_b_pay", ""), context.now, QR_LIFE_S)
    made = codes.precreate(context.exchange, terms, order_options(context, LONGEST_LIFE_S), life_s)
    url = f"{context.base_url}/qr/{made.code}"
    return {
        "result_code": "SUCCESS",
        "out_trade_no": terms.out_trade_no,
        "voucher_type": "qrcode",
        "qr_code": url,
        "pic_url": f"{url}.svg?picSize=M",
        "big_pic_url": f"{url}.svg?picSize=L",
        "small_pic_url": f"{url}.svg?picSize=S",
    }


def create_and_pay(context: MapiContext) -> Fields:
    """Pay by a buyer's bar code. Agreements and other codes are not implemented."""
    require(context.params, "dynamic_id_type", "dynamic_id")
    if context.params["dynamic_id_type"] not in ("bar_code", "qr_code"):
        raise BusinessError("INVALID_PARAMETER")
    terms = msgspec.structs.replace(read_terms(context.params, buyer_named=False), buyer_id="")
    options = order_options(context, SCAN_LIFE_S)
    trade = codes.pay_by_bar_code(context.exchange, terms, context.params["dynamic_id"], options)
    waits = trade.status == "WAIT_BUYER_PAY"
    fields = {
        "result_code": "ORDER_SUCCESS_PAY_INPROCESS" if waits else "ORDER_SUCCESS_PAY_SUCCESS",
        "total_fee": terms.total_text,
        "gmt_payment": beijing_text(trade.paid_at),
    }
    return _success(trade) | _buyer_fields(context.exchange, trade) | fields


def query(context: MapiContext) -> Fields:
    trade = find_named_trade(context)
    fields = {
        "partner": trade.terms.partner,
        "trade_status": trade.status,
        "total_fee": trade.terms.total_text,
        "send_pay_date": beijing_text(trade.paid_at),
    }
    return _success(trade) | _buyer_fields(context.exchange, trade) | fields


def _buyer_fields(exchange: Exchange, trade: SandboxTrade) -> Fields:
    if not trade.payer_id:
        return {}
    return {"buyer_user_id": trade.payer_id, "buyer_logon_id": exchange.logon_id(trade.payer_id)}


def close(context: MapiContext) -> Fields:
    trade = find_named_trade(context)
    context.exchange.close_trade(trade)
    return _success(trade)


def cancel(context: MapiContext) -> Fields:
    try:
        trade = find_named_trade(context)
    except BusinessError:
        params = context.params
        codes.withdraw_qr_code(context.exchange, params["partner"], params.get("out_trade_no", ""))
        raise
    action = refunds.cancel(context.exchange, trade)
    return _success(trade) | {"retry_flag": "N", "action": action}


def refund(context: MapiContext) -> Fields:
    params = context.params
    require(params, "refund_amount")
    trade = find_named_trade(context)
    currency = trade.terms.currency
    if params.get("trans_currency", currency) not in (currency, ""):
        raise BusinessError("INVALID_PARAMETER")
    done = refunds.refund(
        context.exchange,
        trade,
        read_amount(params["refund_amount"], currency),
        params.get("out_request_no", ""),
        notify_url=read_notify_url(params),
        reason=params.get("refund_reason", ""),
    )
    fields = {
        "fund_change": "Y" if done.moved else "N",
        "refund_fee": trade.terms.amount_text(trade.refunded_minor),
        "gmt_refund_pay": beijing_text(done.made.at),
    }
    return _success(trade) | _buyer_fields(context.exchange, trade) | fields


def single_trade_query(context: MapiContext) -> Fields:
    """``single_trade_query`` of the web products; its refusals are the gateway's own, unsigned."""
    try:
        trade = find_named_trade(context)
    except BusinessError as error:
        raise MapiError(error.code) from error
    terms = trade.terms
    return {
        "trade_no": trade.trade_no,
        "out_trade_no": terms.out_trade_no,
        "trade_status": trade.status,
        "subject": terms.subject,
        "body": terms.body,
        "price": terms.total_text,
        "quantity": "1",
        "total_fee": terms.total_text,
        "seller_id": terms.seller_id,
        "buyer_id": trade.payer_id,
        "buyer_email": context.exchange.logon_id(trade.payer_id) if trade.payer_id else "",
        "gmt_create": beijing_text(trade.opened.at),
        "gmt_payment": beijing_text(trade.paid_at),
        "gmt_close": beijing_text(trade.closed_at),
    }


TRADE_CALLS: Final[Mapping[str, MapiCall]] = {
    "alipay.acquire.create": create,
    "alipay.acquire.precreate": precreate,
    CREATE_AND_PAY: create_and_pay,
    "alipay.acquire.query": query,
    "alipay.acquire.close": close,
    "alipay.acquire.cancel": cancel,
    "alipay.acquire.refund": refund,
    "single_trade_query": single_trade_query,
}
NODES: Final = {"single_trade_query": "trade"}
"""The element under ``<response>`` where it is not ``alipay``."""


def find_named_trade(
    context: MapiContext, order_field: str = "out_trade_no", trade_field: str = "trade_no"
) -> SandboxTrade:
    """The trade that the request names by its own or by Alipay's number.

    Raises :class:`BusinessError`, and :class:`MapiError` if the request names none.
    """
    out_trade_no, trade_no = context.params.get(order_field, ""), context.params.get(trade_field, "")
    if not out_trade_no and not trade_no:
        raise MapiError("ILLEGAL_ARGUMENT")
    return context.exchange.find_trade(context.params["partner"], out_trade_no=out_trade_no, trade_no=trade_no)

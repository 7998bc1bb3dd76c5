"""The services of the mapi gateway: ``alipay.acquire.*`` of the mainland, and ``single_trade_query``.

Field names and codes are those of Antom's documents (``global/acquire_create``, ``acquire_query``, ``acquire_cancel``,
``acquire_refund``). Where they are silent: closing what was closed unpaid succeeds, closing what is paid is
``REASON_ILLEGAL_STATUS``; ``refund_fee`` is all that was refunded so far, as at the openapi gateway; cancelling an
order that does not exist is ``TRADE_NOT_EXIST`` with ``retry_flag=N``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from sim.alipay_sandbox.gateways.mapi_wire import Call, WireError
from sim.alipay_sandbox.gateways.orders import (
    LONGEST_LIFE_S,
    need,
    read_amount,
    read_life,
    read_notify_url,
    read_terms,
)
from sim.alipay_sandbox.model import codes, refunds
from sim.alipay_sandbox.model.books import to_text
from sim.alipay_sandbox.model.clock import beijing_text
from sim.alipay_sandbox.model.error_texts import MEANINGS
from sim.alipay_sandbox.model.exchange import BusinessError, Exchange
from sim.alipay_sandbox.model.trades import Origin, Trade

QR_LIFE_S: Final = 2 * 3600.0
SCAN_LIFE_S: Final = 3 * 3600.0
CREATE_AND_PAY: Final = "alipay.acquire.createandpay"

Fields = dict[str, str]


class Desk(msgspec.Struct, frozen=True):
    """What a service works with beside the call."""

    exchange: Exchange
    now: float
    base_url: str
    """How browsers reach the sandbox."""


Service = Callable[[Desk, Call], Fields]


def failed(service: str, code: str) -> Fields:
    """The signed fields of a business failure."""
    result = {CREATE_AND_PAY: "ORDER_FAIL"}.get(service, "FAIL")
    if service.startswith("alipay.acquire.overseas.spot."):
        result = "FAILED"
    fields = {"result_code": result, "detail_error_code": code, "detail_error_des": MEANINGS.get(code, code)}
    return fields | ({"retry_flag": "N"} if service == "alipay.acquire.cancel" else {})


def unclear(service: str) -> Fields:
    """The signed fields of a call whose outcome Alipay does not tell."""
    result = {"alipay.acquire.query": "PROCESS_EXCEPTION"}.get(service)
    if result is None:
        # "UNKNOW" is how the overseas pages spell it.
        result = "UNKNOW" if service.startswith("alipay.acquire.overseas.") else "UNKNOWN"
    fields = {"result_code": result, "detail_error_code": "SYSTEM_ERROR", "detail_error_des": MEANINGS["SYSTEM_ERROR"]}
    return fields | ({"retry_flag": "Y"} if service == "alipay.acquire.cancel" else {})


def create(desk: Desk, call: Call) -> Fields:
    """``alipay.acquire.create``: open a trade that waits for its buyer."""
    terms = read_terms(call.params, buyer_named=True)
    trade = desk.exchange.create(
        terms,
        expires_at=desk.now + read_life(call.params.get("it_b_pay", ""), desk.now, LONGEST_LIFE_S),
        notify_url=read_notify_url(call.params),
        sign_type=call.params["sign_type"],
        charset=call.charset,
    )
    return {"result_code": "SUCCESS", "out_trade_no": terms.out_trade_no, "trade_no": trade.trade_no}


def placing(desk: Desk, call: Call, default_life_s: float) -> codes.Placing:
    """How the order of a call is to be kept."""
    return codes.Placing(
        life_s=read_life(call.params.get("it_b_pay", ""), desk.now, default_life_s),
        notify_url=read_notify_url(call.params),
        sign_type=call.params["sign_type"],
        charset=call.charset,
        origin=Origin(),
    )


def precreate(desk: Desk, call: Call) -> Fields:
    """``alipay.acquire.precreate``: a code to be scanned; no trade before that."""
    terms = read_terms(call.params, buyer_named=False)
    life = read_life(call.params.get("qr_code_it_b_pay", ""), desk.now, QR_LIFE_S)
    made = codes.precreate(desk.exchange, terms, placing(desk, call, LONGEST_LIFE_S), life)
    url = f"{desk.base_url}/qr/{made.code}"
    return {
        "result_code": "SUCCESS",
        "out_trade_no": terms.out_trade_no,
        "voucher_type": "qrcode",
        "qr_code": url,
        "pic_url": f"{url}.svg?picSize=M",
        "big_pic_url": f"{url}.svg?picSize=L",
        "small_pic_url": f"{url}.svg?picSize=S",
    }


def create_and_pay(desk: Desk, call: Call) -> Fields:
    """``alipay.acquire.createandpay``: a buyer's code was scanned. Agreements and other codes are not played."""
    need(call.params, "dynamic_id_type", "dynamic_id")
    if call.params["dynamic_id_type"] not in ("bar_code", "qr_code"):
        raise BusinessError("INVALID_PARAMETER")
    terms = msgspec.structs.replace(read_terms(call.params, buyer_named=False), buyer_id="")
    kept = placing(desk, call, SCAN_LIFE_S)
    trade = codes.pay_by_code(desk.exchange, terms, call.params["dynamic_id"], kept)
    waits = trade.status == "WAIT_BUYER_PAY"
    return {
        "result_code": "ORDER_SUCCESS_PAY_INPROCESS" if waits else "ORDER_SUCCESS_PAY_SUCCESS",
        "trade_no": trade.trade_no,
        "out_trade_no": terms.out_trade_no,
        "total_fee": to_text(terms.total_minor, terms.currency),
        "gmt_payment": "" if trade.paid_at is None else beijing_text(trade.paid_at),
    } | buyer_fields(desk.exchange, trade)


def query(desk: Desk, call: Call) -> Fields:
    """``alipay.acquire.query``: where a trade stands."""
    trade = _named_trade(desk.exchange, call.params)
    return {
        "result_code": "SUCCESS",
        "partner": trade.terms.partner,
        "trade_no": trade.trade_no,
        "out_trade_no": trade.terms.out_trade_no,
        "trade_status": trade.status,
        "total_fee": to_text(trade.terms.total_minor, trade.terms.currency),
        "send_pay_date": "" if trade.paid_at is None else beijing_text(trade.paid_at),
    } | buyer_fields(desk.exchange, trade)


def buyer_fields(exchange: Exchange, trade: Trade) -> Fields:
    """Who pays, where that is known."""
    if not trade.payer_id:
        return {}
    return {"buyer_user_id": trade.payer_id, "buyer_logon_id": exchange.logon_id(trade.payer_id)}


def close(desk: Desk, call: Call) -> Fields:
    """``alipay.acquire.close``: end an unpaid trade."""
    trade = _named_trade(desk.exchange, call.params)
    desk.exchange.close(trade)
    return {"result_code": "SUCCESS", "trade_no": trade.trade_no, "out_trade_no": trade.terms.out_trade_no}


def cancel(desk: Desk, call: Call) -> Fields:
    """``alipay.acquire.cancel``: end an unpaid trade, or give the money of a paid one back."""
    partner, out_trade_no = call.params["partner"], call.params.get("out_trade_no", "")
    try:
        trade = _named_trade(desk.exchange, call.params)
    except BusinessError:
        codes.withdraw(desk.exchange, partner, out_trade_no)
        raise
    action = refunds.cancel(desk.exchange, trade)
    return {
        "result_code": "SUCCESS",
        "trade_no": trade.trade_no,
        "out_trade_no": trade.terms.out_trade_no,
        "retry_flag": "N",
        "action": action,
    }


def refund(desk: Desk, call: Call) -> Fields:
    """``alipay.acquire.refund``: give money back, in part or whole."""
    need(call.params, "refund_amount")
    trade = _named_trade(desk.exchange, call.params)
    currency = trade.terms.currency
    if call.params.get("trans_currency", currency) not in (currency, ""):
        raise BusinessError("INVALID_PARAMETER")
    done = refunds.refund(
        desk.exchange,
        trade,
        read_amount(call.params["refund_amount"], currency),
        call.params.get("out_request_no", ""),
        notify_url=read_notify_url(call.params),
        reason=call.params.get("refund_reason", ""),
    )
    return {
        "result_code": "SUCCESS",
        "trade_no": trade.trade_no,
        "out_trade_no": trade.terms.out_trade_no,
        "fund_change": "Y" if done.moved else "N",
        "refund_fee": to_text(trade.refunded_minor, currency),
        "gmt_refund_pay": beijing_text(done.made.at),
    } | buyer_fields(desk.exchange, trade)


def single_trade_query(desk: Desk, call: Call) -> Fields:
    """``single_trade_query`` of the web products; its refusals are the gateway's own, unsigned."""
    try:
        trade = _named_trade(desk.exchange, call.params)
    except BusinessError as error:
        raise WireError(error.code) from error
    terms, total = trade.terms, to_text(trade.terms.total_minor, trade.terms.currency)
    return {
        "trade_no": trade.trade_no,
        "out_trade_no": terms.out_trade_no,
        "trade_status": trade.status,
        "subject": terms.subject,
        "body": terms.body,
        "price": total,
        "quantity": "1",
        "total_fee": total,
        "seller_id": terms.seller_id,
        "buyer_id": trade.payer_id,
        "buyer_email": desk.exchange.logon_id(trade.payer_id) if trade.payer_id else "",
        "gmt_create": beijing_text(trade.opened.at),
        "gmt_payment": "" if trade.paid_at is None else beijing_text(trade.paid_at),
        "gmt_close": "" if trade.closed_at is None else beijing_text(trade.closed_at),
    }


SERVICES: Final[Mapping[str, Service]] = {
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
"""The element under ``<response>``, where it is not ``alipay``."""


def _named_trade(exchange: Exchange, params: Mapping[str, str]) -> Trade:
    out_trade_no, trade_no = params.get("out_trade_no", ""), params.get("trade_no", "")
    if not out_trade_no and not trade_no:
        raise WireError("ILLEGAL_ARGUMENT")
    return exchange.find(params["partner"], out_trade_no=out_trade_no, trade_no=trade_no)

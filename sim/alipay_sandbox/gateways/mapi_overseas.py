"""The cross-border services of the mapi gateway: ``alipay.acquire.overseas.spot.pay``, ``.spot.refund`` and ``.query``.

Request fields are those of Antom's documents; the answers of ``spot.pay`` and ``spot.refund`` are put together from
published samples. Where both are silent: a payment that waits for a password is ``UNKNOW``, and its trade lives three
hours; a refund is made at once, whatever ``is_sync`` says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from sim.alipay_sandbox.gateways.mapi_trades import SCAN_LIFE_S, Desk, Fields, Service, placing
from sim.alipay_sandbox.gateways.mapi_wire import Call, WireError
from sim.alipay_sandbox.gateways.orders import ORDER_NO, OVERSEAS, check_secondary_merchant, need, read_amount
from sim.alipay_sandbox.model import codes, refunds
from sim.alipay_sandbox.model.books import CURRENCIES, to_text
from sim.alipay_sandbox.model.clock import beijing_compact
from sim.alipay_sandbox.model.exchange import BusinessError, Exchange
from sim.alipay_sandbox.model.trades import Terms, Trade

_BAR_CODE: Final = re.compile(r"28[0-9]{14,22}", re.ASCII)
_MOMENT: Final = re.compile(r"[0-9]{14}", re.ASCII)


def pay(desk: Desk, call: Call) -> Fields:
    """``alipay.acquire.overseas.spot.pay``: a buyer's code was scanned."""
    params = call.params
    terms = _terms(params)
    if params.get("identity_code_type", "barcode") != "barcode":
        raise BusinessError("INVALID_PARAMETER")
    if not _BAR_CODE.fullmatch(params["buyer_identity_code"]):
        raise BusinessError("PAYMENT_AUTH_CODE_INVALID")
    kept = placing(desk, call, SCAN_LIFE_S)
    trade = codes.pay_by_code(desk.exchange, terms, params["buyer_identity_code"], kept)
    waits = {"result_code": "UNKNOW"} if trade.status == "WAIT_BUYER_PAY" else {}
    return {"result_code": "SUCCESS"} | _fields(desk.exchange, trade) | waits


def _terms(params: Mapping[str, str]) -> Terms:
    need(params, "partner_trans_id", "buyer_identity_code", "trans_name", "trans_amount", "currency", "biz_product")
    currency = params["currency"]
    if params["biz_product"] not in OVERSEAS:
        raise BusinessError("UN_SUPPORT_BIZ_TYPE")
    well_formed = (
        ORDER_NO.fullmatch(params["partner_trans_id"])
        and currency in CURRENCIES
        and len(params["trans_name"]) <= 256
        and _MOMENT.fullmatch(params.get("trans_create_time") or "0" * 14)
    )
    if not well_formed:
        raise BusinessError("INVALID_PARAMETER")
    check_secondary_merchant(params.get("extend_info", ""))
    return Terms(
        partner=params["partner"],
        out_trade_no=params["partner_trans_id"],
        seller_id=params["partner"],
        buyer_id="",
        currency=currency,
        settlement=currency,
        total_minor=read_amount(params["trans_amount"], currency),
        subject=params["trans_name"],
        product_code=params["biz_product"],
    )


def query(desk: Desk, call: Call) -> Fields:
    """``alipay.acquire.overseas.query``."""
    trade = _named_trade(desk.exchange, call.params)
    more = {
        "alipay_trans_status": trade.status,
        "out_trade_no": trade.terms.out_trade_no,
        "payment_inst": "ALIPAYCN" if trade.paid_at is not None else "",
    }
    return {"result_code": "SUCCESS"} | _fields(desk.exchange, trade) | more


def refund(desk: Desk, call: Call) -> Fields:
    """``alipay.acquire.overseas.spot.refund``."""
    params = call.params
    need(params, "partner_trans_id", "partner_refund_id", "refund_amount", "currency")
    if params["partner_refund_id"] == params["partner_trans_id"] or not ORDER_NO.fullmatch(params["partner_refund_id"]):
        raise BusinessError("INVALID_PARAMETER")
    trade = _named_trade(desk.exchange, params)
    if params["currency"] != trade.terms.currency:
        raise BusinessError("INVALID_PARAMETER")
    refunds.refund(
        desk.exchange,
        trade,
        read_amount(params["refund_amount"], trade.terms.currency),
        params["partner_refund_id"],
        reason=params.get("refund_reason") or params.get("refund_reson", ""),
    )
    return {
        "result_code": "SUCCESS",
        "alipay_trans_id": trade.trade_no,
        "partner_trans_id": trade.terms.out_trade_no,
        "partner_refund_id": params["partner_refund_id"],
        "refund_amount": params["refund_amount"],
        "currency": trade.terms.currency,
    }


def _named_trade(exchange: Exchange, params: Mapping[str, str]) -> Trade:
    out_trade_no, trade_no = params.get("partner_trans_id", ""), params.get("alipay_trans_id", "")
    if not out_trade_no and not trade_no:
        raise WireError("ILLEGAL_ARGUMENT")
    return exchange.find(params["partner"], out_trade_no=out_trade_no, trade_no=trade_no)


def _fields(exchange: Exchange, trade: Trade) -> Fields:
    terms = trade.terms
    fields = {
        "alipay_trans_id": trade.trade_no,
        "partner_trans_id": terms.out_trade_no,
        "trans_amount": to_text(terms.total_minor, terms.currency),
        "currency": terms.currency,
        "alipay_pay_time": "" if trade.paid_at is None else beijing_compact(trade.paid_at),
    }
    if trade.payer_id:
        fields |= {
            "alipay_buyer_user_id": trade.payer_id,
            "alipay_buyer_login_id": exchange.logon_id(trade.payer_id),
        }
    return fields


OVERSEAS_SERVICES: Final[Mapping[str, Service]] = {
    "alipay.acquire.overseas.spot.pay": pay,
    "alipay.acquire.overseas.spot.refund": refund,
    "alipay.acquire.overseas.query": query,
}

"""The cross-border calls of the mapi gateway: ``alipay.acquire.overseas.spot.pay``, ``.spot.refund`` and ``.query``.

Request fields are those of Antom's documents; the responses of ``spot.pay`` and ``spot.refund`` are derived from
published samples. Choices where both are silent: a payment that waits for a password is ``UNKNOW`` and its trade lives
three hours; a refund is made at once, regardless of ``is_sync``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from sim.alipay_sandbox.gateways.mapi_trades import (
    SCAN_LIFE_S,
    Fields,
    MapiCall,
    MapiContext,
    find_named_trade,
    order_options,
)
from sim.alipay_sandbox.gateways.orders import ORDER_NO, OVERSEAS, check_secondary_merchant, read_amount, require
from sim.alipay_sandbox.model import codes, refunds
from sim.alipay_sandbox.model.books import CURRENCIES
from sim.alipay_sandbox.model.clock import beijing_compact
from sim.alipay_sandbox.model.exchange import BusinessError, Exchange
from sim.alipay_sandbox.model.trades import OrderTerms, SandboxTrade

_BAR_CODE: Final = re.compile(r"28[0-9]{14,22}", re.ASCII)
_COMPACT_TIME: Final = re.compile(r"[0-9]{14}", re.ASCII)


def pay(context: MapiContext) -> Fields:
    params = context.params
    terms = _read_terms(params)
    if params.get("identity_code_type", "barcode") != "barcode":
        raise BusinessError("INVALID_PARAMETER")
    if not _BAR_CODE.fullmatch(params["buyer_identity_code"]):
        raise BusinessError("PAYMENT_AUTH_CODE_INVALID")
    options = order_options(context, SCAN_LIFE_S)
    trade = codes.pay_by_bar_code(context.exchange, terms, params["buyer_identity_code"], options)
    result = "UNKNOW" if trade.status == "WAIT_BUYER_PAY" else "SUCCESS"
    return _trade_fields(context.exchange, trade) | {"result_code": result}


def _read_terms(params: Mapping[str, str]) -> OrderTerms:
    require(params, "partner_trans_id", "buyer_identity_code", "trans_name", "trans_amount", "currency", "biz_product")
    currency = params["currency"]
    if params["biz_product"] not in OVERSEAS:
        raise BusinessError("UN_SUPPORT_BIZ_TYPE")
    well_formed = (
        ORDER_NO.fullmatch(params["partner_trans_id"])
        and currency in CURRENCIES
        and len(params["trans_name"]) <= 256
        and _COMPACT_TIME.fullmatch(params.get("trans_create_time") or "0" * 14)
    )
    if not well_formed:
        raise BusinessError("INVALID_PARAMETER")
    check_secondary_merchant(params.get("extend_info", ""))
    return OrderTerms(
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


def query(context: MapiContext) -> Fields:
    trade = _find_trade(context)
    return _trade_fields(context.exchange, trade) | {
        "result_code": "SUCCESS",
        "alipay_trans_status": trade.status,
        "out_trade_no": trade.terms.out_trade_no,
        "payment_inst": "ALIPAYCN" if trade.paid_at is not None else "",
    }


def refund(context: MapiContext) -> Fields:
    params = context.params
    require(params, "partner_trans_id", "partner_refund_id", "refund_amount", "currency")
    if params["partner_refund_id"] == params["partner_trans_id"] or not ORDER_NO.fullmatch(params["partner_refund_id"]):
        raise BusinessError("INVALID_PARAMETER")
    trade = _find_trade(context)
    if params["currency"] != trade.terms.currency:
        raise BusinessError("INVALID_PARAMETER")
    refunds.refund(
        context.exchange,
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


def _find_trade(context: MapiContext) -> SandboxTrade:
    return find_named_trade(context, "partner_trans_id", "alipay_trans_id")


def _trade_fields(exchange: Exchange, trade: SandboxTrade) -> Fields:
    terms = trade.terms
    fields = {
        "alipay_trans_id": trade.trade_no,
        "partner_trans_id": terms.out_trade_no,
        "trans_amount": terms.total_text,
        "currency": terms.currency,
        "alipay_pay_time": "" if trade.paid_at is None else beijing_compact(trade.paid_at),
    }
    if trade.payer_id:
        fields["alipay_buyer_user_id"] = trade.payer_id
        fields["alipay_buyer_login_id"] = exchange.logon_id(trade.payer_id)
    return fields


OVERSEAS_CALLS: Final[Mapping[str, MapiCall]] = {
    "alipay.acquire.overseas.spot.pay": pay,
    "alipay.acquire.overseas.spot.refund": refund,
    "alipay.acquire.overseas.query": query,
}

"""The services of the mapi gateway: ``alipay.acquire.create``, ``.query``, ``.close`` and ``single_trade_query``.

Field names, limits and codes are those of Antom's documents (``global/acquire_create``, ``acquire_query``). Where
they are silent: a mandatory field that is missing is the gateway's ``ILLEGAL_ARGUMENT`` and one that is malformed the
business ``INVALID_PARAMETER``; an unpaid trade without ``it_b_pay`` lives 15 days; closing what was closed unpaid
succeeds, closing what is paid is ``REASON_ILLEGAL_STATUS``; a seller other than the partner is ``ACCESS_FORBIDDEN``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from sim.alipay_sandbox.books import CURRENCIES, to_minor, to_text
from sim.alipay_sandbox.clock import beijing_text, end_of_beijing_day
from sim.alipay_sandbox.exchange import BusinessError, Exchange, is_user_id
from sim.alipay_sandbox.trades import Terms, Trade
from sim.alipay_sandbox.wire import Call, WireError

OVERSEAS: Final = frozenset({"OVERSEAS_MBARCODE_PAY"})
PRODUCTS: Final = OVERSEAS | {
    "QR_CODE_OFFLINE",
    "BARCODE_PAY_OFFLINE",
    "SOUNDWAVE_PAY_OFFLINE",
    "MEMBER_CARD_QR_OFFLINE",
    "FUND_TRADE_FAST_PAY",
    "FINGERPRINT_FAST_PAY",
}
_ORDER_NO: Final = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)
_LIFE: Final = re.compile(r"([1-9][0-9]{0,5})([mhd])", re.ASCII)
_UNIT_S: Final = {"m": 60.0, "h": 3600.0, "d": 86400.0}
LONGEST_LIFE_S: Final = 15 * 86400.0
MEANINGS: Final = {
    "TRADE_NOT_EXIST": "交易不存在",
    "TRADE_HAS_SUCCESS": "交易已经支付",
    "TRADE_HAS_CLOSE": "交易已经关闭",
    "TRADE_BUYER_NOT_MATCH": "交易买家不匹配",
    "CONTEXT_INCONSISTENT": "交易信息被篡改",
    "REASON_ILLEGAL_STATUS": "交易状态不合法",
    "BUYER_NOT_EXIST": "买家不存在",
    "BUYER_ENABLE_STATUS_FORBID": "买家状态非法",
    "BUYER_SELLER_EQUAL": "买卖家不能相同",
    "SELLER_NOT_EXIST": "卖家不存在",
    "ACCESS_FORBIDDEN": "无权限使用接口",
    "UN_SUPPORT_BIZ_TYPE": "不支持的业务类型",
    "INVALID_PARAMETER": "参数无效",
}

Fields = dict[str, str]
Service = Callable[[Exchange, Call, float], Fields]


def failed(code: str) -> Fields:
    """The signed fields of a business failure."""
    return {"result_code": "FAIL", "detail_error_code": code, "detail_error_des": MEANINGS.get(code, code)}


def create(exchange: Exchange, call: Call, now: float) -> Fields:
    """``alipay.acquire.create``: open a trade that waits for its buyer."""
    _need(call.params, "out_trade_no", "subject", "product_code", "total_fee")
    terms = _terms(call.params)
    notify_url = call.params.get("notify_url", "")
    if notify_url and not (notify_url.startswith(("http://", "https://")) and len(notify_url) <= 200):
        raise BusinessError("INVALID_PARAMETER")
    trade = exchange.create(
        terms,
        expires_at=_expiry(call.params.get("it_b_pay", ""), now),
        notify_url=notify_url,
        sign_type=call.params["sign_type"],
        charset=call.charset,
    )
    return {"result_code": "SUCCESS", "out_trade_no": terms.out_trade_no, "trade_no": trade.trade_no}


def query(exchange: Exchange, call: Call, now: float) -> Fields:  # noqa: ARG001 - every service has this shape
    """``alipay.acquire.query``: where a trade stands."""
    trade = _named_trade(exchange, call.params)
    return {
        "result_code": "SUCCESS",
        "partner": trade.terms.partner,
        "trade_no": trade.trade_no,
        "out_trade_no": trade.terms.out_trade_no,
        "trade_status": trade.status,
        "total_fee": to_text(trade.terms.total_minor, trade.terms.currency),
        "buyer_user_id": trade.payer_id,
        "buyer_logon_id": exchange.logon_id(trade.payer_id) if trade.payer_id else "",
        "send_pay_date": "" if trade.paid_at is None else beijing_text(trade.paid_at),
    }


def close(exchange: Exchange, call: Call, now: float) -> Fields:  # noqa: ARG001 - every service has this shape
    """``alipay.acquire.close``: end an unpaid trade."""
    trade = _named_trade(exchange, call.params)
    exchange.close(trade)
    return {"result_code": "SUCCESS", "trade_no": trade.trade_no, "out_trade_no": trade.terms.out_trade_no}


def single_trade_query(exchange: Exchange, call: Call, now: float) -> Fields:  # noqa: ARG001
    """``single_trade_query`` of the web products; its refusals are the gateway's own, unsigned."""
    try:
        trade = _named_trade(exchange, call.params)
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
        "buyer_email": exchange.logon_id(trade.payer_id) if trade.payer_id else "",
        "gmt_create": beijing_text(trade.opened.at),
        "gmt_payment": "" if trade.paid_at is None else beijing_text(trade.paid_at),
        "gmt_close": "" if trade.closed_at is None else beijing_text(trade.closed_at),
    }


SERVICES: Final[Mapping[str, Service]] = {
    "alipay.acquire.create": create,
    "alipay.acquire.query": query,
    "alipay.acquire.close": close,
    "single_trade_query": single_trade_query,
}
NODES: Final = {"single_trade_query": "trade"}
"""The element under ``<response>``, where it is not ``alipay``."""


def _need(params: Mapping[str, str], *names: str) -> None:
    if any(not params.get(name) for name in names):
        raise WireError("ILLEGAL_ARGUMENT")


def _named_trade(exchange: Exchange, params: Mapping[str, str]) -> Trade:
    out_trade_no, trade_no = params.get("out_trade_no", ""), params.get("trade_no", "")
    if not out_trade_no and not trade_no:
        raise WireError("ILLEGAL_ARGUMENT")
    return exchange.find(params["partner"], out_trade_no=out_trade_no, trade_no=trade_no)


def _terms(params: Mapping[str, str]) -> Terms:
    """Read and check an order. Raises :class:`BusinessError`."""
    _check_texts(params)
    overseas = params["product_code"] in OVERSEAS
    currency, settlement = _currencies(params, overseas=overseas)
    total = _amount(params["total_fee"], currency)
    _check_price(params, total, currency)
    if overseas:
        _check_secondary_merchant(params.get("extend_params", ""))
    return Terms(
        partner=params["partner"],
        out_trade_no=params["out_trade_no"],
        seller_id=_seller(params),
        buyer_id=_buyer(params, needed=overseas),
        currency=currency,
        settlement=settlement,
        total_minor=total,
        subject=params["subject"],
        body=params.get("body", ""),
        product_code=params["product_code"],
        passback=params.get("passback_parameters", ""),
    )


def _check_texts(params: Mapping[str, str]) -> None:
    if not _ORDER_NO.fullmatch(params["out_trade_no"]):
        raise BusinessError("INVALID_PARAMETER")
    for name, longest in (("subject", 256), ("body", 400), ("passback_parameters", 256)):
        if len(params.get(name, "")) > longest:
            raise BusinessError("INVALID_PARAMETER")
    if params["product_code"] not in PRODUCTS:
        raise BusinessError("UN_SUPPORT_BIZ_TYPE")


def _currencies(params: Mapping[str, str], *, overseas: bool) -> tuple[str, str]:
    """Price and settlement currency; a mainland order is in yuan (``156``) throughout."""
    if not overseas:
        return "CNY", "CNY"
    priced, settled = params.get("trans_currency", ""), params.get("currency", "")
    if priced not in CURRENCIES or settled not in CURRENCIES:
        raise BusinessError("INVALID_PARAMETER")
    return priced, settled


def _amount(text: str, currency: str) -> int:
    try:
        minor = to_minor(text, currency)
    except ValueError:
        raise BusinessError("INVALID_PARAMETER") from None
    if minor == 0:
        raise BusinessError("INVALID_PARAMETER")
    return minor


def _check_price(params: Mapping[str, str], total: int, currency: str) -> None:
    price, quantity = params.get("price", ""), params.get("quantity", "")
    if not price or not quantity:
        return
    if not (quantity.isascii() and quantity.isdigit() and len(quantity) <= 6):
        raise BusinessError("INVALID_PARAMETER")
    if _amount(price, currency) * int(quantity) != total:
        raise BusinessError("INVALID_PARAMETER")


def _seller(params: Mapping[str, str]) -> str:
    seller = params.get("seller_id") or params["partner"]
    if not is_user_id(seller):
        raise BusinessError("SELLER_NOT_EXIST")
    if seller != params["partner"]:
        raise BusinessError("ACCESS_FORBIDDEN")
    return seller


def _buyer(params: Mapping[str, str], *, needed: bool) -> str:
    buyer = params.get("buyer_id", "")
    if needed and not buyer:
        raise BusinessError("INVALID_PARAMETER")
    if buyer == params["partner"]:
        raise BusinessError("BUYER_SELLER_EQUAL")
    return buyer


class _ExtendParams(msgspec.Struct):
    """What a cross-border order must say of the merchant behind the partner."""

    secondary_merchant_id: str
    secondary_merchant_name: str
    secondary_merchant_industry: str


def _check_secondary_merchant(text: str) -> None:
    try:
        told = msgspec.json.decode(text, type=_ExtendParams)
    except msgspec.DecodeError:
        raise BusinessError("INVALID_PARAMETER") from None
    industry = told.secondary_merchant_industry
    named = told.secondary_merchant_id and told.secondary_merchant_name
    if not named or not (len(industry) == 4 and industry.isascii() and industry.isdigit()):
        raise BusinessError("INVALID_PARAMETER")


def _expiry(it_b_pay: str, now: float) -> float:
    """``90m``, ``2h``, ``15d`` or ``1c`` (until midnight in Beijing), from now."""
    if not it_b_pay:
        return now + LONGEST_LIFE_S
    if it_b_pay == "1c":
        return end_of_beijing_day(now)
    match = _LIFE.fullmatch(it_b_pay)
    life = int(match.group(1)) * _UNIT_S[match.group(2)] if match else 0.0
    if not 60.0 <= life <= LONGEST_LIFE_S:
        raise BusinessError("INVALID_PARAMETER")
    return now + life

"""How an order of the mapi gateway is read: its fields, limits and the codes of what is wrong with it.

Limits and codes are those of Antom's documents (``global/acquire_create``). Where they are silent: a mandatory field
that is missing is the gateway's ``ILLEGAL_ARGUMENT`` and one that is malformed the business ``INVALID_PARAMETER``; an
unpaid trade without ``it_b_pay`` lives 15 days; a seller other than the partner is ``ACCESS_FORBIDDEN``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from sim.alipay_sandbox.gateways.mapi_wire import WireError
from sim.alipay_sandbox.model.books import CURRENCIES, to_minor
from sim.alipay_sandbox.model.clock import end_of_beijing_day
from sim.alipay_sandbox.model.exchange import BusinessError, is_user_id
from sim.alipay_sandbox.model.trades import Terms

OVERSEAS: Final = frozenset({"OVERSEAS_MBARCODE_PAY"})
PRODUCTS: Final = OVERSEAS | {
    "QR_CODE_OFFLINE",
    "BARCODE_PAY_OFFLINE",
    "SOUNDWAVE_PAY_OFFLINE",
    "MEMBER_CARD_QR_OFFLINE",
    "FUND_TRADE_FAST_PAY",
    "FINGERPRINT_FAST_PAY",
}
ORDER_NO: Final = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)
_LIFE: Final = re.compile(r"([1-9][0-9]{0,5})([mhd])", re.ASCII)
_UNIT_S: Final = {"m": 60.0, "h": 3600.0, "d": 86400.0}
LONGEST_LIFE_S: Final = 15 * 86400.0


def need(params: Mapping[str, str], *names: str) -> None:
    """Raises :class:`WireError` where one is missing."""
    if any(not params.get(name) for name in names):
        raise WireError("ILLEGAL_ARGUMENT")


def read_terms(params: Mapping[str, str], *, buyer_named: bool) -> Terms:
    """Read and check an order; ``buyer_named`` where a cross-border one must name its buyer.

    Raises :class:`BusinessError`, and :class:`WireError` where a mandatory field is missing.
    """
    need(params, "out_trade_no", "subject", "product_code", "total_fee")
    _check_texts(params)
    overseas = params["product_code"] in OVERSEAS
    currency, settlement = _currencies(params, overseas=overseas)
    total = read_amount(params["total_fee"], currency)
    _check_price(params, total, currency)
    if overseas:
        check_secondary_merchant(params.get("extend_params", ""))
    return Terms(
        partner=params["partner"],
        out_trade_no=params["out_trade_no"],
        seller_id=_seller(params),
        buyer_id=_buyer(params, needed=overseas and buyer_named),
        currency=currency,
        settlement=settlement,
        total_minor=total,
        subject=params["subject"],
        body=params.get("body", ""),
        product_code=params["product_code"],
        passback=params.get("passback_parameters", ""),
    )


def _check_texts(params: Mapping[str, str]) -> None:
    if not ORDER_NO.fullmatch(params["out_trade_no"]):
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


def read_amount(text: str, currency: str) -> int:
    """Minor units, more than none. Raises :class:`BusinessError`."""
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
    if read_amount(price, currency) * int(quantity) != total:
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


def check_secondary_merchant(text: str) -> None:
    """Whether a cross-border order says whom it is for. Raises :class:`BusinessError`."""
    try:
        told = msgspec.json.decode(text, type=_ExtendParams)
    except msgspec.DecodeError:
        raise BusinessError("INVALID_PARAMETER") from None
    industry = told.secondary_merchant_industry
    named = told.secondary_merchant_id and told.secondary_merchant_name
    if not named or not (len(industry) == 4 and industry.isascii() and industry.isdigit()):
        raise BusinessError("INVALID_PARAMETER")


def read_life(text: str, now: float, default_s: float) -> float:
    """``90m``, ``2h``, ``15d`` or ``1c`` (until midnight in Beijing), in seconds. Raises :class:`BusinessError`."""
    if not text:
        return default_s
    if text == "1c":
        return end_of_beijing_day(now) - now
    match = _LIFE.fullmatch(text)
    life = int(match.group(1)) * _UNIT_S[match.group(2)] if match else 0.0
    if not 60.0 <= life <= LONGEST_LIFE_S:
        raise BusinessError("INVALID_PARAMETER")
    return life


def read_notify_url(params: Mapping[str, str]) -> str:
    """Where to notify; blank for nowhere. Raises :class:`BusinessError`."""
    url = params.get("notify_url", "")
    if url and not (url.startswith(("http://", "https://")) and len(url) <= 256):
        raise BusinessError("INVALID_PARAMETER")
    return url

"""Parses and validates an order of the mapi gateway; the openapi gateway shares the amounts, lifetimes and addresses.

Limits and codes are those of Antom's documents (``global/acquire_create``). Choices where they are silent: a missing
mandatory field is the gateway's ``ILLEGAL_ARGUMENT``, a malformed one the business ``INVALID_PARAMETER``; an unpaid
trade without ``it_b_pay`` lives 15 days; a seller other than the partner is ``ACCESS_FORBIDDEN``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from sim.alipay_sandbox.gateways.mapi_wire import MapiError
from sim.alipay_sandbox.model.books import CURRENCIES, parse_amount
from sim.alipay_sandbox.model.clock import end_of_beijing_day
from sim.alipay_sandbox.model.exchange import BusinessError, is_user_id
from sim.alipay_sandbox.model.trades import OrderTerms

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


def require(params: Mapping[str, str], *names: str) -> None:
    """Raises :class:`MapiError` if a parameter is missing or blank."""
    if any(not params.get(name) for name in names):
        raise MapiError("ILLEGAL_ARGUMENT")


def read_terms(params: Mapping[str, str], *, buyer_named: bool) -> OrderTerms:
    """``buyer_named``: a cross-border order must name its buyer.

    Raises :class:`BusinessError`, and :class:`MapiError` if a mandatory field is missing.
    """
    require(params, "out_trade_no", "subject", "product_code", "total_fee")
    _check_texts(params)
    overseas = params["product_code"] in OVERSEAS
    currency, settlement = _currencies(params, overseas=overseas)
    total = read_amount(params["total_fee"], currency)
    _check_price(params, total, currency)
    if overseas:
        check_secondary_merchant(params.get("extend_params", ""))
    return OrderTerms(
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
    """Price and settlement currency; both are yuan in a mainland order (``156``)."""
    if not overseas:
        return "CNY", "CNY"
    priced, settled = params.get("trans_currency", ""), params.get("currency", "")
    if priced not in CURRENCIES or settled not in CURRENCIES:
        raise BusinessError("INVALID_PARAMETER")
    return priced, settled


def read_amount(text: str, currency: str) -> int:
    """A positive amount in minor units. Raises :class:`BusinessError`."""
    try:
        minor = parse_amount(text, currency)
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
    """The merchant behind the partner, mandatory in a cross-border order."""

    secondary_merchant_id: str
    secondary_merchant_name: str
    secondary_merchant_industry: str


def check_secondary_merchant(text: str) -> None:
    """Raises :class:`BusinessError` unless a cross-border order names its merchant."""
    try:
        extend = msgspec.json.decode(text, type=_ExtendParams)
    except msgspec.DecodeError:
        raise BusinessError("INVALID_PARAMETER") from None
    industry = extend.secondary_merchant_industry
    named = extend.secondary_merchant_id and extend.secondary_merchant_name
    if not named or not (len(industry) == 4 and industry.isascii() and industry.isdigit()):
        raise BusinessError("INVALID_PARAMETER")


def read_lifetime_s(text: str, now: float, default_s: float) -> float:
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
    """Blank if the merchant wants no notification. Raises :class:`BusinessError`."""
    url = params.get("notify_url", "")
    if url and not (url.startswith(("http://", "https://")) and len(url) <= 256):
        raise BusinessError("INVALID_PARAMETER")
    return url

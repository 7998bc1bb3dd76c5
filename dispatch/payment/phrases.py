"""Alipay's business codes in plain words for drivers, cashiers and passengers, in English and Chinese.

Each phrase says what happened and what to do. The codes are Alipay's (``detail_error_code`` of mapi, ``sub_code`` of
openapi without its ``ACQ.``); the words are ours.
"""

# ruff: noqa: RUF001 - Chinese is written with Chinese punctuation

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec


class Phrase(msgspec.Struct, frozen=True):
    """What happened and what to do, in English and in Chinese."""

    en: str
    zh: str
    do_en: str
    do_zh: str


_SETTING: Final = Phrase(
    "A setting of the company's Alipay account is wrong.",
    "公司的支付宝设置有误。",
    "Call the office; take cash meanwhile.",
    "请联系公司，暂收现金。",
)
_RESTRICTED: Final = Phrase(
    "The passenger's Alipay account is restricted.",
    "乘客的支付宝账户受限。",
    "Pay another way; the passenger contacts Alipay.",
    "请换其他方式付款，乘客可联系支付宝。",
)
_TOO_HIGH: Final = Phrase(
    "The amount is too high for this account.",
    "金额超出该账户限额。",
    "Check the amount, or call the office.",
    "请核对金额或联系公司。",
)

UNLISTED: Final = Phrase(
    "Alipay did not accept the payment.",
    "支付宝未受理此笔付款。",
    "Try again; if it stays so, pay another way.",
    "请重试，仍不行请换其他方式付款。",
)
"""For a code that has no phrase of its own."""

UNCLEAR: Final = Phrase(
    "Alipay did not answer clearly.",
    "支付宝暂未返回明确结果。",
    "Please wait. Do not pay again.",
    "请稍候，请勿重复付款。",
)

PHRASES: Final[Mapping[str, Phrase]] = MappingProxyType(
    {
        "SYSTEM_ERROR": UNCLEAR,
        "TRADE_HAS_SUCCESS": Phrase(
            "This ride is already paid.", "本次行程已付款。", "Show the receipt.", "请查看付款凭证。"
        ),
        "TRADE_HAS_CLOSE": Phrase(
            "This payment was closed.", "该笔付款已关闭。", "Start the payment anew.", "请重新发起付款。"
        ),
        "TRADE_NOT_EXIST": Phrase(
            "No such payment was found.", "未找到该笔付款。", "Wait a moment, or start anew.", "请稍候或重新发起付款。"
        ),
        "TRADE_BUYER_NOT_MATCH": Phrase(
            "Another person started this payment.",
            "该笔付款由他人发起。",
            "Start the payment anew.",
            "请重新发起付款。",
        ),
        "CONTEXT_INCONSISTENT": Phrase(
            "The data of this payment changed.", "付款信息已变更。", "Start the payment anew.", "请重新发起付款。"
        ),
        "REASON_ILLEGAL_STATUS": Phrase(
            "Not possible in the payment's present state.",
            "当前付款状态不支持此操作。",
            "Wait for the result.",
            "请等待付款结果。",
        ),
        "BUYER_BALANCE_NOT_ENOUGH": Phrase(
            "Not enough money in the passenger's account.",
            "乘客账户余额不足。",
            "Use another card, or cash.",
            "请换其他银行卡或现金。",
        ),
        "BUYER_BANKCARD_BALANCE_NOT_ENOUGH": Phrase(
            "The passenger's bank card has not enough money.",
            "乘客银行卡余额不足。",
            "Use another card, or cash.",
            "请换其他银行卡或现金。",
        ),
        "BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR": Phrase(
            "The passenger's daily limit is reached.",
            "乘客今日付款已达限额。",
            "Pay another way.",
            "请换其他方式付款。",
        ),
        "BUYER_SELLER_EQUAL": Phrase(
            "Nobody can pay himself.", "不能向自己付款。", "Use another account.", "请换其他账户付款。"
        ),
        "EXIST_FORBIDDEN_WORD": Phrase(
            "Alipay does not allow the order's text.",
            "订单文字含有违禁词。",
            "Call the office.",
            "请联系公司。",
        ),
        "MOBILE_PAYMENT_SWITCH_OFF": Phrase(
            "The passenger has switched mobile payment off.",
            "乘客已关闭手机支付。",
            "Switch it on, or pay another way.",
            "请开启手机支付或换其他方式付款。",
        ),
        "CLIENT_VERSION_NOT_MATCH": Phrase(
            "The passenger's Alipay app is too old.",
            "乘客的支付宝版本过低。",
            "Update the app, or pay another way.",
            "请更新支付宝或换其他方式付款。",
        ),
        "PAYMENT_FAIL": Phrase(
            "The payment failed.", "付款失败。", "Try again, or pay another way.", "请重试或换方式。"
        ),
        "BUYER_NOT_EXIST": Phrase(
            "Alipay does not know the passenger's account.",
            "支付宝账户不存在。",
            "Scan the code again.",
            "请重新扫码。",
        ),
        "BUYER_ENABLE_STATUS_FORBID": _RESTRICTED,
        "ERROR_BUYER_CERTIFY_LEVEL_LIMIT": _RESTRICTED,
        "BEYOND_PAY_RESTRICTION": _TOO_HIGH,
        "ERROR_SELLER_CERTIFY_LEVEL_LIMIT": _SETTING,
        "INVALID_PARAMETER": _SETTING,
        "PARTNER_ERROR": _SETTING,
        "ACCESS_FORBIDDEN": _SETTING,
        "SELLER_NOT_EXIST": _SETTING,
        "UN_SUPPORT_BIZ_TYPE": _SETTING,
        "INVALID_RECEIVE_ACCOUNT": _SETTING,
        "ILLEGAL_SIGN": _SETTING,
        "ILLEGAL_PARTNER": _SETTING,
        "ILLEGAL_SERVICE": _SETTING,
        "ILLEGAL_ARGUMENT": _SETTING,
        "ILLEGAL_SIGN_TYPE": _SETTING,
        "HAS_NO_PUBLICKEY": _SETTING,
        "HAS_NO_PRIVILEGE": _SETTING,
    }
)


def phrase(code: str) -> Phrase:
    """The plain words for Alipay's ``code``, with or without ``ACQ.``; :data:`UNLISTED` for one without."""
    return PHRASES.get(code.removeprefix("ACQ."), UNLISTED)

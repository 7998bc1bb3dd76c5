"""Forged messages: signed with an unknown key or not at all, or correctly signed with a wrong amount or seller."""

from __future__ import annotations

import functools
import re
from typing import Final

from sim.alipay_sandbox.model.books import format_amount, parse_amount
from sim.alipay_sandbox.model.merchants import demo_merchant
from sim.alipay_sandbox.model.notifications import OutgoingNotification
from sim.alipay_sandbox.model.signature import MerchantKeys
from sim.alipay_sandbox.model.trades import NotificationCreated, SandboxTrade

FORGER: Final = "2088999999999999"
AMOUNTS: Final = ("total_fee", "price", "total_amount", "receipt_amount", "invoice_amount", "buyer_pay_amount")

_SIGN: Final = re.compile(rb',"sign":"([^"]*)"}$|<sign>([^<]*)</sign><sign_type>[^<]*</sign_type>(?=</alipay>$)')
"""The signature at the end of a response of either gateway."""


@functools.cache
def forged_keys() -> MerchantKeys:
    return MerchantKeys(demo_merchant(FORGER, "stranger@sandbox.example").at_alipay())


def forged_paid_notification(trade: SandboxTrade, notify_id: str, at: float) -> OutgoingNotification:
    return OutgoingNotification(
        NotificationCreated(notify_id=notify_id, trade_no=trade.trade_no, status="TRADE_SUCCESS", at=at)
    )


def with_wrong_amount(form: dict[str, str], currency: str) -> dict[str, str]:
    more = {name: format_amount(parse_amount(form[name], currency) + 1, currency) for name in AMOUNTS if name in form}
    return form | more


def with_wrong_seller(form: dict[str, str]) -> dict[str, str]:
    return form | {"seller_id": FORGER, "seller_email": "stranger@sandbox.example"}


def without_signature(response: bytes) -> bytes:
    return _SIGN.sub(lambda found: b"}" if found.group(1) is not None else b"", response)


def with_wrong_signature(response: bytes) -> bytes:
    found = _SIGN.search(response)
    if found is None:
        return response
    number = 1 if found.group(1) is not None else 2
    start, end = found.span(number)
    return response[:start] + response[start:end].swapcase() + response[end:]

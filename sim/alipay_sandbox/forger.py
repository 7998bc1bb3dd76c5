"""Messages that lie: signed by a stranger or by nobody, or well signed with a wrong amount or seller."""

from __future__ import annotations

import functools
import re
from typing import Final

from sim.alipay_sandbox.model.books import to_minor, to_text
from sim.alipay_sandbox.model.merchants import demo_merchant
from sim.alipay_sandbox.model.notices import Notice
from sim.alipay_sandbox.model.signature import Seal
from sim.alipay_sandbox.model.trades import NoticeMade, Trade

STRANGER: Final = "2088999999999999"
AMOUNTS: Final = ("total_fee", "price", "total_amount", "receipt_amount", "invoice_amount", "buyer_pay_amount")

_SIGN: Final = re.compile(rb',"sign":"([^"]*)"}$|<sign>([^<]*)</sign><sign_type>[^<]*</sign_type>(?=</alipay>$)')
"""The signature at the end of either gateway's answer."""


@functools.cache
def strangers_seal() -> Seal:
    """Keys that nobody uploaded anywhere."""
    return Seal(demo_merchant(STRANGER, "stranger@sandbox.example").at_alipay())


def pretended(trade: Trade, notify_id: str, at: float) -> Notice:
    """A notice that the trade is paid, whatever it is."""
    return Notice(NoticeMade(notify_id=notify_id, trade_no=trade.trade_no, status="TRADE_SUCCESS", at=at))


def of_wrong_amount(form: dict[str, str], currency: str) -> dict[str, str]:
    """The form with one minor unit more."""
    more = {name: to_text(to_minor(form[name], currency) + 1, currency) for name in AMOUNTS if name in form}
    return form | more


def of_wrong_seller(form: dict[str, str]) -> dict[str, str]:
    """The form as another seller's."""
    return form | {"seller_id": STRANGER, "seller_email": "stranger@sandbox.example"}


def unsigned(answer: bytes) -> bytes:
    """An answer without its signature."""
    return _SIGN.sub(lambda found: b"}" if found.group(1) is not None else b"", answer)


def wrongly_signed(answer: bytes) -> bytes:
    """An answer with a signature of the right form that fits another text."""
    found = _SIGN.search(answer)
    if found is None:
        return answer
    number = 1 if found.group(1) is not None else 2
    start, end = found.span(number)
    return answer[:start] + answer[start:end].swapcase() + answer[end:]

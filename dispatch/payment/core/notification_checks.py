"""Compares a verified notification with our order: a genuine message proves a payment only if its facts agree."""

import enum

import msgspec

from dispatch.payment.core.port import Notification, read_amount
from dispatch.values.money import Money


class Check(enum.Enum):
    """A fact in which a notification must agree with the order."""

    ORDER = "out_trade_no"
    TRADE = "trade_no"
    AMOUNT = "total_fee"
    CURRENCY = "currency"
    SELLER = "seller_id"
    STATUS = "trade_status"


class ExpectedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of our order that a notification about it must confirm."""

    out_trade_no: str
    amount: Money
    seller_id: str
    seller_email: str = ""
    trade_no: str = ""
    """Blank until the create call is answered."""


def failed_checks(notification: Notification, expected: ExpectedOrder | None) -> list[Check]:
    """The facts in which ``notification`` disagrees with our order; an empty list means that the order is paid.

    ``expected`` is None if the order number is not ours. ``[Check.STATUS]`` alone is a genuine message about an
    unpaid trade (closed or waiting); any other failed check means that the message is not about our order.
    """
    if expected is None or notification.out_trade_no != expected.out_trade_no:
        return [Check.ORDER]
    agrees = {
        Check.TRADE: expected.trade_no in ("", notification.trade_no),
        Check.AMOUNT: read_amount(notification.total, expected.amount.currency) == expected.amount,
        Check.CURRENCY: notification.currency in ("", expected.amount.currency),
        Check.SELLER: notification.is_for(expected.seller_id, expected.seller_email),
        Check.STATUS: notification.status.paid,
    }
    return [check for check, holds in agrees.items() if not holds]

"""Where a ride's payment stands for the one who looks at it. No I/O: a fare sheet goes in, a step comes out.

Rule 1: what the phone says of a payment is never believed; only the trip's own state is paid or not.
Rule 2: whoever did not pay sees that the ride is paid, and nothing of how.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from dispatch.domain.entity import Principal
from dispatch.domain.trip.trip_state import (
    CANCELLED,
    FARE_DUE,
    PAID,
    PART_REFUNDED,
    PAYING,
    PAYMENT_UNKNOWN,
    REFUNDED,
    SETTLED_OTHERWISE,
    UNSERVED,
    FareSheet,
)
from dispatch.payment.core.rules import ALIPAY_PAGE
from dispatch.values.money import MINOR_DIGITS, Money


class PaymentStep(StrEnum):
    """What the page shows."""

    RIDING = "riding"
    """The ride is under way: no fare yet."""
    TYPE = "type"
    """The passenger types what the ride costs."""
    AGREE = "agree"
    """The driver is to confirm what was typed."""
    PAY = "pay"
    """The fare is due."""
    ORDERING = "ordering"
    """Alipay is being told of the order."""
    OPEN = "open"
    """Alipay knows the order: its cashier can be opened."""
    CHECKING = "checking"
    """Nobody knows yet whether it is paid."""
    PAID = "paid"
    """By the one who looks."""
    PAID_ELSE = "paid_else"
    """By somebody else, or in another way."""
    BUSY = "busy"
    """Somebody else, or another way, is at it."""
    NOTHING = "nothing"
    """The trip ended without a fare."""


WATCHED: Final = frozenset(
    {
        PaymentStep.RIDING,
        PaymentStep.AGREE,
        PaymentStep.ORDERING,
        PaymentStep.OPEN,
        PaymentStep.CHECKING,
        PaymentStep.PAID,
        PaymentStep.BUSY,
    },
)
"""Steps that change without the passenger: their pages ask again and again."""

_COLLECTED: Final = (PAID, PART_REFUNDED, REFUNDED)
_LONGEST_TYPED: Final = 12


class Payer(msgspec.Struct, frozen=True):
    """Who looks at the page, by the user id that Alipay gave."""

    user_id: str

    @property
    def principal(self) -> Principal:
        """On whose behalf a payment is asked for."""
        return Principal("passenger", f"alipay:{self.user_id}")

    def began(self, sheet: FareSheet) -> bool:
        """Whether the last attempt is this page's own, so that it can go on with it."""
        return sheet.method == ALIPAY_PAGE and sheet.payer == self.principal.id

    def paid(self, sheet: FareSheet) -> bool:
        """Whether it was this account at Alipay that paid, here or in our own app."""
        return sheet.state in _COLLECTED and self.user_id in (sheet.buyer, sheet.payer.removeprefix("alipay:"))


def step_of(sheet: FareSheet, payer: Payer) -> PaymentStep:
    """Where the payment of a ride stands for ``payer``."""
    match sheet.state:
        case _ if sheet.state == FARE_DUE:
            return _due(sheet)
        case _ if sheet.state in (PAYING, PAYMENT_UNKNOWN):
            return _paying(sheet, payer)
        case _ if sheet.state in _COLLECTED:
            return PaymentStep.PAID if payer.paid(sheet) else PaymentStep.PAID_ELSE
    if sheet.state == SETTLED_OTHERWISE:
        return PaymentStep.PAID_ELSE
    return PaymentStep.NOTHING if sheet.state in (CANCELLED, UNSERVED) else PaymentStep.RIDING


def _due(sheet: FareSheet) -> PaymentStep:
    if not sheet.wants_typed or sheet.agreed:
        return PaymentStep.PAY
    return PaymentStep.TYPE if sheet.typed is None else PaymentStep.AGREE


def _paying(sheet: FareSheet, payer: Payer) -> PaymentStep:
    if not payer.began(sheet):
        return PaymentStep.BUSY
    if sheet.state == PAYMENT_UNKNOWN:
        return PaymentStep.CHECKING
    return PaymentStep.OPEN if sheet.trade else PaymentStep.ORDERING


def failure_of(sheet: FareSheet, payer: Payer) -> str:
    """Alipay's code for why this payer's last attempt failed; empty where it did not, or another's did."""
    return sheet.reason if sheet.state == FARE_DUE and payer.began(sheet) else ""


def typed_amount(text: str, currency: str) -> Money | None:
    """What a passenger typed, ``12``, ``12.5`` or ``12,50``; None where it is no amount above zero."""
    plain = text.strip().replace(",", ".").replace("。", ".")
    whole, point, part = plain.partition(".")
    digits = whole + part
    if not (0 < len(digits) <= _LONGEST_TYPED and whole and digits.isascii() and digits.isdigit()):
        return None
    if point and not 0 < len(part) <= MINOR_DIGITS[currency]:
        return None
    minor = int(Decimal(plain).scaleb(MINOR_DIGITS[currency]))
    return Money(minor, currency) if minor > 0 else None

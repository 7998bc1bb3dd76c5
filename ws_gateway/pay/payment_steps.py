"""The step of a ride's payment that a payer sees. Pure: a fare sheet goes in, a step comes out.

Rule 1: a payment reported by the phone is not trusted; only the trip's own state says whether the fare is paid.
Rule 2: other visitors than the payer see that the ride is paid, and no details.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from dispatch.domain.entity import Principal
from dispatch.domain.trip import trip_state
from dispatch.payment.core.rules import ALIPAY_PAGE
from dispatch.values.money import MINOR_DIGITS, Money


class PaymentStep(StrEnum):
    """The content of the page."""

    RIDING = "riding"
    """The ride is in progress: no fare yet."""
    TYPE = "type"
    """The passenger enters the fare."""
    AGREE = "agree"
    """The driver must confirm the entered fare."""
    PAY = "pay"
    """The fare is due."""
    ORDERING = "ordering"
    """The order is being created at Alipay."""
    OPEN = "open"
    """The order exists at Alipay: its cashier can be opened."""
    CHECKING = "checking"
    """The result is unknown."""
    PAID = "paid"
    """Paid by this visitor."""
    PAID_ELSE = "paid_else"
    """Paid by another person, or in another way."""
    BUSY = "busy"
    """Another person or another method is paying."""
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
    }
)
"""Steps that change without the passenger: their pages poll."""

_COLLECTED: Final = (trip_state.PAID, trip_state.PART_REFUNDED, trip_state.REFUNDED)
_LONGEST_TYPED: Final = 12


class Payer(msgspec.Struct, frozen=True):
    """The visitor of the page, by Alipay user id."""

    user_id: str

    @property
    def principal(self) -> Principal:
        return Principal("passenger", f"alipay:{self.user_id}")

    def began(self, sheet: trip_state.FareSheet) -> bool:
        """Whether the last attempt was started on this page, so that the page can continue it."""
        return sheet.method == ALIPAY_PAGE and sheet.payer == self.principal.id

    def paid(self, sheet: trip_state.FareSheet) -> bool:
        """Whether this Alipay account paid, here or in our app."""
        return sheet.state in _COLLECTED and self.user_id in (sheet.buyer, sheet.payer.removeprefix("alipay:"))


def step_of(sheet: trip_state.FareSheet, payer: Payer) -> PaymentStep:
    match sheet.state:
        case _ if sheet.state == trip_state.FARE_DUE:
            return _due(sheet)
        case _ if sheet.state in (trip_state.PAYING, trip_state.PAYMENT_UNKNOWN):
            return _paying(sheet, payer)
        case _ if sheet.state in _COLLECTED:
            return PaymentStep.PAID if payer.paid(sheet) else PaymentStep.PAID_ELSE
    if sheet.state == trip_state.SETTLED_OTHERWISE:
        return PaymentStep.PAID_ELSE
    return PaymentStep.NOTHING if sheet.state in (trip_state.CANCELLED, trip_state.UNSERVED) else PaymentStep.RIDING


def _due(sheet: trip_state.FareSheet) -> PaymentStep:
    if not sheet.wants_typed or sheet.agreed:
        return PaymentStep.PAY
    return PaymentStep.TYPE if sheet.typed is None else PaymentStep.AGREE


def _paying(sheet: trip_state.FareSheet, payer: Payer) -> PaymentStep:
    if not payer.began(sheet):
        return PaymentStep.BUSY
    if sheet.state == trip_state.PAYMENT_UNKNOWN:
        return PaymentStep.CHECKING
    return PaymentStep.OPEN if sheet.trade else PaymentStep.ORDERING


def failure_of(sheet: trip_state.FareSheet, payer: Payer) -> str:
    """Alipay's code for the failure of this payer's last attempt; empty if it did not fail or was not this payer's."""
    return sheet.reason if sheet.state == trip_state.FARE_DUE and payer.began(sheet) else ""


def typed_amount(text: str, currency: str) -> Money | None:
    """An amount as entered: ``12``, ``12.5`` or ``12,50``; None if it is not a positive amount."""
    plain = text.strip().replace(",", ".").replace("。", ".")
    whole, point, part = plain.partition(".")
    digits = whole + part
    if not (0 < len(digits) <= _LONGEST_TYPED and whole and digits.isascii() and digits.isdigit()):
        return None
    if point and not 0 < len(part) <= MINOR_DIGITS[currency]:
        return None
    minor = int(Decimal(plain).scaleb(MINOR_DIGITS[currency]))
    return Money(minor, currency) if minor > 0 else None

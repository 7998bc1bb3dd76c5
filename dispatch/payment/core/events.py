"""The events of a payment's stream. As in ``domain.events``, they are kept for ever.

``day`` is the day in Beijing on which the money moved, ``yyyy-MM-dd``: Alipay's bill of that day contains it.
"""

from typing import Literal

import msgspec

from dispatch.domain.entity import Event
from dispatch.values.money import Money


class AttemptOpened(Event, frozen=True, tag="attempt_opened"):
    """An attempt to collect the fare begins; ``asked_by`` is the id of the command that requested it."""

    order: str
    method: str
    amount: Money
    vehicle: str
    buyer: str
    subject: str
    asked_by: str
    company: str = ""
    """The company whose own account collects; empty: the shared account."""
    auth_code: str = ""
    """The scanned code, valid for one payment within a minute."""


class GatewayAsked(Event, frozen=True, tag="gateway_asked"):
    """A call after the attempt's first: place again, query, close or cancel. ``n`` is the call's number."""

    order: str
    call: str
    n: int


class OrderPlaced(Event, frozen=True, tag="order_placed"):
    """Alipay has the order as ``trade``, which waits for its buyer."""

    order: str
    trade: str


class CodeShown(Event, frozen=True, tag="code_shown"):
    """The buyer may scan ``code`` from the driver's screen."""

    order: str
    code: str


class PasswordAsked(Event, frozen=True, tag="password_asked"):
    """The buyer's code was accepted; the buyer's phone asks for the password."""

    order: str
    trade: str


class AttemptStopped(Event, frozen=True, tag="attempt_stopped"):
    """The attempt is no longer wanted: it is closed or cancelled as soon as Alipay has it."""

    order: str


class AttemptFailed(Event, frozen=True, tag="attempt_failed"):
    """The attempt can no longer be paid: refused, or confirmed as closed or cancelled.

    ``returned``: it had been paid, and its cancel refunded it.
    """

    order: str
    reason: str
    returned: bool = False


class NewsChecked(Event, frozen=True, tag="news_checked"):
    """A report of a payment came after Alipay had confirmed the attempt's end; a query proved it outdated."""

    order: str


class AttemptUnclear(Event, frozen=True, tag="attempt_unclear"):
    """It is unknown whether the attempt was paid. It stays open, and Alipay is queried further."""

    order: str
    reason: str


class OrderPaid(Event, frozen=True, tag="order_paid"):
    """The fare is paid. ``source``: ``query``, ``notification`` or ``driver`` (cash); ``buyer`` is the payer."""

    order: str
    method: str
    amount: Money
    source: str
    trade: str = ""
    buyer: str = ""
    day: str = ""


class SurplusPaid(Event, frozen=True, tag="surplus_paid"):
    """A second order of a paid fare was paid too: this money belongs to the passenger."""

    order: str
    amount: Money
    source: str
    trade: str = ""
    buyer: str = ""
    day: str = ""


RefundMethod = Literal["refund", "cancel", "hand"]
"""By a refund, by cancelling the whole order on its own day, or in cash."""


class RefundOpened(Event, frozen=True, tag="refund_opened"):
    """A refund begins; ``by`` is responsible for it. ``surplus``: it returns a second payment of the fare."""

    refund: str
    order: str
    amount: Money
    how: RefundMethod
    by: str
    reason: str
    asked_by: str
    surplus: bool = False


class RefundAsked(Event, frozen=True, tag="refund_asked"):
    """A call after the refund's first, with the same refund number. ``n`` is the call's number."""

    refund: str
    call: str
    n: int


class RefundUnclear(Event, frozen=True, tag="refund_unclear"):
    """The refund has taken so long that a person has to look at it. It is repeated further."""

    refund: str
    reason: str


class RefundFailed(Event, frozen=True, tag="refund_failed"):
    """Alipay refused the refund; no money moved."""

    refund: str
    reason: str


class PartRefunded(Event, frozen=True, tag="part_refunded"):
    """Part of the fare was refunded."""

    refund: str
    order: str
    amount: Money
    day: str


class WholeRefunded(Event, frozen=True, tag="whole_refunded"):
    """The rest of the fare was refunded."""

    refund: str
    order: str
    amount: Money
    day: str


class SurplusRefunded(Event, frozen=True, tag="surplus_refunded"):
    """A second payment of the fare was refunded."""

    refund: str
    order: str
    amount: Money
    day: str


Returned = PartRefunded | WholeRefunded | SurplusRefunded

PaymentEvent = (
    AttemptOpened
    | GatewayAsked
    | OrderPlaced
    | CodeShown
    | PasswordAsked
    | AttemptStopped
    | AttemptFailed
    | NewsChecked
    | AttemptUnclear
    | OrderPaid
    | SurplusPaid
    | RefundOpened
    | RefundAsked
    | RefundUnclear
    | RefundFailed
    | PartRefunded
    | WholeRefunded
    | SurplusRefunded
)

_decoder = msgspec.msgpack.Decoder(PaymentEvent)


def decode_payment_event(body: bytes) -> Event:
    """Raises ``msgspec.ValidationError``."""
    event: Event = _decoder.decode(body)
    return event

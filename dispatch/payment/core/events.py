"""What has happened to a payment: the content of its stream. As in ``domain.events``, facts are kept for ever.

``day`` is the day in Beijing that the money moved on, ``yyyy-MM-dd``: the day whose bill of Alipay's has it.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from dispatch.domain.entity import Event
from dispatch.values.money import Money


class AttemptOpened(Event, frozen=True, tag="attempt_opened"):
    """An attempt to collect the fare begins; ``asked_by`` is the id of the command that wanted it."""

    order: str
    method: str
    amount: Money
    vehicle: str
    buyer: str
    subject: str
    asked_by: str
    company: str = ""
    """Whose account at Alipay it goes to; empty: the one that all share."""
    auth_code: str = ""
    """What the driver scanned. It is good for one payment and a minute."""


class GatewayAsked(Event, frozen=True, tag="gateway_asked"):
    """A call after the attempt's first: it is placed again, queried, closed or cancelled. ``n`` numbers its calls."""

    order: str
    call: str
    n: int


class OrderPlaced(Event, frozen=True, tag="order_placed"):
    """Alipay knows the order as ``trade``, which waits for its buyer."""

    order: str
    trade: str


class CodeShown(Event, frozen=True, tag="code_shown"):
    """The buyer may scan ``code`` from the driver's screen."""

    order: str
    code: str


class PasswordAsked(Event, frozen=True, tag="password_asked"):
    """The buyer's code was taken; the buyer's phone asks for the password."""

    order: str
    trade: str


class AttemptStopped(Event, frozen=True, tag="attempt_stopped"):
    """Nobody wants the attempt to be paid any more: it is closed or cancelled as soon as Alipay knows of it."""

    order: str


class AttemptFailed(Event, frozen=True, tag="attempt_failed"):
    """The attempt came to nothing and can no longer be paid: refused, or confirmed as closed or cancelled.

    ``returned``: it had been paid, and cancelling it gave the money back.
    """

    order: str
    reason: str
    returned: bool = False


class NewsChecked(Event, frozen=True, tag="news_checked"):
    """News that an attempt was paid came after Alipay had confirmed its end, and was old: a query says so."""

    order: str


class AttemptUnclear(Event, frozen=True, tag="attempt_unclear"):
    """Nobody knows yet whether the attempt was paid. It stays open, and Alipay is asked further."""

    order: str
    reason: str


class OrderPaid(Event, frozen=True, tag="order_paid"):
    """The fare is paid. ``source``: ``query``, ``notification`` or ``driver`` (cash); ``buyer`` is who paid."""

    order: str
    method: str
    amount: Money
    source: str
    trade: str = ""
    buyer: str = ""
    day: str = ""


class SurplusPaid(Event, frozen=True, tag="surplus_paid"):
    """Another order of a fare that was paid already was paid too: this money is the passenger's."""

    order: str
    amount: Money
    source: str
    trade: str = ""
    buyer: str = ""
    day: str = ""


RefundMethod = Literal["refund", "cancel", "hand"]
"""How money goes back: by a refund, by cancelling the whole order on its own day, or in cash."""


class RefundOpened(Event, frozen=True, tag="refund_opened"):
    """Money is to go back, and ``by`` answers for it. ``surplus``: of an order that was paid beside the fare's."""

    refund: str
    order: str
    amount: Money
    how: RefundMethod
    by: str
    reason: str
    asked_by: str
    surplus: bool = False


class RefundAsked(Event, frozen=True, tag="refund_asked"):
    """A call after the refund's first, with the same number. ``n`` numbers its calls."""

    refund: str
    call: str
    n: int


class RefundUnclear(Event, frozen=True, tag="refund_unclear"):
    """The refund has not come about for so long that somebody has to look. It is repeated further."""

    refund: str
    reason: str


class RefundFailed(Event, frozen=True, tag="refund_failed"):
    """Alipay decided against the refund: nothing went back by it."""

    refund: str
    reason: str


class PartRefunded(Event, frozen=True, tag="part_refunded"):
    """Part of the fare went back, and some of it is left."""

    refund: str
    order: str
    amount: Money
    day: str


class WholeRefunded(Event, frozen=True, tag="whole_refunded"):
    """The last of the fare went back."""

    refund: str
    order: str
    amount: Money
    day: str


class SurplusRefunded(Event, frozen=True, tag="surplus_refunded"):
    """What had been paid beside the fare went back."""

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
    """An event of a payment's stream. Raises ``msgspec.ValidationError``."""
    event: Event = _decoder.decode(body)
    return event

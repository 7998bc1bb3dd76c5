"""What has happened to a payment: the content of its stream. As in :mod:`dispatch.events`, facts are kept for ever."""

from __future__ import annotations

import msgspec

from dispatch.entity import Event
from dispatch.money import Money


class AttemptOpened(Event, frozen=True, tag="attempt_opened"):
    """An attempt to collect the fare begins; ``asked_by`` is the id of the command that wanted it."""

    order: str
    method: str
    amount: Money
    vehicle: str
    buyer: str
    subject: str
    asked_by: str


class GatewayAsked(Event, frozen=True, tag="gateway_asked"):
    """A call after the attempt's first: ``create``, ``query`` or ``close``. ``n`` numbers the attempt's calls."""

    order: str
    call: str
    n: int


class OrderPlaced(Event, frozen=True, tag="order_placed"):
    """Alipay knows the order as ``trade``, which waits for its buyer."""

    order: str
    trade: str


class AttemptFailed(Event, frozen=True, tag="attempt_failed"):
    """The attempt came to nothing and can no longer be paid: Alipay refused it, or confirmed that it is closed."""

    order: str
    reason: str


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


class SurplusPaid(Event, frozen=True, tag="surplus_paid"):
    """Another order of a fare that was paid already was paid too: this money is the passenger's."""

    order: str
    amount: Money
    source: str
    trade: str = ""
    buyer: str = ""


PaymentEvent = AttemptOpened | GatewayAsked | OrderPlaced | AttemptFailed | AttemptUnclear | OrderPaid | SurplusPaid

_decoder = msgspec.msgpack.Decoder(PaymentEvent)


def decode_payment_event(body: bytes) -> Event:
    """An event of a payment's stream. Raises ``msgspec.ValidationError``."""
    event: Event = _decoder.decode(body)
    return event

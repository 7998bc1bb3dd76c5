"""A payment's outgoing work: carried out on the gateway's port, and the answers as bytes.

A payment asks for a call by a due to ``alipay:`` that holds a ``commands.CallGateway``. The shell of
its host carries it out with :func:`perform` and submits what comes back; only then is the due removed. So a call
may be made twice, which the port allows (see :mod:`dispatch.payment.core.port`), and is never forgotten.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from dispatch.domain.commands import CallGateway, RecordGatewayResponse
from dispatch.payment.core.port import (
    Cancelled,
    Closed,
    CodeCreated,
    NotFound,
    Notification,
    OrderCreated,
    OrderRef,
    PasswordRequired,
    PaymentGateway,
    PaymentOrder,
    Refund,
    Refunded,
    Refusal,
    TradeView,
    Unknown,
    Way,
)

GATEWAY: Final = "alipay:"
"""The target of dues that are calls to the gateway."""
PLACING: Final[dict[Way, str]] = {"page": "create", "code": "precreate", "scan": "scan"}
"""The call that places an order, by its way."""

GatewayResponse = (
    OrderCreated
    | CodeCreated
    | PasswordRequired
    | TradeView
    | NotFound
    | Closed
    | Cancelled
    | Refunded
    | Refusal
    | Unknown
)

_KINDS: Final[dict[str, type[GatewayResponse]]] = {
    "created": OrderCreated,
    "code": CodeCreated,
    "password": PasswordRequired,
    "trade": TradeView,
    "not_found": NotFound,
    "closed": Closed,
    "cancelled": Cancelled,
    "refunded": Refunded,
    "refused": Refusal,
    "unknown": Unknown,
}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}

_encode = msgspec.msgpack.Encoder().encode
_tagged = msgspec.msgpack.Decoder(tuple[str, msgspec.Raw])
_call = msgspec.msgpack.Decoder(CallGateway)
_order = msgspec.msgpack.Decoder(PaymentOrder)
_ref = msgspec.msgpack.Decoder(OrderRef)
_refund = msgspec.msgpack.Decoder(Refund)
_notification = msgspec.msgpack.Decoder(Notification)


def response_tag(answer: GatewayResponse) -> str:
    """The tag under which an answer is encoded."""
    return _NAMES[type(answer)]


def encode_response(answer: GatewayResponse) -> bytes:
    """An answer of the port, with its kind."""
    return _encode((response_tag(answer), answer))


def decode_response(body: bytes) -> GatewayResponse:
    """What :func:`encode_response` made. Raises ``msgspec.DecodeError`` for anything else."""
    name, raw = _tagged.decode(body)
    kind = _KINDS.get(name)
    if kind is None:
        raise msgspec.ValidationError(f"no such answer: {name!r}")
    answer: GatewayResponse = msgspec.msgpack.decode(raw, type=kind)
    return answer


def read_response(told: RecordGatewayResponse) -> GatewayResponse:
    """What the gateway answered. What cannot be read, or speaks of another order, is :class:`Unknown`."""
    try:
        answer = decode_response(told.answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Unknown("the answer cannot be read")
    if isinstance(answer, Refusal | Unknown) or answer.out_trade_no == told.order:
        return answer
    return Unknown("the answer is about another order")


def response_text(body: bytes) -> str:
    """An encoded response as JSON; what cannot be read, in hexadecimal digits."""
    try:
        return msgspec.json.encode(decode_response(body)).decode()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body.hex()


def encode_notification(notification: Notification) -> bytes:
    """A verified notification, for :class:`~dispatch.domain.commands.RecordNotification`."""
    return _encode(notification)


def decode_notification(body: bytes) -> Notification:
    """What :func:`encode_notification` made. Raises ``msgspec.DecodeError`` for anything else."""
    return _notification.decode(body)


def place_call(order: PaymentOrder, company: str = "") -> bytes:
    """The outgoing work that places an order, in its way, for a company's account."""
    return _encode(CallGateway(PLACING[order.way], order.out_trade_no, _encode(order), company))


def order_call(call: str, order: OrderRef, company: str = "") -> bytes:
    """The outgoing work that asks for a placed order: ``query``, ``close`` or ``cancel``."""
    return _encode(CallGateway(call, order.out_trade_no, _encode(order), company))


def refund_call(call: str, refund: Refund, company: str = "") -> bytes:
    """The outgoing work of a refund: ``refund`` or ``query_refund``."""
    return _encode(CallGateway(call, refund.order.out_trade_no, _encode(refund), company))


def company_of(command: bytes) -> str:
    """By whose account outgoing work is to be done. Raises ``msgspec.DecodeError`` where it is malformed."""
    return _call.decode(command).company


async def perform(gateway: PaymentGateway, due: str, command: bytes) -> RecordGatewayResponse:
    """Carry out the outgoing work of the due named ``due``; says what the payment is to hear of it.

    Raises ``msgspec.DecodeError`` or ``ValueError`` where the work itself is malformed, never for what the network
    or Alipay does.
    """
    work = _call.decode(command)
    return RecordGatewayResponse(due, work.order, encode_response(await _ask(gateway, work)))


async def _ask(gateway: PaymentGateway, work: CallGateway) -> GatewayResponse:
    if work.call not in _CALLS:
        raise ValueError(f"the gateway knows no {work.call!r}")
    decoder, call = _CALLS[work.call]
    return await call(gateway, decoder.decode(work.arguments))


# Each call names its own argument; in the table the types are erased.
_CALLS: Final[
    dict[str, tuple[msgspec.msgpack.Decoder[Any], Callable[[PaymentGateway, Any], Awaitable[GatewayResponse]]]]
] = {
    "create": (_order, lambda gateway, order: gateway.create(order)),
    "precreate": (_order, lambda gateway, order: gateway.precreate(order)),
    "scan": (_order, lambda gateway, order: gateway.scan(order)),
    "query": (_ref, lambda gateway, ref: gateway.query(ref)),
    "close": (_ref, lambda gateway, ref: gateway.close(ref)),
    "cancel": (_ref, lambda gateway, ref: gateway.cancel(ref)),
    "refund": (_refund, lambda gateway, refund: gateway.refund(refund)),
    "query_refund": (_refund, lambda gateway, refund: gateway.query_refund(refund)),
}

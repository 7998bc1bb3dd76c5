"""Outgoing calls of a payment, and the encoding of their responses.

A payment requests a call by a scheduled command for ``alipay:`` that contains a ``commands.CallGateway``. The host's
runtime executes it with :func:`perform` and submits the response; only then is the scheduled command removed. A call
may therefore be made twice, which the port allows (see :mod:`dispatch.payment.core.port`), but is never lost.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from dispatch.domain.commands import CallGateway, RecordGatewayResponse
from dispatch.payment.core import port

GATEWAY: Final = "alipay:"
"""The target of scheduled commands that are calls to the gateway."""
PLACING: Final[dict[port.Way, str]] = {"page": "create", "code": "precreate", "scan": "scan"}
"""The call that places an order, by its way."""

GatewayResponse = (
    port.OrderCreated
    | port.CodeCreated
    | port.PasswordRequired
    | port.TradeView
    | port.NotFound
    | port.Closed
    | port.Cancelled
    | port.Refunded
    | port.Refusal
    | port.Unknown
)

_KINDS: Final[dict[str, type[GatewayResponse]]] = {
    "created": port.OrderCreated,
    "code": port.CodeCreated,
    "password": port.PasswordRequired,
    "trade": port.TradeView,
    "not_found": port.NotFound,
    "closed": port.Closed,
    "cancelled": port.Cancelled,
    "refunded": port.Refunded,
    "refused": port.Refusal,
    "unknown": port.Unknown,
}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}

_encode = msgspec.msgpack.Encoder().encode
_tagged = msgspec.msgpack.Decoder(tuple[str, msgspec.Raw])
_call = msgspec.msgpack.Decoder(CallGateway)
_order = msgspec.msgpack.Decoder(port.PaymentOrder)
_ref = msgspec.msgpack.Decoder(port.OrderRef)
_refund = msgspec.msgpack.Decoder(port.Refund)
_notification = msgspec.msgpack.Decoder(port.Notification)


def response_tag(answer: GatewayResponse) -> str:
    return _NAMES[type(answer)]


def encode_response(answer: GatewayResponse) -> bytes:
    return _encode((response_tag(answer), answer))


def decode_response(body: bytes) -> GatewayResponse:
    """Reverse :func:`encode_response`. Raises ``msgspec.DecodeError``."""
    name, raw = _tagged.decode(body)
    kind = _KINDS.get(name)
    if kind is None:
        raise msgspec.ValidationError(f"no such answer: {name!r}")
    answer: GatewayResponse = msgspec.msgpack.decode(raw, type=kind)
    return answer


def read_response(command: RecordGatewayResponse) -> GatewayResponse:
    """The decoded response; :class:`Unknown` if it cannot be read or is about another order."""
    try:
        answer = decode_response(command.answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return port.Unknown("the answer cannot be read")
    if isinstance(answer, port.Refusal | port.Unknown) or answer.out_trade_no == command.order:
        return answer
    return port.OTHER_ORDER


def response_text(body: bytes) -> str:
    """An encoded response as JSON, or in hexadecimal digits if it cannot be read."""
    try:
        return msgspec.json.encode(decode_response(body)).decode()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body.hex()


def encode_notification(notification: port.Notification) -> bytes:
    return _encode(notification)


def decode_notification(body: bytes) -> port.Notification:
    """Reverse :func:`encode_notification`. Raises ``msgspec.DecodeError``."""
    return _notification.decode(body)


def place_call(order: port.PaymentOrder, company: str = "") -> bytes:
    return _encode(CallGateway(PLACING[order.way], order.out_trade_no, _encode(order), company))


def order_call(call: str, order: port.OrderRef, company: str = "") -> bytes:
    """A call about a placed order: ``query``, ``close`` or ``cancel``."""
    return _encode(CallGateway(call, order.out_trade_no, _encode(order), company))


def refund_call(call: str, refund: port.Refund, company: str = "") -> bytes:
    """A call about a refund: ``refund`` or ``query_refund``."""
    return _encode(CallGateway(call, refund.order.out_trade_no, _encode(refund), company))


def company_of(command: bytes) -> str:
    """The company whose account makes the call. Raises ``msgspec.DecodeError`` for a malformed call."""
    return _call.decode(command).company


async def perform(gateway: port.PaymentGateway, due: str, command: bytes) -> RecordGatewayResponse:
    """Execute the call scheduled under the name ``due``. Returns the command that reports the response.

    Raises ``msgspec.DecodeError`` or ``ValueError`` for a malformed call, never for a failure of the network or Alipay.
    """
    work = _call.decode(command)
    return RecordGatewayResponse(due, work.order, encode_response(await _ask(gateway, work)))


async def _ask(gateway: port.PaymentGateway, work: CallGateway) -> GatewayResponse:
    if work.call not in _CALLS:
        raise ValueError(f"the gateway has no call {work.call!r}")
    decoder, call = _CALLS[work.call]
    return await call(gateway, decoder.decode(work.arguments))


# Each call has its own argument type; in the table the types are erased.
_CALLS: Final[
    dict[str, tuple[msgspec.msgpack.Decoder[Any], Callable[[port.PaymentGateway, Any], Awaitable[GatewayResponse]]]]
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

"""A payment's outgoing work: carried out on the gateway's port, and the answers as bytes.

A payment asks for a call by a due to ``alipay:`` that holds a :class:`~dispatch.commands.CallGateway`. The shell of
its host carries it out with :func:`perform` and submits what comes back; only then is the due removed. So a call
may be made twice, which the port allows (see :mod:`dispatch.payment.gateway`), and is never forgotten.
"""

from __future__ import annotations

from typing import Final

import msgspec

from dispatch.commands import CallGateway, HearGateway
from dispatch.payment.gateway import (
    Closed,
    Gateway,
    NotFound,
    Notification,
    Order,
    OrderCreated,
    Refused,
    TradeView,
    Unknown,
)

GATEWAY: Final = "alipay:"
"""The target of dues that are calls to the gateway."""

Answer = OrderCreated | TradeView | NotFound | Closed | Refused | Unknown

_KINDS: Final[dict[str, type[Answer]]] = {
    "created": OrderCreated,
    "trade": TradeView,
    "not_found": NotFound,
    "closed": Closed,
    "refused": Refused,
    "unknown": Unknown,
}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}

_encode = msgspec.msgpack.Encoder().encode
_tagged = msgspec.msgpack.Decoder(tuple[str, msgspec.Raw])
_call = msgspec.msgpack.Decoder(CallGateway)
_order = msgspec.msgpack.Decoder(Order)
_notification = msgspec.msgpack.Decoder(Notification)


def encode_answer(answer: Answer) -> bytes:
    """An answer of the port, with its kind."""
    return _encode((_NAMES[type(answer)], answer))


def decode_answer(body: bytes) -> Answer:
    """What :func:`encode_answer` made. Raises ``msgspec.DecodeError`` for anything else."""
    name, raw = _tagged.decode(body)
    kind = _KINDS.get(name)
    if kind is None:
        raise msgspec.ValidationError(f"no such answer: {name!r}")
    answer: Answer = msgspec.msgpack.decode(raw, type=kind)
    return answer


def read_answer(told: HearGateway) -> Answer:
    """What the gateway answered. What cannot be read, or speaks of another order, is :class:`Unknown`."""
    try:
        answer = decode_answer(told.answer)
    except msgspec.DecodeError:
        return Unknown("the answer cannot be read")
    if isinstance(answer, Refused | Unknown) or answer.out_trade_no == told.order:
        return answer
    return Unknown("the answer is about another order")


def encode_notification(notification: Notification) -> bytes:
    """A verified notification, for :class:`~dispatch.commands.HearNotification`."""
    return _encode(notification)


def decode_notification(body: bytes) -> Notification:
    """What :func:`encode_notification` made. Raises ``msgspec.DecodeError`` for anything else."""
    return _notification.decode(body)


def create_call(order: Order) -> bytes:
    """The outgoing work that makes a trade."""
    return _encode(CallGateway("create", order.out_trade_no, _encode(order)))


def query_call(order: str) -> bytes:
    """The outgoing work that asks where a trade stands."""
    return _encode(CallGateway("query", order))


def close_call(order: str) -> bytes:
    """The outgoing work that closes an unpaid trade."""
    return _encode(CallGateway("close", order))


async def perform(gateway: Gateway, due: str, command: bytes) -> HearGateway:
    """Carry out the outgoing work of the due named ``due``; says what the payment is to hear of it.

    Raises ``msgspec.DecodeError`` or ``ValueError`` where the work itself is malformed, never for what the network
    or Alipay does.
    """
    work = _call.decode(command)
    return HearGateway(due, work.order, encode_answer(await _ask(gateway, work)))


async def _ask(gateway: Gateway, work: CallGateway) -> Answer:
    match work.call:
        case "create":
            return await gateway.create(_order.decode(work.arguments))
        case "query":
            return await gateway.query(work.order)
        case "close":
            return await gateway.close(work.order)
        case call:
            raise ValueError(f"the gateway knows no {call!r}")

"""The port through which a payment reaches Alipay, and what comes back, as facts.

Contract, for every implementation:

- **Three kinds of end.** A call ends in a success that Alipay signed, in a :class:`Refusal` (Alipay decided
  against it), or in :class:`Unknown`: it may or may not have happened. A timeout, a broken connection,
  ``SYSTEM_ERROR``, an answer that cannot be read and a success whose signature does not verify are all
  ``Unknown``. No call raises for what the network or Alipay does.
- **Nothing unsigned is believed as a success.** An unsigned answer counts as a refusal of a create or a close,
  and says nothing about a trade: to a query it is ``Unknown``.
- **The order number is the identity.** Repeating ``create``, ``precreate`` and ``scan`` with the same order is safe
  and gives the same trade; repeating ``query``, ``close`` and ``cancel`` is always safe. A refund's identity is order
  and refund number: repeating it refunds once. After an ``Unknown``, query; never take a new number first.
- **An order is asked for in the way it was placed**: cross-border Alipay keeps scanned payments apart from others, so
  every call after the first names the way beside the number (:class:`OrderRef`).
- **A trade is paid** exactly where :attr:`TradeStatus.paid` says so, in a signed query answer or in a verified
  notification whose facts match the order (:func:`dispatch.payment.core.notification_checks.failed_checks`).
"""

from __future__ import annotations

import enum
import re
from typing import Final, Literal, Protocol

import msgspec

from dispatch.values.money import Money

MAX_EXPIRY_MIN: Final = 15 * 24 * 60
_ORDER_NO: Final = re.compile(r"[A-Za-z0-9_]{1,64}", re.ASCII)
_AUTH_CODE: Final = re.compile(r"[0-9]{16,24}", re.ASCII)
_AMOUNT: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,4})?", re.ASCII)


CHARGE: Final = 1
"""A trip has one charge: its fare."""


def order_number(trip: str, attempt: int) -> str:
    """The order number of a trip's attempt (from 1), for example ``TRIP_1_2``: trip, charge, attempt."""
    return f"{trip}_{CHARGE}_{attempt}"


def trip_of(order: str) -> str | None:
    """The trip to which an order number of ours belongs; None for a number of another form."""
    parts = order.rsplit("_", 2)
    if len(parts) != 3 or not parts[0] or not all(part.isascii() and part.isdecimal() for part in parts[1:]):
        return None
    return parts[0]


def read_amount(text: str, currency: str) -> Money | None:
    """An amount as Alipay writes it, ``"12.30"``; None for anything else, exponents and unknown currencies among it."""
    if not _AMOUNT.fullmatch(text):
        return None
    try:
        return Money.parse(text, currency)
    except (ValueError, KeyError):
        return None


class TradeStatus(enum.Enum):
    """Where a trade stands at Alipay."""

    WAITING = "WAIT_BUYER_PAY"
    SUCCESS = "TRADE_SUCCESS"
    FINISHED = "TRADE_FINISHED"
    CLOSED = "TRADE_CLOSED"
    PENDING = "TRADE_PENDING"
    """Paid, but the seller's account is frozen."""

    @property
    def paid(self) -> bool:
        """Whether the merchant has the money: success, or finished (no refund possible any more)."""
        return self in (TradeStatus.SUCCESS, TradeStatus.FINISHED)


Way = Literal["page", "code", "scan"]
"""How an order reaches its buyer: on a page inside the app (``tradePay``), by a code that the buyer scans from the
driver's screen, or by the buyer's own code, which the driver scans."""


class OrderRef(msgspec.Struct, frozen=True):
    """An order that was placed before."""

    out_trade_no: str
    way: Way = "page"


class PaymentOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to collect one charge. Raises ``ValueError`` for what Alipay would not take."""

    out_trade_no: str
    """Ours, unique for the merchant: up to 64 letters, digits and ``_``."""
    amount: Money
    subject: str
    """What the passenger reads, up to 256 characters."""
    way: Way = "page"
    buyer_id: str = ""
    """The passenger's Alipay user id, 16 digits from 2088; an order on a page needs it."""
    auth_code: str = ""
    """What the driver scanned from the passenger's phone, 16 to 24 digits; an order by scan needs it."""
    terminal: str = ""
    """The vehicle, for the bill."""
    placed_at: str = ""
    """``yyyyMMddHHmmss`` in Beijing's time, when the attempt began: the same in every repetition."""
    notify_url: str
    """Where Alipay posts the result."""
    expires_min: int
    """Minutes until an unpaid trade closes by itself, from 1 to 21,600, which is 15 days."""
    passback: str = ""
    """Comes back in the notification, up to 256 characters."""

    def __post_init__(self) -> None:
        if not _ORDER_NO.fullmatch(self.out_trade_no):
            raise ValueError(f"order number {self.out_trade_no!r} is not 1 to 64 letters, digits and _")
        if self.amount.minor <= 0:
            raise ValueError(f"an order over {self.amount}")
        if not self.subject or max(len(self.subject), len(self.passback)) > 256:
            raise ValueError("a subject of 1 to 256 characters is needed, and a passback of 256 at most")
        if not 1 <= self.expires_min <= MAX_EXPIRY_MIN:
            raise ValueError(f"expiry of {self.expires_min} minutes is not within 1 to {MAX_EXPIRY_MIN}")
        if self.way == "page" and not self.buyer_id:
            raise ValueError("an order on a page needs its buyer")
        if self.way == "scan" and not _AUTH_CODE.fullmatch(self.auth_code):
            raise ValueError("an order by scan needs the 16 to 24 digits of the passenger's code")

    @property
    def ref(self) -> OrderRef:
        """How later calls name this order."""
        return OrderRef(self.out_trade_no, self.way)


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """Money back to the buyer of a paid order. Raises ``ValueError`` for what Alipay would not take."""

    order: OrderRef
    refund_no: str
    """Ours, unique within the order and never the order's own number: up to 64 letters, digits and ``_``."""
    amount: Money
    total: Money
    """The order's whole amount."""
    reason: str
    """Up to 128 characters, for the bill."""
    operator: str = ""
    """Who refunds, for the bill."""

    def __post_init__(self) -> None:
        if not _ORDER_NO.fullmatch(self.refund_no) or self.refund_no == self.order.out_trade_no:
            raise ValueError(f"refund number {self.refund_no!r}")
        if self.amount.currency != self.total.currency or not 0 < self.amount.minor <= self.total.minor:
            raise ValueError(f"a refund of {self.amount} from {self.total}")
        if len(self.reason) > 128:
            raise ValueError("a reason of 128 characters at most")


class OrderCreated(msgspec.Struct, frozen=True):
    """The trade waits for its buyer."""

    out_trade_no: str
    trade_no: str


class CodeCreated(msgspec.Struct, frozen=True):
    """The buyer may scan ``qr_code``. Alipay knows no trade until somebody does: a query says ``NotFound``."""

    out_trade_no: str
    qr_code: str
    """The text of the code, a URL."""


class PasswordRequired(msgspec.Struct, frozen=True):
    """The buyer's code was taken, and the buyer's phone now asks for the password: query what becomes of it."""

    out_trade_no: str
    trade_no: str = ""


class TradeView(msgspec.Struct, frozen=True, kw_only=True):
    """A trade as Alipay signed it in answer to a query."""

    out_trade_no: str
    trade_no: str
    status: TradeStatus
    amount: Money
    buyer_id: str = ""
    paid_at: str = ""
    """When it was paid, ``yyyy-MM-dd HH:mm:ss`` in Beijing's time; blank where it never was."""


class Closed(msgspec.Struct, frozen=True):
    """The trade is closed and can no longer be paid."""

    out_trade_no: str


class Cancelled(msgspec.Struct, frozen=True):
    """The order can no longer be paid, and what was paid of it has gone back."""

    out_trade_no: str
    action: Literal["close", "refund", ""] = ""
    """What it took; blank where there was nothing to undo."""


class Refunded(msgspec.Struct, frozen=True, kw_only=True):
    """The refund took place, by this call or by an earlier one with the same number."""

    out_trade_no: str
    refund_no: str
    amount: Money
    """This refund's."""
    in_all: Money | None = None
    """All refunds of the order so far, where the answer tells."""


class NotFound(msgspec.Struct, frozen=True):
    """Alipay signed that it knows no such trade, or no such refund of it."""

    out_trade_no: str


class Refusal(msgspec.Struct, frozen=True):
    """Alipay decided against the call: nothing was done by it."""

    code: str
    """Alipay's own, for example ``TRADE_HAS_SUCCESS``; ``core.error_texts`` says it in plain words."""
    detail: str = ""
    signed: bool = True
    """False for a gateway's refusal before any business, which carries no signature."""


class Unknown(msgspec.Struct, frozen=True):
    """It may or may not have happened. Query before anything else."""

    reason: str


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """An asynchronous message whose signature has verified. Its facts are still to be held against the order."""

    notify_id: str
    """The same in every repetition of one message."""
    out_trade_no: str
    trade_no: str
    status: TradeStatus
    total: str
    """The amount as Alipay wrote it, ``"12.30"``."""
    currency: str = ""
    """Where the message names one; a mapi message of a mainland trade does not."""
    app_id: str = ""
    """Of the openapi application it is for; mapi messages have none."""
    seller_id: str = ""
    seller_email: str = ""
    buyer_id: str = ""
    paid_at: str = ""
    """``yyyy-MM-dd HH:mm:ss`` in Beijing's time; blank where it was not paid."""
    refunded: str = ""
    """Cumulative refunds, where the message tells of one."""
    refund_no: str = ""
    passback: str = ""
    fields: dict[str, str]
    """All fields as received, for the ledger."""

    @property
    def event(self) -> tuple[str, str, str]:
        """Identifies the reported change: trade, status, refund. Process each once."""
        return self.trade_no, self.status.value, self.refund_no

    def is_for(self, seller_id: str, seller_email: str) -> bool:
        """Compare seller ids, or e-mail addresses if the message has no id. Without either it is for nobody."""
        if self.seller_id:
            return self.seller_id == seller_id
        return bool(seller_email) and self.seller_email == seller_email


class RejectedNotification(msgspec.Struct, frozen=True):
    """A message that Alipay cannot be shown to have sent, or that cannot be read."""

    reason: str


class PaymentGateway(Protocol):
    """What the payment actor knows of Alipay. See the module for the contract."""

    async def create(self, order: PaymentOrder) -> OrderCreated | Refusal | Unknown:
        """Make the trade that the passenger's app will confirm (way ``page``)."""
        ...

    async def precreate(self, order: PaymentOrder) -> CodeCreated | Refusal | Unknown:
        """Make a code for the buyer to scan (way ``code``)."""
        ...

    async def scan(self, order: PaymentOrder) -> TradeView | PasswordRequired | Refusal | Unknown:
        """Collect by the buyer's own code (way ``scan``). A ``TradeView`` is a paid one."""
        ...

    async def query(self, order: OrderRef) -> TradeView | NotFound | Unknown:
        """Ask where the trade stands."""
        ...

    async def close(self, order: OrderRef) -> Closed | NotFound | Refusal | Unknown:
        """Close an unpaid trade. ``Closed`` also where it was closed before; a paid one is ``Refusal``."""
        ...

    async def cancel(self, order: OrderRef) -> Cancelled | Refusal | Unknown:
        """Undo an order whatever became of it, on the day it was placed. ``retry_flag=Y`` is ``Unknown``."""
        ...

    async def refund(self, refund: Refund) -> Refunded | Refusal | Unknown:
        """Give money back. A repetition of what was done is ``Refunded`` again, and moves nothing."""
        ...

    async def query_refund(self, refund: Refund) -> Refunded | NotFound | Unknown:
        """Ask whether a refund took place; ``Unknown`` where the gateway has no such call."""
        ...

    def verify_notification(self, body: bytes, content_type: str) -> Notification | RejectedNotification:
        """Check the signature of a posted form and read it. Pure; needs no network."""
        ...

    async def confirm_notification(self, notify_id: str) -> bool | Unknown:
        """Ask Alipay whether it sent a notification. ``True`` if the gateway has no such call."""
        ...

    async def aclose(self) -> None:
        """Let go of the connections."""
        ...

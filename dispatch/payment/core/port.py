"""The port through which a payment reaches Alipay, and the facts that come back.

Contract, for every implementation:

- **Three kinds of end.** A call ends in a success that Alipay signed, in a :class:`Refusal` (Alipay decided
  against it), or in :class:`Unknown`: it may or may not have happened. A timeout, a broken connection,
  ``SYSTEM_ERROR``, an answer that cannot be read and a success whose signature does not verify are all
  ``Unknown``. No call raises for a failure of the network or of Alipay.
- **No success without a signature.** An unsigned answer counts as a refusal of a create or a close, and proves
  nothing about a trade: as the answer to a query it is ``Unknown``.
- **The order number is the identity.** Repeating ``create``, ``precreate`` and ``scan`` with the same order is safe
  and gives the same trade; repeating ``query``, ``close`` and ``cancel`` is always safe. A refund's identity is order
  and refund number: repeating it refunds once. After an ``Unknown``, query; never take a new number first.
- **Every later call names the order's way** beside its number (:class:`OrderRef`), because cross-border Alipay keeps
  scanned payments apart from others.
- **A trade is paid** if and only if :attr:`TradeStatus.paid` is true in a signed query answer, or in a verified
  notification whose facts match the order (:func:`dispatch.payment.core.notification_checks.failed_checks`).
"""

import enum
import re
from collections.abc import Mapping
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
    """Parse an amount as Alipay writes it, ``"12.30"``. None for anything else, for example an exponent."""
    if not _AMOUNT.fullmatch(text):
        return None
    try:
        return Money.parse(text, currency)
    except (ValueError, KeyError):
        return None


class TradeStatus(enum.Enum):
    """The status of a trade at Alipay."""

    WAITING = "WAIT_BUYER_PAY"
    SUCCESS = "TRADE_SUCCESS"
    FINISHED = "TRADE_FINISHED"
    CLOSED = "TRADE_CLOSED"
    PENDING = "TRADE_PENDING"
    """Paid, but the seller's account is frozen."""

    @property
    def paid(self) -> bool:
        """Whether the merchant has the money: success, or finished (a refund is no longer possible)."""
        return self in (TradeStatus.SUCCESS, TradeStatus.FINISHED)


Way = Literal["page", "code", "scan"]
"""How an order reaches its buyer: on a page inside the app (``tradePay``), by a code on the driver's screen that the
buyer scans, or by the buyer's own code, which the driver scans."""


class OrderRef(msgspec.Struct, frozen=True):
    """Identifies an order in every call after the first."""

    out_trade_no: str
    way: Way = "page"


class PaymentOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to collect one charge. Raises ``ValueError`` for an order that Alipay would not accept."""

    out_trade_no: str
    """Our number, unique for the merchant: up to 64 letters, digits and ``_``."""
    amount: Money
    subject: str
    """Shown to the passenger, up to 256 characters."""
    way: Way = "page"
    buyer_id: str = ""
    """The passenger's Alipay user id, 16 digits from 2088; an order on a page needs it."""
    auth_code: str = ""
    """The code scanned from the passenger's phone, 16 to 24 digits; an order by scan needs it."""
    terminal: str = ""
    """The vehicle, shown on the bill."""
    placed_at: str = ""
    """Start of the attempt, ``yyyyMMddHHmmss`` in Beijing: the same in every repetition."""
    notify_url: str
    """Alipay posts the result to this address."""
    expires_min: int
    """Minutes until an unpaid trade closes by itself, from 1 to 21,600 (15 days)."""
    passback: str = ""
    """Returned in the notification, up to 256 characters."""

    def __post_init__(self) -> None:
        if not _ORDER_NO.fullmatch(self.out_trade_no):
            raise ValueError(f"order number {self.out_trade_no!r} is not 1 to 64 letters, digits and _")
        if self.amount.minor <= 0:
            raise ValueError(f"an order's amount must be positive, not {self.amount}")
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
        return OrderRef(self.out_trade_no, self.way)


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """Money returned to the buyer of a paid order. Raises ``ValueError`` for a refund that Alipay would not accept."""

    order: OrderRef
    refund_no: str
    """Our number, unique within the order and different from the order's: up to 64 letters, digits and ``_``."""
    amount: Money
    total: Money
    """The order's whole amount."""
    reason: str
    """Shown on the bill, up to 128 characters."""
    operator: str = ""
    """The person who refunds, shown on the bill."""

    def __post_init__(self) -> None:
        if not _ORDER_NO.fullmatch(self.refund_no) or self.refund_no == self.order.out_trade_no:
            raise ValueError(
                f"refund number {self.refund_no!r} is not 1 to 64 letters, digits and _, or is the order's"
            )
        if self.amount.currency != self.total.currency or not 0 < self.amount.minor <= self.total.minor:
            raise ValueError(f"a refund of {self.amount} of {self.total}")
        if len(self.reason) > 128:
            raise ValueError("a reason has 128 characters at most")


class OrderCreated(msgspec.Struct, frozen=True):
    """The trade exists and waits for its buyer."""

    out_trade_no: str
    trade_no: str


class CodeCreated(msgspec.Struct, frozen=True):
    """The buyer may scan ``qr_code``. There is no trade before: until then a query answers ``NotFound``."""

    out_trade_no: str
    qr_code: str
    """The code's text, a URL."""


class PasswordRequired(msgspec.Struct, frozen=True):
    """The buyer's code was accepted, and the buyer's phone asks for the password: query the result."""

    out_trade_no: str
    trade_no: str = ""


class TradeView(msgspec.Struct, frozen=True, kw_only=True):
    """A trade as Alipay signed it in an answer."""

    out_trade_no: str
    trade_no: str
    status: TradeStatus
    amount: Money
    buyer_id: str = ""
    paid_at: str = ""
    """Time of payment, ``yyyy-MM-dd HH:mm:ss`` in Beijing; blank if it was never paid."""


class Closed(msgspec.Struct, frozen=True):
    """The trade is closed and can no longer be paid."""

    out_trade_no: str


class Cancelled(msgspec.Struct, frozen=True):
    """The order can no longer be paid, and a payment was refunded."""

    out_trade_no: str
    action: Literal["close", "refund", ""] = ""
    """How it was undone; blank if there was nothing to undo."""


class Refunded(msgspec.Struct, frozen=True, kw_only=True):
    """The refund happened, by this call or by an earlier one with the same number."""

    out_trade_no: str
    refund_no: str
    amount: Money
    """Of this refund."""
    in_all: Money | None = None
    """All refunds of the order so far, if the answer contains it."""


class NotFound(msgspec.Struct, frozen=True):
    """Alipay signed that there is no such trade, or no such refund of it."""

    out_trade_no: str


class Refusal(msgspec.Struct, frozen=True):
    """Alipay decided against the call, which had no effect."""

    code: str
    """Alipay's code, for example ``TRADE_HAS_SUCCESS``; ``core.error_texts`` explains it."""
    detail: str = ""
    signed: bool = True
    """False if the gateway rejected the request itself; such a refusal has no signature."""


class Unknown(msgspec.Struct, frozen=True):
    """The call may or may not have had an effect. Query before anything else."""

    reason: str


OTHER_ORDER: Final = Unknown("the answer is about another order")
CANCEL_ACTIONS: Final[Mapping[str, Literal["close", "refund"]]] = {"close": "close", "refund": "refund"}
"""The actions of :class:`Cancelled`, by their text."""


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """An asynchronous message with a valid signature. Its facts must still be compared with the order."""

    notify_id: str
    """The same in every repetition of a message."""
    out_trade_no: str
    trade_no: str
    status: TradeStatus
    total: str
    """The amount as Alipay wrote it, ``"12.30"``."""
    currency: str = ""
    """Blank in a mapi message about a mainland trade."""
    app_id: str = ""
    """The openapi application; blank in mapi messages."""
    seller_id: str = ""
    seller_email: str = ""
    buyer_id: str = ""
    paid_at: str = ""
    """``yyyy-MM-dd HH:mm:ss`` in Beijing; blank if it was not paid."""
    refunded: str = ""
    """Cumulative refunds, if the message is about one."""
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
    """A message that cannot be read or is not proven to come from Alipay."""

    reason: str


CreateAnswer = OrderCreated | Refusal | Unknown
PrecreateAnswer = CodeCreated | Refusal | Unknown
ScanAnswer = TradeView | PasswordRequired | Refusal | Unknown
QueryAnswer = TradeView | NotFound | Unknown
CloseAnswer = Closed | NotFound | Refusal | Unknown
CancelAnswer = Cancelled | Refusal | Unknown
RefundAnswer = Refunded | Refusal | Unknown
RefundQueryAnswer = Refunded | NotFound | Unknown


class PaymentGateway(Protocol):
    """Calls to Alipay. See the module for the contract."""

    async def create(self, order: PaymentOrder) -> CreateAnswer:
        """Create the trade that the passenger confirms in the app (way ``page``)."""

    async def precreate(self, order: PaymentOrder) -> PrecreateAnswer:
        """Create a code for the buyer to scan (way ``code``)."""

    async def scan(self, order: PaymentOrder) -> ScanAnswer:
        """Collect by the buyer's own code (way ``scan``). A ``TradeView`` means paid."""

    async def query(self, order: OrderRef) -> QueryAnswer: ...

    async def close(self, order: OrderRef) -> CloseAnswer:
        """Close an unpaid trade. ``Closed`` also if it was closed before; a paid one gives a ``Refusal``."""

    async def cancel(self, order: OrderRef) -> CancelAnswer:
        """Undo an order in any status, on the day it was placed. ``retry_flag=Y`` is ``Unknown``."""

    async def refund(self, refund: Refund) -> RefundAnswer:
        """Refund. Repeating a completed refund gives ``Refunded`` again and moves no money."""

    async def query_refund(self, refund: Refund) -> RefundQueryAnswer:
        """Ask whether a refund happened; ``Unknown`` if the gateway has no such call."""

    def verify_notification(self, body: bytes, content_type: str) -> Notification | RejectedNotification:
        """Check the signature of a posted form and read it. Pure; needs no network."""

    async def confirm_notification(self, notify_id: str) -> bool | Unknown:
        """Ask Alipay whether it sent a notification. ``True`` if the gateway has no such call."""

    async def aclose(self) -> None: ...

"""The simulated Alipay as a payment host reaches it, and the notifications that it sends back.

A call may be lost on its way, or its answer after it acted; ``SYSTEM_ERROR`` comes before or after acting. The caller
sees ``Unknown`` in all these cases. Notifications are repeated until they are accepted. They may be late, duplicated,
lost or forged: without a valid signature, or signed with another amount.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from dispatch.payment.core.gateway_calls import response_tag
from dispatch.payment.core.port import (
    Cancelled,
    Closed,
    CodeCreated,
    NotFound,
    Notification,
    OrderCreated,
    OrderRef,
    PasswordRequired,
    PaymentOrder,
    Refund,
    Refunded,
    Refusal,
    RejectedNotification,
    TradeStatus,
    TradeView,
    Unknown,
)
from dispatch.values.money import Money
from sim.simtest.alipay.model import AlipayModel, Trade
from sim.simtest.context import SELLER, SimContext

POST_AGAIN_S = (2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
STATUSES = {"waiting": TradeStatus.WAITING, "paid": TradeStatus.SUCCESS, "closed": TradeStatus.CLOSED}


class Posted(msgspec.Struct, frozen=True):
    """A notification's body."""

    notify_id: str
    order: str
    trade: str
    status: str
    total: str
    signed: bool
    refund: str = ""
    refunded: str = ""


class SimAlipayClient:
    """Implements :class:`dispatch.payment.core.port.PaymentGateway` for one payment host."""

    def __init__(self, context: SimContext, alipay: AlipayModel, on_new_trade: Callable[[Trade], None]) -> None:
        self._context = context
        self._faults = context.faults
        self._alipay = alipay
        self._on_new_trade = on_new_trade

    async def _call(self, what: str, order: str, act: Callable[[], Any]) -> Any:  # noqa: ANN401 - the port's answers
        faults = self._faults
        slow = faults.occurs("alipay_slow", "alipay: slow")
        await asyncio.sleep(faults.rng.uniform(4.0, 14.0) if slow else faults.rng.uniform(0.02, 0.15))
        if faults.alipay_away:
            return Unknown("no connection")
        if faults.occurs("alipay_request_lost", "alipay: request lost"):
            return Unknown("timeout")
        if faults.occurs("alipay_error_before", "alipay: SYSTEM_ERROR before acting"):
            return Unknown("SYSTEM_ERROR")
        answer = act()
        self._context.note(f"alipay {what} {order}: {response_tag(answer)}")
        if faults.occurs("alipay_error_after", "alipay: SYSTEM_ERROR after acting"):
            return Unknown("SYSTEM_ERROR")
        if faults.occurs("alipay_answer_lost", "alipay: answer lost after acting"):
            await asyncio.sleep(faults.rng.uniform(0.5, 3.0))
            return Unknown("timeout")
        await asyncio.sleep(faults.rng.uniform(0.01, 0.05))
        return answer

    def _placed(self, order: PaymentOrder) -> Trade | Refusal:
        new = order.out_trade_no not in self._alipay.trades
        if new and self._faults.occurs("alipay_refuses", "alipay: refused"):
            return Refusal("ACQ.BUYER_BALANCE_NOT_ENOUGH")
        trade = self._alipay.place(order.out_trade_no, order.amount.minor, order.amount.currency, order.way)
        if isinstance(trade, str):
            return Refusal(f"ACQ.{trade}")
        if new:
            self._on_new_trade(trade)
        return trade

    async def create(self, order: PaymentOrder) -> OrderCreated | Refusal | Unknown:

        def act() -> OrderCreated | Refusal:
            trade = self._placed(order)
            return trade if isinstance(trade, Refusal) else OrderCreated(order.out_trade_no, trade.trade)

        answer: OrderCreated | Refusal | Unknown = await self._call("create", order.out_trade_no, act)
        return answer

    async def precreate(self, order: PaymentOrder) -> CodeCreated | Refusal | Unknown:

        def act() -> CodeCreated | Refusal:
            trade = self._placed(order)
            return trade if isinstance(trade, Refusal) else CodeCreated(order.out_trade_no, f"https://qr/{trade.order}")

        answer: CodeCreated | Refusal | Unknown = await self._call("precreate", order.out_trade_no, act)
        return answer

    async def scan(self, order: PaymentOrder) -> TradeView | PasswordRequired | Refusal | Unknown:
        """Collect by the buyer's code: at once, or after a password if ``auth_code`` ends with 7."""

        def act() -> TradeView | PasswordRequired | Refusal:
            trade = self._placed(order)
            if isinstance(trade, Refusal):
                return trade
            if trade.status == "waiting" and not order.auth_code.endswith("7"):
                self._alipay.pay(trade.order)
            return _view(trade) if trade.status == "paid" else PasswordRequired(trade.order, trade.trade)

        answer: TradeView | PasswordRequired | Refusal | Unknown = await self._call("scan", order.out_trade_no, act)
        return answer

    async def query(self, order: OrderRef) -> TradeView | NotFound | Unknown:

        def act() -> TradeView | NotFound:
            trade = self._alipay.known(order.out_trade_no)
            return NotFound(order.out_trade_no) if trade is None else _view(trade)

        answer: TradeView | NotFound | Unknown = await self._call("query", order.out_trade_no, act)
        return answer

    async def close(self, order: OrderRef) -> Closed | NotFound | Refusal | Unknown:

        def act() -> Closed | NotFound | Refusal:
            result = self._alipay.close(order.out_trade_no)
            if result == "closed":
                return Closed(order.out_trade_no)
            return NotFound(order.out_trade_no) if result == "not found" else Refusal(f"ACQ.{result}")

        answer: Closed | NotFound | Refusal | Unknown = await self._call("close", order.out_trade_no, act)
        return answer

    async def cancel(self, order: OrderRef) -> Cancelled | Refusal | Unknown:
        number = order.out_trade_no
        answer: Cancelled | Refusal | Unknown = await self._call(
            "cancel", number, lambda: Cancelled(number, self._alipay.cancel(number))
        )
        return answer

    async def refund(self, refund: Refund) -> Refunded | Refusal | Unknown:

        def act() -> Refunded | Refusal:
            result = self._alipay.refund(refund.order.out_trade_no, refund.refund_no, refund.amount.minor)
            return _refunded(refund) if result == "refunded" else Refusal(f"ACQ.{result}")

        answer: Refunded | Refusal | Unknown = await self._call("refund", refund.refund_no, act)
        return answer

    async def query_refund(self, refund: Refund) -> Refunded | NotFound | Unknown:

        def act() -> Refunded | NotFound:
            trade = self._alipay.trades.get(refund.order.out_trade_no)
            there = trade is not None and refund.refund_no in trade.refunds
            return _refunded(refund) if there else NotFound(refund.order.out_trade_no)

        answer: Refunded | NotFound | Unknown = await self._call("query_refund", refund.refund_no, act)
        return answer

    async def confirm_notification(self, notify_id: str) -> bool | Unknown:  # noqa: ARG002 - the port's shape
        return True

    def verify_notification(self, body: bytes, content_type: str) -> Notification | RejectedNotification:
        return RejectedNotification(f"{len(body)} bytes of {content_type}: only a web gateway reads notifications")

    async def aclose(self) -> None:
        """There are no connections."""


def _view(trade: Trade) -> TradeView:
    return TradeView(
        out_trade_no=trade.order,
        trade_no=trade.trade,
        status=STATUSES[trade.status],
        amount=Money(trade.amount, trade.currency),
        paid_at="2023-11-15 06:13:20" if trade.paid_at is not None else "",
    )


def _refunded(refund: Refund) -> Refunded:
    return Refunded(out_trade_no=refund.order.out_trade_no, refund_no=refund.refund_no, amount=refund.amount)


class NotificationReader:
    """Reads notifications at a gateway: ``signed`` stands for a signature that verifies."""

    async def verify_notification(
        self,
        company: str,  # noqa: ARG002 - the port's shape
        body: bytes,
        content_type: str,  # noqa: ARG002
    ) -> Notification | RejectedNotification:
        posted = msgspec.json.decode(body, type=Posted)
        if not posted.signed:
            return RejectedNotification("the signature does not verify")
        return Notification(
            notify_id=posted.notify_id,
            out_trade_no=posted.order,
            trade_no=posted.trade,
            status=TradeStatus(posted.status),
            total=posted.total,
            seller_id=SELLER,
            refunded=posted.refunded,
            refund_no=posted.refund,
            fields={},
        )


class NotificationSender:
    """Sends each notification of Alipay until a gateway acknowledges it."""

    def __init__(self, context: SimContext, deliver: Callable[[bytes], Awaitable[bool]]) -> None:
        self._context = context
        self._deliver = deliver
        self._count = 0

    def moved(self, trade: Trade, refund: str) -> None:
        faults = self._context.faults
        status = TradeStatus.SUCCESS if trade.status == "paid" else TradeStatus.CLOSED
        self._count += 1
        posted = Posted(
            f"n{self._count}", trade.order, trade.trade, status.value, _amount(trade.amount), True,
            refund, _amount(trade.refunded) if refund else "",
        )  # fmt: skip
        self._context.spawn(self._post(posted))
        if faults.occurs("notice_repeated", "alipay: notification repeated"):
            self._context.spawn(self._post(posted))

    def forge(self, trade: Trade) -> None:
        faults, self._count = self._context.faults, self._count + 1
        amount = _amount(max(1, trade.amount // 100))
        if faults.occurs("amount_forged", "alipay: amount forged"):
            forged = Posted(f"f{self._count}", trade.order, trade.trade, TradeStatus.SUCCESS.value, amount, True)
            self._context.spawn(self._post(forged, tries=1))
        elif faults.occurs("notice_forged", "alipay: notification forged"):
            right = _amount(trade.amount)
            forged = Posted(f"f{self._count}", trade.order, trade.trade, TradeStatus.SUCCESS.value, right, False)
            self._context.spawn(self._post(forged, tries=1))

    async def _post(self, posted: Posted, tries: int = len(POST_AGAIN_S)) -> None:
        faults, body = self._context.faults, msgspec.json.encode(posted)
        late = faults.occurs("notice_late", "alipay: notification late")
        await asyncio.sleep(faults.rng.uniform(5.0, 25.0) if late else faults.rng.uniform(0.05, 0.6))
        for wait_s in POST_AGAIN_S[:tries]:
            lost = faults.occurs("notice_lost", "alipay: notification lost")
            if not lost and await self._deliver(body):
                return
            await asyncio.sleep(wait_s)


def _amount(minor: int) -> str:
    return f"{minor / 100:.2f}"

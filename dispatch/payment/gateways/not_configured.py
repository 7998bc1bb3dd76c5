"""The gateway of a company without an Alipay account: it refuses every payment."""

# ruff: noqa: ARG002 - the port's shape

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
    TradeView,
    Unknown,
)

NO_GATEWAY = Refusal("NO_GATEWAY", "no Alipay account is configured (alipay.gateway_url)", signed=False)


class UnconfiguredGateway:
    """Implements the payment port without Alipay. Nothing was ever placed, so there is nothing to query or undo."""

    async def create(self, order: PaymentOrder) -> OrderCreated | Refusal | Unknown:
        return NO_GATEWAY

    async def precreate(self, order: PaymentOrder) -> CodeCreated | Refusal | Unknown:
        return NO_GATEWAY

    async def scan(self, order: PaymentOrder) -> TradeView | PasswordRequired | Refusal | Unknown:
        return NO_GATEWAY

    async def query(self, order: OrderRef) -> TradeView | NotFound | Unknown:
        return NotFound(order.out_trade_no)

    async def close(self, order: OrderRef) -> Closed | NotFound | Refusal | Unknown:
        return NotFound(order.out_trade_no)

    async def cancel(self, order: OrderRef) -> Cancelled | Refusal | Unknown:
        return Cancelled(order.out_trade_no)

    async def refund(self, refund: Refund) -> Refunded | Refusal | Unknown:
        """Refused, because an account that is no longer configured may still hold the money."""
        return NO_GATEWAY

    async def query_refund(self, refund: Refund) -> Refunded | NotFound | Unknown:
        return NotFound(refund.order.out_trade_no)

    def verify_notification(self, body: bytes, content_type: str) -> Notification | RejectedNotification:
        return RejectedNotification(NO_GATEWAY.detail)

    async def confirm_notification(self, notify_id: str) -> bool | Unknown:
        return True

    async def aclose(self) -> None:
        pass

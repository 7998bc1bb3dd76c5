"""The gateway of a company that has none configured: every payment through it is refused, in words."""

# ruff: noqa: ARG002 - the port's shape

from __future__ import annotations

from dispatch.payment.core.port import (
    Cancelled,
    Closed,
    CodeMade,
    NotFound,
    Notification,
    Order,
    OrderCreated,
    OrderRef,
    PasswordWanted,
    Refund,
    Refunded,
    Refused,
    Rejected,
    TradeView,
    Unknown,
)

NO_GATEWAY = Refused("NO_GATEWAY", "no Alipay account is configured (alipay.gateway_url)", signed=False)


class AbsentGateway:
    """Implements :class:`dispatch.payment.core.port.Gateway` without any Alipay behind it."""

    async def create(self, order: Order) -> OrderCreated | Refused | Unknown:
        """Refused."""
        return NO_GATEWAY

    async def precreate(self, order: Order) -> CodeMade | Refused | Unknown:
        """Refused."""
        return NO_GATEWAY

    async def scan(self, order: Order) -> TradeView | PasswordWanted | Refused | Unknown:
        """Refused."""
        return NO_GATEWAY

    async def query(self, order: OrderRef) -> TradeView | NotFound | Unknown:
        """Nothing was ever placed here."""
        return NotFound(order.out_trade_no)

    async def close(self, order: OrderRef) -> Closed | NotFound | Refused | Unknown:
        """Nothing was ever placed here."""
        return NotFound(order.out_trade_no)

    async def cancel(self, order: OrderRef) -> Cancelled | Refused | Unknown:
        """There is nothing to undo."""
        return Cancelled(order.out_trade_no)

    async def refund(self, refund: Refund) -> Refunded | Refused | Unknown:
        """Refused: an account that is no longer configured may still hold the money."""
        return NO_GATEWAY

    async def query_refund(self, refund: Refund) -> Refunded | NotFound | Unknown:
        """Nothing was ever refunded here."""
        return NotFound(refund.order.out_trade_no)

    def verify_notification(self, body: bytes, content_type: str) -> Notification | Rejected:
        """Nobody could have sent it."""
        return Rejected(NO_GATEWAY.detail)

    async def aclose(self) -> None:
        """There is nothing to let go."""

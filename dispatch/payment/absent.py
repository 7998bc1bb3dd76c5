"""The gateway of a company that has none configured: every payment through it is refused, in words."""

from __future__ import annotations

from dispatch.payment.gateway import (
    Closed,
    NotFound,
    Notification,
    Order,
    OrderCreated,
    Refused,
    Rejected,
    TradeView,
    Unknown,
)

NO_GATEWAY = Refused("NO_GATEWAY", "no Alipay account is configured (alipay.gateway_url)", signed=False)


class AbsentGateway:
    """Implements :class:`dispatch.payment.gateway.Gateway` without any Alipay behind it."""

    async def create(self, order: Order) -> OrderCreated | Refused | Unknown:  # noqa: ARG002 - the port's shape
        """Refused."""
        return NO_GATEWAY

    async def query(self, out_trade_no: str) -> TradeView | NotFound | Unknown:
        """Nothing was ever created here."""
        return NotFound(out_trade_no)

    async def close(self, out_trade_no: str) -> Closed | NotFound | Refused | Unknown:
        """Nothing was ever created here."""
        return NotFound(out_trade_no)

    def verify_notification(self, body: bytes, content_type: str) -> Notification | Rejected:  # noqa: ARG002
        """Nobody could have sent it."""
        return Rejected(NO_GATEWAY.detail)

    async def aclose(self) -> None:
        """There is nothing to let go."""

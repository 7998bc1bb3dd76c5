"""The gateway of a company without an Alipay account: it refuses every payment."""

# ruff: noqa: ARG002 - the port's shape

from dispatch.payment.core import port

NO_GATEWAY = port.Refusal("NO_GATEWAY", "no Alipay account is configured (alipay.gateway_url)", signed=False)


class UnconfiguredGateway:
    """Implements the payment port without Alipay. Nothing was ever placed, so there is nothing to query or undo."""

    async def create(self, order: port.PaymentOrder) -> port.CreateAnswer:
        return NO_GATEWAY

    async def precreate(self, order: port.PaymentOrder) -> port.PrecreateAnswer:
        return NO_GATEWAY

    async def scan(self, order: port.PaymentOrder) -> port.ScanAnswer:
        return NO_GATEWAY

    async def query(self, order: port.OrderRef) -> port.QueryAnswer:
        return port.NotFound(order.out_trade_no)

    async def close(self, order: port.OrderRef) -> port.CloseAnswer:
        return port.NotFound(order.out_trade_no)

    async def cancel(self, order: port.OrderRef) -> port.CancelAnswer:
        return port.Cancelled(order.out_trade_no)

    async def refund(self, refund: port.Refund) -> port.RefundAnswer:
        """Refused, because an account that is no longer configured may still hold the money."""
        return NO_GATEWAY

    async def query_refund(self, refund: port.Refund) -> port.RefundQueryAnswer:
        return port.NotFound(refund.order.out_trade_no)

    def verify_notification(self, body: bytes, content_type: str) -> port.Notification | port.RejectedNotification:
        return port.RejectedNotification(NO_GATEWAY.detail)

    async def confirm_notification(self, notify_id: str) -> bool | port.Unknown:
        return True

    async def aclose(self) -> None:
        pass

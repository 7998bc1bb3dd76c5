"""The openapi gateway: ``alipay.trade.*`` over signed requests and JSON.

Sandbox and production, plain keys and certificates differ only in their ``OpenapiAccount``.
"""

from dispatch.clock import Clock
from dispatch.payment.core import port
from dispatch.payment.gateways.http_client import Transport
from dispatch.payment.gateways.openapi_client import OpenapiClient
from dispatch.payment.protocols.notification import read_openapi_notification
from dispatch.payment.protocols.openapi import responses as answers
from dispatch.payment.protocols.openapi.account import OpenapiAccount, order_fields, refund_fields, refund_query_fields
from dispatch.payment.protocols.openapi.responses import STATUS_ERRORS, OpenapiSuccess


class OpenapiGateway:
    """Implements the payment port over openapi. Close its connections with :meth:`aclose`."""

    def __init__(self, account: OpenapiAccount, clock: Clock, *, transport: Transport | None = None) -> None:
        """Raises :class:`~dispatch.payment.protocols.signing.KeyFormatError` for unusable keys."""
        self._account = account
        self.client = OpenapiClient(account, clock, transport=transport)

    async def create(self, order: port.PaymentOrder) -> port.CreateAnswer:
        fields = self._account.create_fields(order)
        answer = await self.client.call("alipay.trade.create", fields, notify_url=order.notify_url)
        return answers.created(order, answer) if isinstance(answer, OpenapiSuccess) else answer

    async def precreate(self, order: port.PaymentOrder) -> port.PrecreateAnswer:
        fields = self._account.precreate_fields(order)
        answer = await self.client.call("alipay.trade.precreate", fields, notify_url=order.notify_url)
        return answers.code_made(order, answer) if isinstance(answer, OpenapiSuccess) else answer

    async def scan(self, order: port.PaymentOrder) -> port.ScanAnswer:
        fields = self._account.pay_fields(order)
        answer = await self.client.call("alipay.trade.pay", fields, notify_url=order.notify_url)
        return answers.scanned(order, answer) if isinstance(answer, OpenapiSuccess) else answer

    async def query(self, order: port.OrderRef) -> port.QueryAnswer:
        answer = await self.client.call("alipay.trade.query", order_fields(order))
        return answers.viewed(order, answer, self._account.currency)

    async def close(self, order: port.OrderRef) -> port.CloseAnswer:
        answer = answers.closed(order, await self.client.call("alipay.trade.close", order_fields(order)))
        if not isinstance(answer, port.Refusal) or answer.code not in STATUS_ERRORS:
            return answer
        # Alipay has one code for a paid trade and for a closed one.
        view = await self.query(order)
        if isinstance(view, port.TradeView) and view.status is port.TradeStatus.CLOSED:
            return port.Closed(order.out_trade_no)
        return answer

    async def cancel(self, order: port.OrderRef) -> port.CancelAnswer:
        return answers.cancelled(order, await self.client.call("alipay.trade.cancel", order_fields(order)))

    async def refund(self, refund: port.Refund) -> port.RefundAnswer:
        answer = await self.client.call("alipay.trade.refund", refund_fields(refund))
        if not isinstance(answer, OpenapiSuccess):
            return answer
        outcome, moved = answers.refunded(refund, answer)
        if moved or isinstance(outcome, port.Unknown):
            return outcome
        seen = await self.query_refund(refund)
        return outcome if isinstance(seen, port.Refunded) else port.Unknown("fund_change=N")

    async def query_refund(self, refund: port.Refund) -> port.RefundQueryAnswer:
        answer = await self.client.call("alipay.trade.fastpay.refund.query", refund_query_fields(refund))
        return answers.refund_viewed(refund, answer)

    def verify_notification(self, body: bytes, content_type: str) -> port.Notification | port.RejectedNotification:
        return read_openapi_notification(body, content_type, self.client.keys, self._account.app_id)

    async def confirm_notification(self, notify_id: str) -> bool | port.Unknown:  # noqa: ARG002 - the port's shape
        return True

    async def aclose(self) -> None:
        await self.client.aclose()

"""Without an account at Alipay nothing is collected, and nothing is left unclear."""

from dispatch.payment.core.port import Cancelled, NotFound, OrderRef, PaymentOrder, Refund, RejectedNotification
from dispatch.payment.gateways.not_configured import NO_GATEWAY, UnconfiguredGateway
from dispatch.values.money import Money

FARE = Money(1235, "USD")
ORDER = PaymentOrder(
    out_trade_no="t1_1_1", amount=FARE, subject="Taxi", buyer_id="2088", notify_url="https://x", expires_min=30
)
REF = OrderRef("t1_1_1")
REFUND = Refund(order=REF, refund_no="t1_1_1_R1", amount=FARE, total=FARE, reason="")


async def test_money_is_refused_and_nothing_is_there() -> None:
    """Every call that would move money is refused; every question is answered for good."""
    gateway = UnconfiguredGateway()

    assert {await gateway.create(ORDER), await gateway.precreate(ORDER), await gateway.scan(ORDER)} == {NO_GATEWAY}
    assert await gateway.refund(REFUND) == NO_GATEWAY
    assert {await gateway.query(REF), await gateway.close(REF), await gateway.query_refund(REFUND)} == {
        NotFound("t1_1_1")
    }
    assert await gateway.cancel(REF) == Cancelled("t1_1_1")
    assert isinstance(gateway.verify_notification(b"", ""), RejectedNotification)
    await gateway.aclose()

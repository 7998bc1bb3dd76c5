"""Orders and refunds of mapi, shared by tests."""

from dispatch.payment.core.port import PaymentOrder, Refund
from dispatch.values.money import Money

SCANNED = PaymentOrder(
    out_trade_no="T1_1_1",
    amount=Money(1235, "USD"),
    subject="Taxi",
    way="scan",
    auth_code="2812345678901234",
    terminal="V1",
    placed_at="20200913202640",
    notify_url="https://cab.invalid/notify",
    expires_min=15,
)


REFUND = Refund(
    order=SCANNED.ref,
    refund_no="T1_1_1_r1",
    amount=Money(200, "USD"),
    total=Money(1235, "USD"),
    reason="detour",
    operator="anna",
)

"""An openapi account and its orders, shared by tests."""

import msgspec

from dispatch.payment.core.port import PaymentOrder
from dispatch.payment.protocols.openapi.account import OpenapiAccount
from dispatch.values.money import Money
from tests.dispatch.payment.protocols.openapi.signed_json_samples import CREDENTIALS

ACCOUNT = OpenapiAccount(
    gateway_url="https://gateway.invalid/gateway.do",
    app_id="2021000000000001",
    keys=CREDENTIALS,
    currency="CNY",
    seller_id="2088000000000001",
    sys_service_provider_id="2088000000000009",
)


ORDER = PaymentOrder(
    out_trade_no="T1_1_1",
    amount=Money(1235, "CNY"),
    subject="Taxi a/b & c=d",
    buyer_id="2088000000000002",
    terminal="V1",
    notify_url="https://cab.invalid/notify",
    expires_min=15,
    passback="t=1",
)


SCANNED = msgspec.structs.replace(ORDER, way="scan", auth_code="2812345678901234", buyer_id="")

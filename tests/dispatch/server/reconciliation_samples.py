"""Ledger entries and an account, shared by the tests of the reconciliation."""

from __future__ import annotations

import datetime as dt

from dispatch.domain.entity import Row
from dispatch.payment.core.beijing_time import BEIJING
from tests.sim.alipay_sandbox.live_samples import KEYS

DAY = dt.date(2026, 11, 21)
NOON = dt.datetime.combine(DAY, dt.time(12), BEIJING).timestamp()
"""Of the day, in Beijing."""
APPLICATION = {
    "protocol": "openapi",
    "openapi_url": "http://127.0.0.1:1/gateway.do",
    "partner": KEYS.partner,
    "app_id": KEYS.app_id,
    "app_private_key": KEYS.merchant_private_pem,
    "openapi_public_key": KEYS.alipay_public_pem,
}


def entry(number: str, minor: int, refund: str = "", *, day: dt.date = DAY, **values: object) -> Row:
    known = {
        "payment": number,
        "kind": "refund" if refund else "fare",
        "order_no": number,
        "trade_no": None,
        "refund_no": refund or None,
        "method": "scan",
        "company": "C1",
        "vehicle": "V1",
        "from_account": "alipay" if refund else "fares",
        "to_account": "fares" if refund else "alipay",
        "amount_minor": minor,
        "currency": "USD",
        "day": day.isoformat(),
        "at": NOON + (day - DAY).days * 86_400.0,
    }
    return Row("ledger", f"{number}:{refund}", known | values)

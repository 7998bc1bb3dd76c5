"""Orders of the mapi gateway: fields, limits and lifetimes."""

import pytest

from tests.sim.alipay_sandbox.merchant import NOW, demo, order
from tests.sim.alipay_sandbox.sandbox_client import BLOCKED, SandboxClient


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"total_fee": "0"}, "INVALID_PARAMETER"),
        ({"total_fee": "-1"}, "INVALID_PARAMETER"),
        ({"total_fee": "1.234"}, "INVALID_PARAMETER"),
        ({"total_fee": "1e3"}, "INVALID_PARAMETER"),
        ({"total_fee": "100.50", "trans_currency": "JPY"}, "INVALID_PARAMETER"),
        ({"trans_currency": "XXX"}, "INVALID_PARAMETER"),
        ({"currency": ""}, "INVALID_PARAMETER"),
        ({"out_trade_no": "no spaces"}, "INVALID_PARAMETER"),
        ({"subject": "x" * 257}, "INVALID_PARAMETER"),
        ({"product_code": "TIME_TRAVEL"}, "UN_SUPPORT_BIZ_TYPE"),
        ({"seller_id": "2088000000000099"}, "ACCESS_FORBIDDEN"),
        ({"seller_id": "someone"}, "SELLER_NOT_EXIST"),
        ({"buyer_id": ""}, "INVALID_PARAMETER"),
        ({"buyer_id": "12"}, "BUYER_NOT_EXIST"),
        ({"buyer_id": BLOCKED}, "BUYER_ENABLE_STATUS_FORBID"),
        ({"buyer_id": demo().partner}, "BUYER_SELLER_EQUAL"),
        ({"extend_params": ""}, "INVALID_PARAMETER"),
        ({"extend_params": '{"secondary_merchant_id":"1"}'}, "INVALID_PARAMETER"),
        ({"it_b_pay": "1.5h"}, "INVALID_PARAMETER"),
        ({"it_b_pay": "16d"}, "INVALID_PARAMETER"),
        ({"it_b_pay": "30s"}, "INVALID_PARAMETER"),
        ({"notify_url": "ftp://x"}, "INVALID_PARAMETER"),
        ({"price": "6.00", "quantity": "2"}, "INVALID_PARAMETER"),
    ],
)
async def test_orders_that_make_no_sense(alipay: SandboxClient, changes: dict[str, str], code: str) -> None:
    """A malformed order is a signed business failure with its code, and opens no trade."""
    answer = await alipay.mapi(order(**changes))

    assert answer.error == ""
    assert answer.fields["result_code"] == "FAIL"
    assert answer.fields["detail_error_code"] == code
    assert answer.genuine
    assert (await alipay.accounts())["orders"] == []


@pytest.mark.parametrize("name", ["out_trade_no", "subject", "product_code", "total_fee"])
async def test_mandatory_fields(alipay: SandboxClient, name: str) -> None:
    """A mandatory field that is missing is the gateway's own refusal."""
    assert (await alipay.mapi(order(**{name: ""}))).error == "ILLEGAL_ARGUMENT"


@pytest.mark.parametrize(
    ("it_b_pay", "seconds"),
    [("15m", 900), ("2h", 7200), ("1d", 86400), ("1c", 3 * 3600 + 33 * 60 + 20), ("", 15 * 86400)],
)
async def test_expiry(alipay: SandboxClient, it_b_pay: str, seconds: int) -> None:
    """An unpaid trade closes when its time is over, not a second before."""
    await alipay.mapi(order(it_b_pay=it_b_pay))
    alipay.clock.now = NOW + seconds - 1
    before = (await alipay.accounts())["orders"][0]["status"]
    alipay.clock.now = NOW + seconds
    after = (await alipay.accounts())["orders"][0]["status"]

    assert (before, after) == ("WAIT_BUYER_PAY", "TRADE_CLOSED")

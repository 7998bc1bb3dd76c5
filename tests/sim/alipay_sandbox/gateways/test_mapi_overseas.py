"""The cross-border calls of the mapi gateway."""

import pytest

from tests.sim.alipay_sandbox.merchant import BUYER, spot
from tests.sim.alipay_sandbox.sandbox_client import SandboxClient


def refund(**fields: str) -> dict[str, str]:
    return {"service": "alipay.acquire.overseas.spot.refund", "partner_trans_id": "T1_1_1"} | fields


async def test_overseas_spot_pay(alipay: SandboxClient) -> None:
    """A buyer's code pays; the same request again is the same payment, and the query knows it."""
    code = await alipay.bar_code()
    done = await alipay.mapi(spot(code))
    again = await alipay.mapi(spot(code))
    told = await alipay.mapi({"service": "alipay.acquire.overseas.query", "partner_trans_id": "T1_1_1"})
    nothing = await alipay.mapi({"service": "alipay.acquire.overseas.query"})

    assert done.genuine
    assert done.fields == {
        "alipay_buyer_login_id": "139****0002",
        "alipay_buyer_user_id": BUYER,
        "alipay_pay_time": "20200913202640",
        "alipay_trans_id": done.fields["alipay_trans_id"],
        "currency": "USD",
        "partner_trans_id": "T1_1_1",
        "result_code": "SUCCESS",
        "trans_amount": "12.35",
    }
    assert again.fields == done.fields
    assert told.fields == done.fields | {
        "alipay_trans_status": "TRADE_SUCCESS",
        "out_trade_no": "T1_1_1",
        "payment_inst": "ALIPAYCN",
    }
    assert nothing.error == "ILLEGAL_ARGUMENT"
    assert (await alipay.order_of())["captures"] == 1


async def test_overseas_spot_pay_waits(alipay: SandboxClient) -> None:
    """A large amount is UNKNOW until the buyer has typed the password."""
    code = await alipay.bar_code()
    waiting = await alipay.mapi(spot(code, trans_amount="2000.01"))
    await alipay.pay(waiting.fields["alipay_trans_id"])
    done = await alipay.mapi(spot(code, trans_amount="2000.01"))

    assert (waiting.fields["result_code"], done.fields["result_code"]) == ("UNKNOW", "SUCCESS")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"buyer_identity_code": "123"}, "PAYMENT_AUTH_CODE_INVALID"),
        ({"buyer_identity_code": "280000000000000001"}, "PAYMENT_AUTH_CODE_INVALID"),
        ({"identity_code_type": "qrcode"}, "INVALID_PARAMETER"),
        ({"trans_create_time": "yesterday"}, "INVALID_PARAMETER"),
        ({"trans_amount": "0"}, "INVALID_PARAMETER"),
        ({"extend_info": "{}"}, "INVALID_PARAMETER"),
        ({"biz_product": "X"}, "UN_SUPPORT_BIZ_TYPE"),
    ],
)
async def test_overseas_spot_pay_refused(alipay: SandboxClient, changes: dict[str, str], code: str) -> None:
    """What makes no sense is FAILED, and opens no trade."""
    answer = await alipay.mapi(spot(await alipay.bar_code()) | changes)

    assert (answer.fields["result_code"], answer.fields["detail_error_code"]) == ("FAILED", code)
    assert (await alipay.accounts())["orders"] == []


async def test_overseas_spot_refund(alipay: SandboxClient) -> None:
    """A refund by its own number, once; never under the number of the payment."""
    await alipay.mapi(spot(await alipay.bar_code()))
    fields = {"refund_amount": "2.35", "currency": "USD", "refund_reason": "x"}
    done = await alipay.mapi(refund(partner_refund_id="R1", **fields))
    again = await alipay.mapi(refund(partner_refund_id="R1", **fields))
    more = await alipay.mapi(refund(partner_refund_id="R1", **fields | {"refund_amount": "3.00"}))
    named = await alipay.mapi(refund(partner_refund_id="T1_1_1", **fields))
    foreign = await alipay.mapi(refund(partner_refund_id="R2", **fields | {"currency": "EUR"}))

    assert done.fields == again.fields
    assert (done.fields["result_code"], done.fields["partner_refund_id"]) == ("SUCCESS", "R1")
    assert more.fields["detail_error_code"] == "DISCORDANT_REPEAT_REQUEST"
    assert named.fields["detail_error_code"] == foreign.fields["detail_error_code"] == "INVALID_PARAMETER"
    assert (await alipay.order_of())["refunds"] == 1

"""The rest of ``alipay.acquire.*``: codes, cancels and refunds of the mainland, and the cross-border services."""

import pytest

from tests.sim.alipay_sandbox.merchant import BUYER, NOW, demo, order
from tests.sim.alipay_sandbox.sandbox_client import POOR, SandboxClient

MIDNIGHT = NOW + 3 * 3600 + 33 * 60 + 20
"""The end of the Beijing day on which the tests play."""


async def paid(alipay: SandboxClient, **changes: str) -> str:
    trade_no: str = (await alipay.mapi(order(**changes))).fields["trade_no"]
    assert await alipay.pay(trade_no) == ("9000", "")
    return trade_no


def spot(code: str, **changes: str) -> dict[str, str]:
    """The fields of a cross-border payment by the buyer's code."""
    fields = {
        "service": "alipay.acquire.overseas.spot.pay",
        "partner_trans_id": "T1_1_1",
        "buyer_identity_code": code,
        "identity_code_type": "barcode",
        "trans_create_time": "20200913202640",
        "trans_name": "Taxi 车费",
        "trans_amount": "12.35",
        "currency": "USD",
        "biz_product": "OVERSEAS_MBARCODE_PAY",
        "extend_info": order()["extend_params"],
    }
    return fields | changes


def refund(service: str = "alipay.acquire.refund", **fields: str) -> dict[str, str]:
    named = {"out_trade_no": "T1_1_1"} if service == "alipay.acquire.refund" else {"partner_trans_id": "T1_1_1"}
    return {"service": service} | named | fields


@pytest.mark.parametrize("sign_type", ["MD5", "RSA", "RSA2"])
@pytest.mark.parametrize("charset", ["UTF-8", "GBK"])
async def test_precreate(alipay: SandboxClient, sign_type: str, charset: str) -> None:
    """A code and its pictures, signed; no trade until a buyer scans it."""
    fields = order(service="alipay.acquire.precreate", buyer_id="")
    made = await alipay.mapi(fields, sign_type, charset)
    again = await alipay.mapi(fields, sign_type, charset)
    before = await alipay.query()
    scan = await alipay.http.post("/sandbox/scan", json={"code": made.fields["qr_code"], "buyer_id": BUYER})
    after = await alipay.query()

    assert made.genuine
    assert sorted(made.fields) == [
        "big_pic_url",
        "out_trade_no",
        "pic_url",
        "qr_code",
        "result_code",
        "small_pic_url",
        "voucher_type",
    ]
    assert again.fields == made.fields
    assert before.fields["detail_error_code"] == "TRADE_NOT_EXIST"
    assert after.fields["trade_no"] == scan.json()["trade_no"]
    assert (await alipay.http.get(made.fields["pic_url"])).headers["content-type"] == "image/svg+xml"


async def test_codes_that_are_scanned_in_vain(alipay: SandboxClient) -> None:
    """An unknown code, one that somebody else scanned, one that was withdrawn, and one that is too old."""
    fields = order(service="alipay.acquire.precreate", buyer_id="")

    async def scan(code: str, buyer_id: str = BUYER) -> str:
        answer = await alipay.http.post("/sandbox/scan", json={"code": code, "buyer_id": buyer_id})
        return str(answer.json().get("error", ""))

    taken, withdrawn, old = [
        (await alipay.mapi(fields | {"out_trade_no": number})).fields["qr_code"] for number in ("T1", "T2", "T3")
    ]
    other_terms = await alipay.mapi(fields | {"out_trade_no": "T3", "total_fee": "1.00"})
    assert await scan(taken) == ""
    assert await scan(taken) == ""
    assert await scan(taken, "2088000000000009") == "TRADE_BUYER_NOT_MATCH"
    assert await scan("http://sandbox.invalid/qr/nothing") == "TRADE_NOT_EXIST"
    assert await scan(old, demo().partner) == "BUYER_SELLER_EQUAL"
    cancelled = await alipay.mapi({"service": "alipay.acquire.cancel", "out_trade_no": "T2"})
    assert await scan(withdrawn) == "TRADE_HAS_CLOSE"
    alipay.clock.now = NOW + 2 * 3600
    assert await scan(old) == "NOW_TIME_AFTER_EXPIRE_TIME_ERROR"
    assert (cancelled.fields["detail_error_code"], cancelled.fields["retry_flag"]) == ("TRADE_NOT_EXIST", "N")
    assert other_terms.fields["detail_error_code"] == "CONTEXT_INCONSISTENT"
    assert (await alipay.http.post("/sandbox/scan", content=b"{")).status_code == 400


async def test_create_and_pay(alipay: SandboxClient) -> None:
    """The mainland's payment by code: paid, waiting for the password, or no order at all."""
    fields = order(
        service="alipay.acquire.createandpay",
        product_code="BARCODE_PAY_OFFLINE",
        buyer_id="",
        dynamic_id_type="bar_code",
        dynamic_id=await alipay.bar_code(),
    )
    done = await alipay.mapi(fields)
    spent = await alipay.mapi(fields | {"out_trade_no": "T2"})
    waiting = await alipay.mapi(
        fields | {"out_trade_no": "T3", "dynamic_id": await alipay.bar_code(), "total_fee": "2000.01"}
    )
    sound = await alipay.mapi(fields | {"dynamic_id_type": "wave_code"})

    assert done.genuine
    assert done.fields == {
        "buyer_logon_id": "139****0002",
        "buyer_user_id": BUYER,
        "gmt_payment": "2020-09-13 20:26:40",
        "out_trade_no": "T1_1_1",
        "result_code": "ORDER_SUCCESS_PAY_SUCCESS",
        "total_fee": "12.35",
        "trade_no": done.fields["trade_no"],
    }
    assert (spent.fields["result_code"], spent.fields["detail_error_code"]) == (
        "ORDER_FAIL",
        "PAYMENT_AUTH_CODE_INVALID",
    )
    assert waiting.fields["result_code"] == "ORDER_SUCCESS_PAY_INPROCESS"
    assert sound.fields["detail_error_code"] == "INVALID_PARAMETER"


async def test_cancel_until_a_quarter_past_midnight(alipay: SandboxClient) -> None:
    """A cancel works on the Beijing day of the order, and fifteen minutes longer."""
    for number in ("T1", "T2", "T3"):
        await paid(alipay, out_trade_no=number)
    await alipay.mapi(order(out_trade_no="T4", it_b_pay="1d"))

    async def cancel(number: str) -> dict[str, str]:
        stamp = {"timestamp": str(int(alipay.clock.now * 1000))}
        answer = await alipay.mapi({"service": "alipay.acquire.cancel", "out_trade_no": number} | stamp)
        assert answer.genuine
        return answer.fields

    same_day, waiting = await cancel("T1"), await cancel("T4")
    alipay.clock.now = MIDNIGHT + 899
    grace = await cancel("T2")
    alipay.clock.now = MIDNIGHT + 900
    late = await cancel("T3")

    assert (same_day["result_code"], same_day["retry_flag"], same_day["action"]) == ("SUCCESS", "N", "refund")
    assert waiting["action"] == "close"
    assert grace["action"] == "refund"
    assert late["detail_error_code"] == "TRADE_CANCEL_TIME_OUT"
    assert [order["refunded_minor"] for order in (await alipay.accounts())["orders"]] == [1235, 1235, 0, 0]


async def test_refund(alipay: SandboxClient) -> None:
    """Parts with numbers, the whole without; money moves once for each number."""
    trade_no = await paid(alipay)
    first = await alipay.mapi(refund(refund_amount="2.35", out_request_no="R1", trans_currency="USD"))
    again = await alipay.mapi(refund(refund_amount="2.35", out_request_no="R1"))
    unnamed = await alipay.mapi(refund(refund_amount="10.00"))
    foreign = await alipay.mapi(refund(refund_amount="1.00", out_request_no="R2", trans_currency="EUR"))
    nothing = await alipay.mapi(refund())

    assert first.genuine
    assert first.fields == {
        "buyer_logon_id": "139****0002",
        "buyer_user_id": BUYER,
        "fund_change": "Y",
        "gmt_refund_pay": "2020-09-13 20:26:40",
        "out_trade_no": "T1_1_1",
        "refund_fee": "2.35",
        "result_code": "SUCCESS",
        "trade_no": trade_no,
    }
    assert again.fields["fund_change"] == "N"
    assert unnamed.fields["detail_error_code"] == "REFUND_AMT_NOT_EQUAL_TOTAL"
    assert foreign.fields["detail_error_code"] == "INVALID_PARAMETER"
    assert nothing.error == "ILLEGAL_ARGUMENT"
    assert (await alipay.order_of())["refunded_minor"] == 235


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
    service = "alipay.acquire.overseas.spot.refund"
    await alipay.mapi(spot(await alipay.bar_code()))
    fields = {"refund_amount": "2.35", "currency": "USD", "refund_reason": "x"}
    done = await alipay.mapi(refund(service, partner_refund_id="R1", **fields))
    again = await alipay.mapi(refund(service, partner_refund_id="R1", **fields))
    more = await alipay.mapi(refund(service, partner_refund_id="R1", **fields | {"refund_amount": "3.00"}))
    named = await alipay.mapi(refund(service, partner_refund_id="T1_1_1", **fields))
    foreign = await alipay.mapi(refund(service, partner_refund_id="R2", **fields | {"currency": "EUR"}))

    assert done.fields == again.fields
    assert (done.fields["result_code"], done.fields["partner_refund_id"]) == ("SUCCESS", "R1")
    assert more.fields["detail_error_code"] == "DISCORDANT_REPEAT_REQUEST"
    assert named.fields["detail_error_code"] == foreign.fields["detail_error_code"] == "INVALID_PARAMETER"
    assert (await alipay.order_of())["refunds"] == 1


async def test_a_code_of_a_buyer_without_money(alipay: SandboxClient) -> None:
    """A refused payment leaves the code good for another try."""
    code = await alipay.bar_code(POOR)
    poor = await alipay.mapi(spot(code))
    less = await alipay.mapi(spot(code, partner_trans_id="T2", trans_amount="0.50"))

    assert poor.fields["detail_error_code"] == "BUYER_BALANCE_NOT_ENOUGH"
    assert less.fields["result_code"] == "SUCCESS"

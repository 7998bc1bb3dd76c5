"""``alipay.acquire.*`` of the mainland: orders, payments, codes, cancels and refunds."""

import pytest

from tests.sim.alipay_sandbox.merchant import BUYER, NOW, demo, order, spot
from tests.sim.alipay_sandbox.sandbox_client import POOR, SandboxClient

MIDNIGHT = NOW + 3 * 3600 + 33 * 60 + 20
"""The end of the Beijing day on which the tests play."""


async def paid(alipay: SandboxClient, **changes: str) -> str:
    trade_no: str = (await alipay.mapi(order(**changes))).fields["trade_no"]
    assert await alipay.pay(trade_no) == ("9000", "")
    return trade_no


def refund(**fields: str) -> dict[str, str]:
    return {"service": "alipay.acquire.refund", "out_trade_no": "T1_1_1"} | fields


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


async def test_a_code_of_a_buyer_without_money(alipay: SandboxClient) -> None:
    """A refused payment leaves the code good for another try."""
    code = await alipay.bar_code(POOR)
    poor = await alipay.mapi(spot(code))
    less = await alipay.mapi(spot(code, partner_trans_id="T2", trans_amount="0.50"))

    assert poor.fields["detail_error_code"] == "BUYER_BALANCE_NOT_ENOUGH"
    assert less.fields["result_code"] == "SUCCESS"


async def test_create_is_idempotent(alipay: SandboxClient) -> None:
    """The order number is the transaction: the same again gives the same trade, anything else an error."""
    first = await alipay.mapi(order())
    again = await alipay.mapi(order(), "RSA2")
    dearer = await alipay.mapi(order(total_fee="12.36"))
    other = await alipay.mapi(order(buyer_id="2088000000000009"))

    assert again.fields["trade_no"] == first.fields["trade_no"]
    assert dearer.fields["detail_error_code"] == "CONTEXT_INCONSISTENT"
    assert other.fields["detail_error_code"] == "TRADE_BUYER_NOT_MATCH"
    assert len((await alipay.accounts())["orders"]) == 1


async def test_paid_once(alipay: SandboxClient) -> None:
    """A trade is paid once, whatever is repeated; the books show one capture and balance."""
    trade_no = (await alipay.mapi(order())).fields["trade_no"]
    waiting = await alipay.query()

    assert waiting.fields["trade_status"] == "WAIT_BUYER_PAY"
    assert await alipay.pay(trade_no) == ("9000", "")
    assert await alipay.pay(trade_no) == ("9000", "")
    assert await alipay.pay(trade_no, "2088000000000009") == ("4000", "TRADE_BUYER_NOT_MATCH")

    paid = await alipay.query()
    accounts = await alipay.accounts()
    assert paid.genuine
    assert paid.fields == {
        "buyer_logon_id": "139****0002",
        "buyer_user_id": BUYER,
        "out_trade_no": "T1_1_1",
        "partner": demo().partner,
        "result_code": "SUCCESS",
        "send_pay_date": "2020-09-13 20:26:40",
        "total_fee": "12.35",
        "trade_no": trade_no,
        "trade_status": "TRADE_SUCCESS",
    }
    assert accounts["balanced"]
    assert accounts["orders"] == [
        {
            "partner": demo().partner,
            "out_trade_no": "T1_1_1",
            "trade_no": trade_no,
            "status": "TRADE_SUCCESS",
            "buyer_id": BUYER,
            "currency": "USD",
            "total_minor": 1235,
            "passback": "T1",
            "captures": 1,
            "captured_minor": 1235,
            "refunds": 0,
            "refunded_minor": 0,
        }
    ]
    assert {"account": f"merchant:{demo().partner}", "currency": "USD", "minor": 1235} in accounts["balances"]
    assert (await alipay.mapi(order())).fields["detail_error_code"] == "TRADE_HAS_SUCCESS"
    assert (await alipay.close()).fields["detail_error_code"] == "REASON_ILLEGAL_STATUS"


async def test_payments_that_do_not_happen(alipay: SandboxClient) -> None:
    """No money, no trade, or a passenger who leaves: nothing is captured."""
    trade_no = (await alipay.mapi(order(buyer_id=POOR))).fields["trade_no"]

    assert await alipay.pay(trade_no, POOR, confirm=False) == ("6001", "the user left the payment")
    assert await alipay.pay(trade_no, POOR) == ("4000", "BUYER_BALANCE_NOT_ENOUGH")
    assert await alipay.pay("no such trade") == ("4000", "TRADE_NOT_EXIST")
    assert (await alipay.http.post("/sandbox/tradepay", content=b"{")).status_code == 400
    assert (await alipay.accounts())["orders"][0]["captures"] == 0


async def test_close(alipay: SandboxClient) -> None:
    """An unpaid trade closes, once and for all."""
    trade_no = (await alipay.mapi(order())).fields["trade_no"]

    assert (await alipay.close()).fields["result_code"] == "SUCCESS"
    assert (await alipay.close()).fields["result_code"] == "SUCCESS"
    assert await alipay.pay(trade_no) == ("4000", "TRADE_HAS_CLOSE")
    assert (await alipay.query()).fields["trade_status"] == "TRADE_CLOSED"
    assert (await alipay.mapi(order())).fields["detail_error_code"] == "TRADE_HAS_CLOSE"


async def test_unknown_trades(alipay: SandboxClient) -> None:
    """What was never ordered is a signed TRADE_NOT_EXIST; asking for nothing is the gateway's refusal."""
    unknown = await alipay.query("T9")

    assert unknown.fields["detail_error_code"] == "TRADE_NOT_EXIST"
    assert unknown.genuine
    assert (await alipay.close("T9")).fields["detail_error_code"] == "TRADE_NOT_EXIST"
    assert (await alipay.query("")).error == "ILLEGAL_ARGUMENT"


async def test_a_paid_trade_does_not_expire(alipay: SandboxClient) -> None:
    """Time does nothing to a trade that is paid."""
    await alipay.pay((await alipay.mapi(order())).fields["trade_no"])
    alipay.clock.now = NOW + 900

    assert (await alipay.accounts())["orders"][0]["status"] == "TRADE_SUCCESS"


async def test_single_trade_query(alipay: SandboxClient) -> None:
    """The web products' query: a ``trade`` element, and unsigned refusals."""
    await alipay.mapi(order())
    known = await alipay.mapi({"service": "single_trade_query", "out_trade_no": "T1_1_1"})
    unknown = await alipay.mapi({"service": "single_trade_query", "out_trade_no": "T2"})
    nothing = await alipay.mapi({"service": "single_trade_query"})

    assert known.genuine
    assert known.fields["trade_status"] == "WAIT_BUYER_PAY"
    assert (unknown.error, nothing.error) == ("TRADE_NOT_EXIST", "ILLEGAL_ARGUMENT")

"""``alipay.trade.*`` and the token: fields, codes, and one history behind both gateways."""

from typing import Any

import pytest

from tests.sim.alipay_sandbox.merchant import BUYER, NOW, demo, order
from tests.sim.alipay_sandbox.openapi_requests import trade
from tests.sim.alipay_sandbox.sandbox_client import BLOCKED, POOR, SandboxClient

CREATE = "alipay.trade.create"
PAY = "alipay.trade.pay"
QUERY = "alipay.trade.query"
REFUND = "alipay.trade.refund"
NUMBER = {"out_trade_no": "T1_1_1"}


async def paid(alipay: SandboxClient, **changes: Any) -> str:
    trade_no: str = (await alipay.openapi(CREATE, trade(**changes))).node["trade_no"]
    assert await alipay.pay(trade_no) == ("9000", "")
    return trade_no


async def test_create_pay_query(alipay: SandboxClient) -> None:
    """A trade waits at once, is paid by its buyer, and tells its amounts."""
    created = await alipay.openapi(CREATE, trade())
    waiting = await alipay.openapi(QUERY, NUMBER)
    await alipay.pay(created.node["trade_no"])
    done = await alipay.openapi(QUERY, {"trade_no": created.node["trade_no"]})

    assert created.node == {"code": "10000", "msg": "Success", **NUMBER, "trade_no": created.node["trade_no"]}
    assert waiting.node["trade_status"] == "WAIT_BUYER_PAY"
    assert "send_pay_date" not in waiting.node
    assert done.genuine()
    assert done.node == {
        "code": "10000",
        "msg": "Success",
        "out_trade_no": "T1_1_1",
        "trade_no": created.node["trade_no"],
        "buyer_logon_id": "139****0002",
        "buyer_user_id": BUYER,
        "trade_status": "TRADE_SUCCESS",
        "total_amount": "12.35",
        "send_pay_date": "2020-09-13 20:26:40",
        "receipt_amount": "12.35",
        "buyer_pay_amount": "12.35",
        "point_amount": "0.00",
        "invoice_amount": "12.35",
        "fund_bill_list": [{"fund_channel": "ALIPAYACCOUNT", "amount": "12.35", "real_amount": "12.35"}],
    }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"total_amount": "0"}, "INVALID_PARAMETER"),
        ({"total_amount": "1.234"}, "INVALID_PARAMETER"),
        ({"total_amount": "100000000.01"}, "TOTAL_FEE_EXCEED"),
        ({"total_amount": None}, "INVALID_PARAMETER"),
        ({"out_trade_no": "no spaces"}, "INVALID_PARAMETER"),
        ({"subject": "a=b"}, "INVALID_PARAMETER"),
        ({"subject": {"a": "b"}}, "INVALID_PARAMETER"),
        ({"buyer_id": None}, "INVALID_PARAMETER"),
        ({"buyer_id": "12"}, "BUYER_NOT_EXIST"),
        ({"buyer_id": None, "buyer_logon_id": "nobody@example.com"}, "BUYER_NOT_EXIST"),
        ({"buyer_id": BLOCKED}, "BUYER_ENABLE_STATUS_FORBID"),
        ({"buyer_id": demo().partner}, "BUYER_SELLER_EQUAL"),
        ({"seller_id": "2088000000000099"}, "ACCESS_FORBIDDEN"),
        ({"timeout_express": "16d"}, "INVALID_PARAMETER"),
        ({"time_expire": "2020-09-13 20:26:39"}, "NOW_TIME_AFTER_EXPIRE_TIME_ERROR"),
        ({"time_expire": "soon"}, "INVALID_PARAMETER"),
        ({"discountable_amount": "1.00", "undiscountable_amount": "1.00"}, "INVALID_PARAMETER"),
    ],
)
async def test_orders_that_make_no_sense(alipay: SandboxClient, changes: dict[str, Any], code: str) -> None:
    """A malformed order is a signed business failure, and opens no trade."""
    answer = await alipay.openapi(CREATE, trade(**changes))

    assert answer.code == f"40004 ACQ.{code}"
    assert answer.genuine()
    assert (await alipay.accounts())["orders"] == []


async def test_amounts_as_numbers(alipay: SandboxClient) -> None:
    """An amount may be a JSON number: what counts is how it was written."""
    await alipay.openapi(CREATE, trade(total_amount=12.5))

    assert (await alipay.order_of())["total_minor"] == 1250


async def test_create_is_idempotent(alipay: SandboxClient) -> None:
    """The same again is the same trade; another amount or buyer, a paid or a closed order are refused."""
    first = await alipay.openapi(CREATE, trade())
    again = await alipay.openapi(CREATE, trade())
    dearer = await alipay.openapi(CREATE, trade(total_amount="12.36"))
    other = await alipay.openapi(CREATE, trade(buyer_id="2088000000000009"))
    await alipay.pay(first.node["trade_no"])
    after = await alipay.openapi(CREATE, trade())

    assert again.node == first.node
    assert dearer.code == "40004 ACQ.CONTEXT_INCONSISTENT"
    assert other.code == "40004 ACQ.TRADE_BUYER_NOT_MATCH"
    assert after.code == "40004 ACQ.TRADE_HAS_SUCCESS"
    assert (await alipay.order_of())["captures"] == 1


async def test_time_expire_wins(alipay: SandboxClient) -> None:
    """An absolute end counts more than a duration; after it the trade is closed."""
    await alipay.openapi(CREATE, trade(time_expire="2020-09-13 20:28:40", timeout_express="1h"))
    alipay.clock.now = NOW + 119
    before = (await alipay.openapi(QUERY, NUMBER)).node["trade_status"]
    alipay.clock.now = NOW + 120
    after = (await alipay.openapi(QUERY, NUMBER)).node["trade_status"]

    assert (before, after) == ("WAIT_BUYER_PAY", "TRADE_CLOSED")


async def test_close(alipay: SandboxClient) -> None:
    """Only what waits can be closed."""
    nothing = await alipay.openapi("alipay.trade.close", NUMBER)
    await alipay.openapi(CREATE, trade())
    done = await alipay.openapi("alipay.trade.close", NUMBER)
    again = await alipay.openapi("alipay.trade.close", NUMBER)
    await paid(alipay, out_trade_no="T2")
    too_late = await alipay.openapi("alipay.trade.close", {"out_trade_no": "T2"})

    assert nothing.code == "40004 ACQ.TRADE_NOT_EXIST"
    assert done.code == "10000"
    assert again.code == "40004 ACQ.REASON_TRADE_STATUS_INVALID"
    assert too_late.code == "40004 ACQ.TRADE_STATUS_ERROR"


async def test_refund_in_parts(alipay: SandboxClient) -> None:
    """Parts add up, a repeated number moves nothing, too much is refused, and the whole closes the trade."""
    await paid(alipay)
    first = await alipay.openapi(
        REFUND, NUMBER | {"refund_amount": "5.00", "out_request_no": "R1", "refund_reason": "x"}
    )
    again = await alipay.openapi(REFUND, NUMBER | {"refund_amount": "5.00", "out_request_no": "R1"})
    other = await alipay.openapi(REFUND, NUMBER | {"refund_amount": "6.00", "out_request_no": "R1"})
    too_much = await alipay.openapi(REFUND, NUMBER | {"refund_amount": "7.36", "out_request_no": "R2"})
    unnamed = await alipay.openapi(REFUND, NUMBER | {"refund_amount": "7.35"})
    rest = await alipay.openapi(REFUND, NUMBER | {"refund_amount": "7.35", "out_request_no": "R2"})
    more = await alipay.openapi(REFUND, NUMBER | {"refund_amount": "0.01", "out_request_no": "R3"})

    assert (first.node["fund_change"], first.node["refund_fee"]) == ("Y", "5.00")
    assert (again.node["fund_change"], again.node["refund_fee"]) == ("N", "5.00")
    assert other.code == "40004 ACQ.DISCORDANT_REPEAT_REQUEST"
    assert too_much.code == "40004 ACQ.REASON_TRADE_REFUND_FEE_ERR"
    assert unnamed.code == "40004 ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"
    assert (rest.node["fund_change"], rest.node["refund_fee"], rest.node["send_back_fee"]) == ("Y", "12.35", "7.35")
    assert more.code == "40004 ACQ.TRADE_STATUS_ERROR"
    found = await alipay.order_of()
    assert (found["status"], found["refunds"], found["refunded_minor"]) == ("TRADE_CLOSED", 2, 1235)
    assert (await alipay.accounts())["balanced"]


async def test_refund_query(alipay: SandboxClient) -> None:
    """A refund is told with its amount; one that was never made is a success without fields."""
    method = "alipay.trade.fastpay.refund.query"
    await paid(alipay)
    await alipay.openapi(
        REFUND, NUMBER | {"refund_amount": "5.00", "out_request_no": "R1", "refund_reason": "lost item"}
    )
    made = await alipay.openapi(method, NUMBER | {"out_request_no": "R1"})
    dated = await alipay.openapi(method, NUMBER | {"out_request_no": "R1", "query_options": ["gmt_refund_pay"]})
    never = await alipay.openapi(method, NUMBER | {"out_request_no": "R2"})

    assert made.node == {
        "code": "10000",
        "msg": "Success",
        "out_trade_no": "T1_1_1",
        "trade_no": made.node["trade_no"],
        "out_request_no": "R1",
        "refund_amount": "5.00",
        "refund_reason": "lost item",
        "refund_status": "REFUND_SUCCESS",
        "total_amount": "12.35",
    }
    assert dated.node["gmt_refund_pay"] == "2020-09-13 20:26:40"
    assert never.node == {"code": "10000", "msg": "Success"}
    assert (await alipay.openapi(method, NUMBER)).code == "40004 ACQ.INVALID_PARAMETER"


async def test_a_whole_refund_needs_no_number(alipay: SandboxClient) -> None:
    """Without a number the refund's number is the order's."""
    await paid(alipay)
    done = await alipay.openapi(REFUND, NUMBER | {"refund_amount": "12.35"})
    again = await alipay.openapi(REFUND, NUMBER | {"refund_amount": "12.35"})
    told = await alipay.openapi("alipay.trade.fastpay.refund.query", NUMBER | {"out_request_no": "T1_1_1"})

    assert (done.node["fund_change"], again.node["fund_change"]) == ("Y", "N")
    assert told.node["refund_status"] == "REFUND_SUCCESS"


async def test_cancel(alipay: SandboxClient) -> None:
    """What waits is closed, what is paid is given back, what is not there is no failure; each time again the same."""
    nothing = await alipay.openapi("alipay.trade.cancel", {"out_trade_no": "T9"})
    await alipay.openapi(CREATE, trade())
    closed = [(await alipay.openapi("alipay.trade.cancel", NUMBER)).node["action"] for _ in range(2)]
    await paid(alipay, out_trade_no="T2")
    back = [(await alipay.openapi("alipay.trade.cancel", {"out_trade_no": "T2"})).node["action"] for _ in range(2)]

    assert nothing.node == {"code": "10000", "msg": "Success", "out_trade_no": "T9", "retry_flag": "N"}
    assert (closed, back) == (["close", "close"], ["refund", "refund"])
    found = await alipay.order_of("T2")
    assert (found["status"], found["refunds"], found["refunded_minor"]) == ("TRADE_CLOSED", 1, 1235)


async def test_scan_pay(alipay: SandboxClient) -> None:
    """A buyer's code pays at once, for one order; the same request again is the same payment."""
    code = await alipay.bar_code()
    fields = trade(buyer_id=None, product_code="FACE_TO_FACE_PAYMENT", scene="bar_code", auth_code=code)
    done = await alipay.openapi(PAY, fields)
    again = await alipay.openapi(PAY, fields)
    other_order = await alipay.openapi(PAY, fields | {"out_trade_no": "T2"})
    fresh = await alipay.openapi(PAY, fields | {"auth_code": await alipay.bar_code()})

    assert (done.code, done.node["buyer_user_id"], done.node["gmt_payment"]) == ("10000", BUYER, "2020-09-13 20:26:40")
    assert again.node == done.node
    assert other_order.code == "40004 ACQ.PAYMENT_AUTH_CODE_INVALID"
    assert fresh.code == "40004 ACQ.TRADE_HAS_SUCCESS"
    assert (await alipay.order_of())["captures"] == 1


@pytest.mark.parametrize(
    ("buyer", "changes", "code"),
    [
        (BUYER, {"auth_code": "1234"}, "PAYMENT_AUTH_CODE_INVALID"),
        (BUYER, {"auth_code": "280000000000000001"}, "PAYMENT_AUTH_CODE_INVALID"),
        (BUYER, {"scene": "telepathy"}, "INVALID_PARAMETER"),
        (POOR, {}, "BUYER_BALANCE_NOT_ENOUGH"),
    ],
)
async def test_scan_pay_refused(alipay: SandboxClient, buyer: str, changes: dict[str, str], code: str) -> None:
    """A payment that is refused opens no trade."""
    fields = trade(buyer_id=None, scene="bar_code", auth_code=await alipay.bar_code(buyer)) | changes

    assert (await alipay.openapi(PAY, fields)).code == f"40004 ACQ.{code}"
    assert (await alipay.accounts())["orders"] == []


async def test_precreate(alipay: SandboxClient) -> None:
    """No trade before the scan; then it waits for who scanned, and is paid like any other."""
    made = await alipay.openapi("alipay.trade.precreate", trade(buyer_id=None))
    before = await alipay.openapi(QUERY, NUMBER)
    scanned = (await alipay.http.post("/sandbox/scan", json={"code": made.node["qr_code"], "buyer_id": BUYER})).json()
    waiting = await alipay.openapi(QUERY, NUMBER)

    assert made.node["qr_code"].startswith("http://sandbox.invalid/qr/")
    assert b"\\/qr\\/" in made.response.content
    assert before.code == "40004 ACQ.TRADE_NOT_EXIST"
    assert scanned == {
        "trade_no": waiting.node["trade_no"],
        "out_trade_no": "T1_1_1",
        "subject": "Taxi 车费",
        "total": "12.35",
        "currency": "CNY",
    }
    assert waiting.node["trade_status"] == "WAIT_BUYER_PAY"
    assert await alipay.pay(scanned["trade_no"]) == ("9000", "")


async def test_two_gateways_one_history(alipay: SandboxClient) -> None:
    """What one gateway opened, the other knows."""
    trade_no = (await alipay.mapi(order())).fields["trade_no"]
    await alipay.pay(trade_no)

    assert (await alipay.openapi(QUERY, NUMBER)).node["trade_no"] == trade_no
    assert (await alipay.openapi(CREATE, trade())).code == "40004 ACQ.TRADE_HAS_SUCCESS"

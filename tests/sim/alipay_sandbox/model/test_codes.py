"""QR codes of merchants and bar codes of buyers."""

from tests.sim.alipay_sandbox.merchant import BUYER, NOW, demo, order
from tests.sim.alipay_sandbox.openapi_requests import trade
from tests.sim.alipay_sandbox.sandbox_client import SandboxClient

CREATE = "alipay.trade.create"
PAY = "alipay.trade.pay"
QUERY = "alipay.trade.query"
NUMBER = {"out_trade_no": "T1_1_1"}


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


async def test_scan_pay_with_password(alipay: SandboxClient) -> None:
    """A large amount waits for the buyer's password, and repeating asks again; the buyer's word pays."""
    code = await alipay.bar_code()
    fields = trade(buyer_id=None, scene="bar_code", auth_code=code, total_amount="2000.01")
    waiting = await alipay.openapi(PAY, fields)
    again = await alipay.openapi(PAY, fields)
    left = await alipay.pay(waiting.node["trade_no"], confirm=False)
    stays = (await alipay.openapi(QUERY, NUMBER)).node["trade_status"]
    await alipay.pay(waiting.node["trade_no"])
    done = await alipay.openapi(PAY, fields)

    assert (waiting.code, again.code, left[0], stays) == ("10003", "10003", "6001", "WAIT_BUYER_PAY")
    assert done.code == "10000"


async def test_scanned_again(alipay: SandboxClient) -> None:
    """An order that waits can be paid by a fresh code of its own buyer, and no other; the code is then spent."""
    await alipay.openapi(CREATE, trade())
    fresh = await alipay.bar_code()
    fields = trade(buyer_id=None, scene="bar_code", product_code="JSAPI_PAY")
    other = await alipay.openapi(PAY, fields | {"auth_code": await alipay.bar_code("2088000000000009")})
    done = await alipay.openapi(PAY, fields | {"auth_code": fresh})
    spent = await alipay.openapi(PAY, fields | {"auth_code": fresh, "out_trade_no": "T2"})

    assert other.code == "40004 ACQ.TRADE_BUYER_NOT_MATCH"
    assert done.code == "10000"
    assert spent.code == "40004 ACQ.PAYMENT_AUTH_CODE_INVALID"
    assert (await alipay.order_of())["captures"] == 1


async def test_a_code_is_good_for_a_minute(alipay: SandboxClient) -> None:
    """A buyer's code that is too old pays nothing."""
    fields = trade(buyer_id=None, scene="bar_code", auth_code=await alipay.bar_code())
    alipay.clock.now = NOW + 60

    assert (await alipay.openapi(PAY, fields)).code == "40004 ACQ.PAYMENT_AUTH_CODE_INVALID"

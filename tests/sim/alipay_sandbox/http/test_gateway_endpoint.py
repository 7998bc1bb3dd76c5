"""The faults of calls: each strikes as its table says, and leaves the books right."""

import pytest

from tests.sim.alipay_sandbox.merchant import NOW, order
from tests.sim.alipay_sandbox.openapi_requests import trade
from tests.sim.alipay_sandbox.sandbox_client import SandboxClient

CREATE = "alipay.trade.create"
QUERY = "alipay.trade.query"
NUMBER = {"out_trade_no": "T1_1_1"}


async def test_system_errors(alipay: SandboxClient) -> None:
    """Before: nothing happened. After: it did. Both gateways say that they do not know."""
    await alipay.set_faults({"name": "system-error-before", "times": 2}, {"name": "system-error-after", "times": 2})
    before = await alipay.openapi(CREATE, trade())
    mapi_before = await alipay.mapi(order(out_trade_no="T2"))
    orders = len((await alipay.accounts())["orders"])
    after = await alipay.openapi(CREATE, trade())
    mapi_after = await alipay.mapi(order(out_trade_no="T2"))

    assert before.code == after.code == "20000 isp.unknow-error"
    assert before.genuine()
    assert mapi_before.fields["result_code"] == mapi_after.fields["result_code"] == "UNKNOWN"
    assert mapi_before.fields["detail_error_code"] == "SYSTEM_ERROR"
    assert mapi_before.genuine
    assert (orders, len((await alipay.accounts())["orders"])) == (0, 2)


async def test_answers_that_are_not_to_be_believed(alipay: SandboxClient) -> None:
    """An answer that lost its signature or has a wrong one, though the call took effect; and an error nobody signed."""
    await alipay.set_faults({"name": "answer-unsigned", "times": 2})
    bare = await alipay.openapi(CREATE, trade()), await alipay.mapi(order(out_trade_no="T2"))
    await alipay.set_faults({"name": "answer-forged", "times": 2})
    forged = await alipay.openapi(CREATE, trade()), await alipay.mapi(order(out_trade_no="T2"))
    await alipay.set_faults({"name": "gateway-error", "times": 2})
    broken = (
        await alipay.openapi(CREATE, trade(out_trade_no="T3")),
        await alipay.mapi(order(out_trade_no="T4")),
    )

    assert (bare[0].code, bare[0].sign, "<sign>" in bare[1].text) == ("10000", None, False)
    assert bare[1].fields["result_code"] == "SUCCESS"
    assert (forged[0].code, forged[0].genuine(), forged[1].genuine) == ("10000", False, False)
    assert (broken[0].code, broken[0].sign, broken[1].error) == ("20000 aop.unknow-error", None, "SYSTEM_ERROR")
    assert len((await alipay.accounts())["orders"]) == 2


async def test_a_dropped_answer(alipay: SandboxClient) -> None:
    """The call takes effect, and no complete answer comes."""
    await alipay.set_faults({"name": "drop-answer", "call": CREATE, "times": 1, "seconds": 7})
    with pytest.raises(AssertionError):  # what httpx says when an app does not complete its answer
        await alipay.openapi(CREATE, trade())

    assert alipay.pauses == [7]
    assert (await alipay.order_of())["status"] == "WAIT_BUYER_PAY"
    assert (await alipay.openapi(CREATE, trade())).code == "10000"


async def test_an_outage(alipay: SandboxClient) -> None:
    """While it lasts nothing is read; afterwards all is as before."""
    await alipay.set_faults({"name": "outage", "seconds": 3600})
    alipay.clock.now = NOW + 3599
    with pytest.raises(AssertionError):
        await alipay.openapi(CREATE, trade())
    alipay.clock.now = NOW + 3600

    assert (await alipay.accounts())["orders"] == []
    assert (await alipay.openapi(CREATE, trade(), timestamp="2020-09-13 21:26:40")).code == "10000"


async def test_delay_refuse_retry_and_skew(alipay: SandboxClient) -> None:
    """A late answer, a refusal with any code, a cancel to be repeated, and a gateway whose clock is wrong."""
    await alipay.set_faults({"name": "delay-answer", "seconds": 3, "times": 1})
    await alipay.openapi(CREATE, trade())
    await alipay.set_faults({"name": "refuse", "code": "SELLER_BEEN_BLOCKED", "times": 2})
    refused = await alipay.openapi(QUERY, NUMBER), await alipay.query()
    await alipay.set_faults({"name": "retry-flag", "times": 2})
    cancels = [
        (await alipay.openapi("alipay.trade.cancel", NUMBER)).node["retry_flag"],
        (await alipay.mapi({"service": "alipay.acquire.cancel"} | NUMBER)).fields["retry_flag"],
        (await alipay.openapi("alipay.trade.cancel", NUMBER)).node["retry_flag"],
    ]
    await alipay.set_faults({"name": "clock-skew", "seconds": 1801})
    skewed = await alipay.openapi(QUERY, NUMBER), await alipay.query()

    assert alipay.pauses == [3]
    assert refused[0].code == "40004 ACQ.SELLER_BEEN_BLOCKED"
    assert refused[1].fields["detail_error_code"] == "SELLER_BEEN_BLOCKED"
    assert cancels == ["Y", "Y", "N"]
    assert skewed[0].code == "40002 isv.invalid-timestamp"
    assert skewed[1].error == "ILLEGAL_ARGUMENT"


async def test_gbk_answers(alipay: SandboxClient) -> None:
    """An answer in GBK to a request in UTF-8 is signed as it is sent."""
    await alipay.set_faults({"name": "gbk-answers"})
    modern, old = await alipay.openapi(QUERY, NUMBER), await alipay.query()

    assert (modern.charset, old.charset) == ("gbk", "gbk")
    assert modern.node["sub_msg"] == "交易不存在"
    assert modern.genuine()
    assert old.genuine

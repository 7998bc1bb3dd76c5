"""The openapi gateway admits only signed requests of known apps, and in time."""

import json
from typing import Any

import pytest

from sim.alipay_sandbox.model.merchants import demo_merchant
from tests.sim.alipay_sandbox.merchant import demo
from tests.sim.alipay_sandbox.openapi_requests import JsonAnswer, request, text_of, trade
from tests.sim.alipay_sandbox.sandbox_client import SandboxClient, open_sandbox

QUERY = "alipay.trade.query"
CREATE = "alipay.trade.create"


@pytest.mark.parametrize(
    ("changes", "code", "signed"),
    [
        ({"app_id": ""}, "40001 isv.missing-app-id", False),
        ({"app_id": "2021000000000000"}, "40002 isv.invalid-app-id", False),
        ({"app_id": "2021000000000000", "sign": "AAAA"}, "40002 isv.invalid-app-id", False),
        ({"method": "alipay.trade.dream"}, "40002 isv.invalid-method", False),
        ({"format": "XML"}, "40002 isv.invalid-format", False),
        ({"charset": "latin-1"}, "40002 isv.invalid-charset", False),
        ({"version": ""}, "40001 isv.missing-version", False),
        ({"version": "2.0"}, "40002 isv.invalid-parameter", False),
        ({"timestamp": ""}, "40001 isv.missing-timestamp", False),
        ({"sign": ""}, "40001 isv.missing-signature", False),
        ({"sign": "AAAA"}, "40002 isv.invalid-signature", True),
        ({"timestamp": "2020-09-13 19:56:00"}, "40002 isv.invalid-timestamp", True),
        ({"timestamp": "yesterday"}, "40002 isv.invalid-timestamp", True),
        ({"biz_content": "{"}, "40002 isv.illegal-json", True),
        ({"biz_content": "[]"}, "40002 isv.illegal-json", True),
        ({"app_auth_token": "nobody's"}, "20001 aop.invalid-app-auth-token", True),
        ({"app_cert_sn": "0" * 32}, "40003 isv.missing-signature-config", True),
        ({"alipay_root_cert_sn": "0" * 32}, "40003 isv.missing-signature-config", True),
    ],
)
async def test_the_gate(alipay: SandboxClient, changes: dict[str, str], code: str, signed: bool) -> None:
    """Who fails at the gate gets its code: unsigned as ``error_response`` until the signature was looked at."""
    fields: dict[str, Any] = {name: value for name, value in changes.items() if name != "charset"}
    params = request(CREATE, trade(), **fields) | {n: v for n, v in changes.items() if n == "charset"}
    answer = JsonAnswer(await alipay.http.post("/gateway.do", data=params), CREATE)

    assert answer.code == code
    assert answer.own == signed
    assert (answer.sign is not None) == signed
    assert not signed or answer.genuine()
    assert answer.response.status_code == 200
    assert (await alipay.accounts())["orders"] == []


async def test_a_wrong_sign_type(alipay: SandboxClient) -> None:
    """A signature type that the gateway does not know is turned away, and so is none."""
    unknown = request(QUERY, {"out_trade_no": "T"}) | {"sign_type": "MD5"}
    missing = {name: value for name, value in unknown.items() if name != "sign_type"}

    assert JsonAnswer(await alipay.http.post("/gateway.do", data=unknown), QUERY).code == (
        "40002 isv.invalid-signature-type"
    )
    assert JsonAnswer(await alipay.http.post("/gateway.do", data=missing), QUERY).code == (
        "40001 isv.missing-signature-type"
    )


async def test_a_wrong_signature_is_told_what_was_signed(alipay: SandboxClient) -> None:
    """The refusal quotes the string that the gateway built, and nothing happened."""
    params = request(CREATE, trade()) | {"biz_content": json.dumps(trade(total_amount="0.01"))}
    answer = JsonAnswer(await alipay.http.post("/gateway.do", data=params), CREATE)

    assert answer.code == "40002 isv.invalid-signature"
    assert text_of(params).replace("&", "&amp;") in answer.node["sub_msg"]
    assert (await alipay.accounts())["orders"] == []


async def test_a_name_in_query_and_body(alipay: SandboxClient) -> None:
    """What stands twice, and differently, is a suspected attack; the same twice is not."""
    params = request(QUERY, {"out_trade_no": "T"})
    same = await alipay.http.post("/gateway.do", params={"version": "1.0"}, data=params)
    other = await alipay.http.post("/gateway.do", params={"version": "1.1"}, data=params)

    assert JsonAnswer(same, QUERY).code == "40004 ACQ.TRADE_NOT_EXIST"
    assert JsonAnswer(other, QUERY).code == "40002 isv.suspected-attack"


async def test_a_system_provider() -> None:
    """A provider's app acts for another merchant with its token; the trade is that merchant's alone."""
    cab = demo_merchant("2088000000000101", "other@sandbox.example")
    provider = demo_merchant("2088000000000102", "isv@sandbox.example", app_auth_tokens={"granted": cab.partner})
    alipay = open_sandbox(merchants=(cab.at_alipay(), provider.at_alipay()))
    created = await alipay.openapi(CREATE, trade(), keys=provider, app_auth_token="granted")
    by_cab = await alipay.openapi(QUERY, {"out_trade_no": "T1_1_1"}, keys=cab)
    by_provider = await alipay.openapi(QUERY, {"out_trade_no": "T1_1_1"}, keys=provider)

    assert created.genuine()
    assert by_cab.node["trade_no"] == created.node["trade_no"]
    assert by_provider.code == "40004 ACQ.TRADE_NOT_EXIST"
    assert (await alipay.order_of())["partner"] == cab.partner
    await alipay.aclose()


async def test_merchants_keep_apart(alipay: SandboxClient) -> None:
    """One merchant's key does not open another's app."""
    stranger = demo_merchant("2088000000000103", "x@sandbox.example")
    params = request(QUERY, {"out_trade_no": "T"}, keys=stranger, app_id=demo().app_id)

    answer = JsonAnswer(await alipay.http.post("/gateway.do", data=params), QUERY)
    assert answer.code == "40002 isv.invalid-signature"

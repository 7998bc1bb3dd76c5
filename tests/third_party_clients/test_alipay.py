"""PyPI's ``alipay``, a client of mapi with MD5 that shares no code with us or the sandbox, at the sandbox."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Literal

import defusedxml.ElementTree as Xml
import httpx
import pytest

from tests.sim.alipay_sandbox.live_samples import BUYER, KEYS
from tests.third_party_clients import our_side
from tests.third_party_clients.live_sandbox import LiveSandbox
from tests.third_party_clients.third_party_client import RaisedError, ThirdPartyClient, python_client

pytestmark = pytest.mark.integration

ORDER = {
    "out_trade_no": "T1_1_1",
    "subject": "Taxi 车费",
    "product_code": "OVERSEAS_MBARCODE_PAY",
    "total_fee": "12.35",
    "buyer_id": BUYER,
    "trans_currency": "USD",
    "currency": "USD",
    "extend_params": json.dumps(
        {
            "secondary_merchant_id": "cab1",
            "secondary_merchant_name": "City Cab",
            "secondary_merchant_industry": "4121",
        }
    ),
}


def started(url: str) -> AbstractAsyncContextManager[ThirdPartyClient]:
    gateway = f"{url}/gateway.do"
    attributes = {
        "GATEWAY_URL": gateway,
        "NOTIFY_GATEWAY_URL": f"{gateway}?service=notify_verify&partner=%s&notify_id=%s",
    }
    account = {"pid": KEYS.partner, "key": KEYS.md5_key, "seller_id": KEYS.partner}
    return python_client("alipay", "Alipay", account, attributes)


@pytest.fixture
async def client(sandbox: LiveSandbox) -> AsyncIterator[ThirdPartyClient]:
    async with started(sandbox.url) as client:
        yield client


async def called(client: ThirdPartyClient, sandbox: LiveSandbox, service: str, **fields: str) -> dict[str, str]:
    """The answer to a request that this client has signed."""
    address = await client.call("_build_url", service, **fields)
    answer = await sandbox.http.get(address, timeout=httpx.Timeout(10.0))
    return said(answer.text)


def said(page: str) -> dict[str, str]:
    """The fields of an answer, or why it was refused."""
    root = Xml.fromstring(page.encode() if page.startswith("<?xml") else page)
    refused = root.findtext("error")
    if refused:
        return {"error": refused}
    # single_trade_query has a name of its own for what it answers.
    return {child.tag: child.text or "" for child in root.findall("response/*/*")}


async def test_from_order_to_notification(sandbox: LiveSandbox, client: ThirdPartyClient) -> None:
    """Its signed request opens the order; paid, it is told; the client verifies that, with Alipay's own word for it."""
    sandbox.receiver.refuse = 1_000_000  # Alipay knows what it sent until it is acknowledged
    made = await called(client, sandbox, "alipay.acquire.create", notify_url=sandbox.notify_url, **ORDER)
    await sandbox.pay(made["trade_no"])
    while not sandbox.receiver.posted:
        await sandbox.http.get("/sandbox/healthz")
    sandbox.receiver.arrived.set()
    told = await sandbox.first_notification()

    seen = said(await client.call("single_trade_query", out_trade_no="T1_1_1"))

    assert made["result_code"] == "SUCCESS"
    assert (seen["trade_status"], seen["total_fee"], seen["buyer_id"]) == ("TRADE_SUCCESS", "12.35", BUYER)
    assert await client.call("verify_notify", **told) is True
    assert await client.call("verify_notify", **(told | {"total_fee": "12.36"})) is False
    unknown = {name: value for name, value in told.items() if name not in ("sign", "sign_type")}
    unknown["notify_id"] = "none-such"
    well_signed = unknown | {"sign": await client.call("_generate_md5_sign", unknown), "sign_type": "MD5"}
    assert await client.call("verify_notify", **well_signed) is False


async def test_other_calls(sandbox: LiveSandbox, client: ThirdPartyClient) -> None:
    """Any service can be signed by it: query, refund and close."""
    made = await called(client, sandbox, "alipay.acquire.create", **ORDER)
    await sandbox.pay(made["trade_no"])

    seen = await called(client, sandbox, "alipay.acquire.query", out_trade_no="T1_1_1")
    back = await called(
        client,
        sandbox,
        "alipay.acquire.refund",
        out_trade_no="T1_1_1",
        out_request_no="R1",
        refund_amount="2.35",
        trans_currency="USD",
    )
    closed = await called(client, sandbox, "alipay.acquire.close", out_trade_no="T1_1_1")

    assert (seen["result_code"], seen["trade_status"]) == ("SUCCESS", "TRADE_SUCCESS")
    assert (back["result_code"], back["fund_change"]) == ("SUCCESS", "Y")
    assert closed["result_code"] != "SUCCESS"


async def test_orders_that_never_were(sandbox: LiveSandbox, client: ThirdPartyClient) -> None:
    """As the test gateway of Alipay answers: an unknown order, and a request without one."""
    unknown = said(await client.call("single_trade_query", out_trade_no="T9"))
    with pytest.raises(RaisedError) as raised:
        await client.call("single_trade_query")
    without = await called(client, sandbox, "single_trade_query")

    assert unknown == {"error": "TRADE_NOT_EXIST"}
    assert raised.value.name == "MissingParameter"
    assert without == {"error": "ILLEGAL_ARGUMENT"}


@pytest.mark.parametrize("market", ["cross-border", "mainland"])
async def test_our_requests(market: Literal["cross-border", "mainland"]) -> None:
    """Signed by the library with our key, each of our requests has the signature that we gave it."""
    sent = await our_side.requests_of(our_side.mapi("MD5", market), "USD" if market == "cross-border" else "CNY")
    async with started("http://gateway.invalid") as client:
        for request in sent:
            signed = {name: value for name, value in request.fields.items() if name != "sign_type"}
            assert await client.call("_generate_md5_sign", signed) == request.sign

    assert len(sent) == len(our_side.CALLS) - 1  # mapi cannot be asked for a refund

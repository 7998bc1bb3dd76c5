"""``python-alipay-sdk``, which shares no code with us or the sandbox, at the sandbox's openapi gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal
from urllib.parse import parse_qsl

import pytest

from tests.sim.alipay_sandbox.live_samples import BUYER, KEYS
from tests.third_party_clients import our_side
from tests.third_party_clients.live_sandbox import LiveSandbox
from tests.third_party_clients.third_party_client import RaisedError, ThirdPartyClient, python_client

pytestmark = pytest.mark.integration

PLAIN = {
    "appid": KEYS.app_id,
    "app_private_key_string": KEYS.merchant_private_pem,
    "alipay_public_key_string": KEYS.alipay_public_pem,
}
CERTIFIED = {
    "appid": KEYS.app_id,
    "app_private_key_string": KEYS.merchant_private_pem,
    "app_public_key_cert_string": KEYS.app_cert_pem,
    "alipay_public_key_cert_string": KEYS.alipay_cert_pem,
    "alipay_root_cert_string": KEYS.root_cert_pem,
}
SET_UPS: dict[str, tuple[str, dict[str, str]]] = {
    "RSA2": ("AliPay", {**PLAIN, "sign_type": "RSA2"}),
    "RSA": ("AliPay", {**PLAIN, "sign_type": "RSA"}),
    "certificates": ("DCAliPay", CERTIFIED),
}


def started(how: str, gateway: str, **changed: str) -> AbstractAsyncContextManager[ThirdPartyClient]:
    of_class, arguments = SET_UPS[how]
    return python_client("python-alipay-sdk", of_class, {**arguments, **changed}, {"_gateway": gateway})


every_set_up = pytest.mark.parametrize("client", list(SET_UPS), indirect=True)


@pytest.fixture
async def client(request: pytest.FixtureRequest, sandbox: LiveSandbox) -> AsyncIterator[ThirdPartyClient]:
    async with started(getattr(request, "param", "RSA2"), sandbox.gateway) as client:
        yield client


async def order(client: ThirdPartyClient, sandbox: LiveSandbox, number: str = "T1_1_1", **more: str) -> dict[str, Any]:
    """An order on a page, as this client places it."""
    asked = {"subject": "Taxi 车费", "out_trade_no": number, "total_amount": "12.35", "buyer_id": BUYER} | more
    made: dict[str, Any] = await client.call("api_alipay_trade_create", notify_url=sandbox.notify_url, **asked)
    return made


@every_set_up
async def test_from_order_to_notification(sandbox: LiveSandbox, client: ThirdPartyClient) -> None:
    """Created once however often, seen waiting, paid, told and verified, seen paid, and not closed any more."""
    made = await order(client, sandbox)
    again = await order(client, sandbox)
    waiting = await client.call("api_alipay_trade_query", out_trade_no="T1_1_1")
    await sandbox.pay(made["trade_no"])
    told = await sandbox.first_notification()
    sign = told.pop("sign")
    paid = await client.call("api_alipay_trade_query", trade_no=made["trade_no"])
    closed = await client.call("api_alipay_trade_close", out_trade_no="T1_1_1")

    assert (made["code"], again["trade_no"]) == ("10000", made["trade_no"])
    assert (waiting["trade_status"], paid["trade_status"]) == ("WAIT_BUYER_PAY", "TRADE_SUCCESS")
    assert (paid["total_amount"], paid["buyer_user_id"]) == ("12.35", BUYER)
    assert (closed["code"], closed["sub_code"].startswith("ACQ.")) == ("40004", True)
    assert await client.call("verify", told, sign) is True
    assert await client.call("verify", told | {"total_amount": "12.36"}, sign) is False


async def test_close(sandbox: LiveSandbox, client: ThirdPartyClient) -> None:
    """An order that waits is closed; one that never was is not there."""
    await order(client, sandbox)

    closed = await client.call("api_alipay_trade_close", out_trade_no="T1_1_1")
    seen = await client.call("api_alipay_trade_query", out_trade_no="T1_1_1")
    unknown = await client.call("api_alipay_trade_close", out_trade_no="T9")

    assert (closed["code"], seen["trade_status"]) == ("10000", "TRADE_CLOSED")
    assert unknown["sub_code"] == "ACQ.TRADE_NOT_EXIST"


async def test_refund(sandbox: LiveSandbox, client: ThirdPartyClient) -> None:
    """A part goes back once, however often it is asked; the number with another amount is refused; it can be seen."""
    made = await order(client, sandbox)
    await sandbox.pay(made["trade_no"])
    part = {"out_trade_no": "T1_1_1", "out_request_no": "R1"}

    first = await client.call("api_alipay_trade_refund", "2.35", **part)
    again = await client.call("api_alipay_trade_refund", "2.35", **part)
    other = await client.call("api_alipay_trade_refund", "2.36", **part)
    seen = await client.call("api_alipay_trade_fastpay_refund_query", "R1", out_trade_no="T1_1_1")

    assert (first["fund_change"], again["fund_change"], other["code"]) == ("Y", "N", "40004")
    assert seen["refund_amount"] == "2.35"
    assert (await sandbox.order("T1_1_1"))["refunded_minor"] == 235


async def test_by_code_and_cancel(sandbox: LiveSandbox, client: ThirdPartyClient) -> None:
    """The passenger's code pays at once, and cancelling gives the money back; a code to be scanned is made."""
    asked = {"out_trade_no": "T2_1_1", "scene": "bar_code", "auth_code": await sandbox.bar_code(), "subject": "Taxi"}
    paid = await client.call("api_alipay_trade_pay", total_amount="12.35", **asked)
    cancelled = await client.call("api_alipay_trade_cancel", out_trade_no="T2_1_1")
    shown = await client.call("api_alipay_trade_precreate", subject="Taxi", out_trade_no="T3_1_1", total_amount="1.00")

    assert (paid["code"], cancelled["action"], cancelled["retry_flag"]) == ("10000", "refund", "N")
    assert "/qr/" in shown["qr_code"]


async def test_token(sandbox: LiveSandbox, client: ThirdPartyClient) -> None:
    """The code of the authorization page says once who the passenger is."""
    asked = {"grant_type": "authorization_code", "code": await sandbox.auth_code()}

    token = await client.call("server_api", "alipay.system.oauth.token", **asked)
    with pytest.raises(RaisedError, match=r"isv\.code-invalid") as refused:
        await client.call("server_api", "alipay.system.oauth.token", **asked)

    assert (token["user_id"], bool(token["access_token"])) == (BUYER, True)
    assert refused.value.name == "AliPayException"


async def test_a_wrong_key(sandbox: LiveSandbox) -> None:
    """A request that another key signed is refused."""
    async with started("RSA2", sandbox.gateway, app_private_key_string=KEYS.alipay_private_pem) as client:
        refused = await client.call("api_alipay_trade_query", out_trade_no="T1_1_1")

    assert refused["sub_code"] == "isv.invalid-signature"


@every_set_up
async def test_an_answer_that_is_not_alipays(sandbox: LiveSandbox, client: ThirdPartyClient) -> None:
    """The client does not believe what the sandbox has signed wrongly, or not at all."""
    await order(client, sandbox)
    for name, raised in (("answer-forged", "AliPayValidationError"), ("answer-unsigned", "AliPayException")):
        await sandbox.fault(name=name)
        with pytest.raises(RaisedError) as refused:
            await client.call("api_alipay_trade_query", out_trade_no="T1_1_1")
        assert refused.value.name == raised


@pytest.mark.parametrize(("how", "sign_type"), [("RSA2", "RSA2"), ("RSA", "RSA"), ("certificates", "RSA2")])
async def test_our_requests(how: str, sign_type: Literal["RSA", "RSA2"]) -> None:
    """Signed anew by the library with our key, each of our requests has the signature that we gave it."""
    sent = await our_side.requests_of(our_side.openapi(sign_type, certified=how == "certificates"), "CNY")
    async with started(how, our_side.URL) as client:
        for request in sent:
            signed = await client.call("sign_data", request.fields)
            assert dict(parse_qsl(signed, strict_parsing=True)) == {**request.fields, "sign": request.sign}
        if how == "certificates":
            assert sent[0].fields["app_cert_sn"] == await client.call("get_cert_sn", KEYS.app_cert_pem)
            assert sent[0].fields["alipay_root_cert_sn"] == await client.call("get_root_cert_sn", KEYS.root_cert_pem)

    assert len(sent) == len(our_side.CALLS)


@pytest.mark.parametrize("sign_type", ["RSA", "RSA2"])
@pytest.mark.parametrize("market", ["cross-border", "mainland"])
async def test_our_mapi_requests(
    sign_type: Literal["RSA", "RSA2"], market: Literal["cross-border", "mainland"]
) -> None:
    """Mapi signs as notifications are signed: the library verifies our requests as if they were such."""
    sent = await our_side.requests_of(our_side.mapi(sign_type, market), "USD" if market == "cross-border" else "CNY")
    async with started(sign_type, our_side.URL, alipay_public_key_string=KEYS.merchant_public_pem) as client:
        for request in sent:
            assert await client.call("verify", request.fields, request.sign) is True
            assert await client.call("verify", request.fields | {"partner": "1"}, request.sign) is False

    assert len(sent) == len(our_side.CALLS) - 1  # mapi cannot be asked for a refund

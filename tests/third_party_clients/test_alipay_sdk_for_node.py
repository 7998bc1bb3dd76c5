"""Alipay's own client for Node, npm's ``alipay-sdk``, at the sandbox's openapi gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Literal

import pytest

from tests.sim.alipay_sandbox.live_samples import BUYER, KEYS
from tests.third_party_clients import our_side
from tests.third_party_clients.live_sandbox import LiveSandbox
from tests.third_party_clients.third_party_client import RaisedError, ThirdPartyClient, node_client

pytestmark = pytest.mark.integration

OWN = {"appId": KEYS.app_id, "privateKey": KEYS.merchant_private_pem, "keyType": "PKCS8"}
PLAIN = {**OWN, "alipayPublicKey": KEYS.alipay_public_pem}
CERTIFIED = {
    **OWN,
    "appCertContent": KEYS.app_cert_pem,
    "alipayPublicCertContent": KEYS.alipay_cert_pem,
    "alipayRootCertContent": KEYS.root_cert_pem,
}
SET_UPS: dict[str, dict[str, str]] = {
    "RSA2": {**PLAIN, "signType": "RSA2"},
    "RSA": {**PLAIN, "signType": "RSA"},
    "certificates": CERTIFIED,
}
VERIFIED = {"validateSign": True}


class Client:
    """The client, and how it is to ask."""

    def __init__(self, library: ThirdPartyClient, *, encrypts: bool = False) -> None:
        self.library = library
        self.encrypts = encrypts

    async def call(self, method: str, business: dict[str, Any] | None = None, **fields: str) -> dict[str, Any]:
        """Call a method; an answer that does not verify raises."""
        asked: dict[str, Any] = {**fields} if business is None else {"bizContent": business, **fields}
        if self.encrypts and business is not None:
            asked["needEncrypt"] = True
        # Of an encrypted answer this client finds no signed text: its key is proof enough for it.
        how = {} if self.encrypts else VERIFIED
        answer: dict[str, Any] = await self.library.call("exec", method, asked, how)
        return answer

    async def order(self, sandbox: LiveSandbox, number: str = "T1_1_1") -> dict[str, Any]:
        """An order on a page."""
        business = {
            "outTradeNo": number,
            "totalAmount": "12.35",
            "subject": "Taxi 车费",
            "buyerId": BUYER,
            "productCode": "JSAPI_PAY",
            "opAppId": KEYS.app_id,
        }
        return await self.call("alipay.trade.create", business, notifyUrl=sandbox.notify_url)


every_set_up = pytest.mark.parametrize("client", list(SET_UPS), indirect=True)


@pytest.fixture
async def client(request: pytest.FixtureRequest, sandbox: LiveSandbox) -> AsyncIterator[Client]:
    async with node_client({**SET_UPS[getattr(request, "param", "RSA2")], "gateway": sandbox.gateway}) as library:
        yield Client(library)


@every_set_up
async def test_from_order_to_notification(sandbox: LiveSandbox, client: Client) -> None:
    """Created once however often, seen waiting, paid, told and verified, seen paid, and not closed any more."""
    made = await client.order(sandbox)
    again = await client.order(sandbox)
    waiting = await client.call("alipay.trade.query", {"outTradeNo": "T1_1_1"})
    await sandbox.pay(made["tradeNo"])
    told = await sandbox.first_notification()
    paid = await client.call("alipay.trade.query", {"tradeNo": made["tradeNo"]})
    closed = await client.call("alipay.trade.close", {"outTradeNo": "T1_1_1"})

    assert (made["code"], again["tradeNo"]) == ("10000", made["tradeNo"])
    assert (waiting["tradeStatus"], paid["tradeStatus"]) == ("WAIT_BUYER_PAY", "TRADE_SUCCESS")
    assert (paid["totalAmount"], paid["buyerUserId"]) == ("12.35", BUYER)
    assert (closed["code"], closed["subCode"].startswith("ACQ.")) == ("40004", True)
    for check in ("checkNotifySign", "checkNotifySignV2"):
        assert await client.library.call(check, told) is True
        assert await client.library.call(check, told | {"total_amount": "12.36"}) is False


async def test_close_and_refund(sandbox: LiveSandbox, client: Client) -> None:
    """An order that waits is closed; of a paid one a part goes back once, however often it is asked."""
    await client.order(sandbox)
    closed = await client.call("alipay.trade.close", {"outTradeNo": "T1_1_1"})
    made = await client.order(sandbox, "T2_1_1")
    await sandbox.pay(made["tradeNo"])
    part = {"outTradeNo": "T2_1_1", "outRequestNo": "R1", "refundAmount": "2.35"}

    first = await client.call("alipay.trade.refund", part)
    again = await client.call("alipay.trade.refund", part)
    seen = await client.call("alipay.trade.fastpay.refund.query", {"outTradeNo": "T2_1_1", "outRequestNo": "R1"})

    assert (closed["code"], first["fundChange"], again["fundChange"]) == ("10000", "Y", "N")
    assert seen["refundAmount"] == "2.35"
    assert (await sandbox.order("T2_1_1"))["refunded_minor"] == 235


async def test_by_code_and_cancel(sandbox: LiveSandbox, client: Client) -> None:
    """The passenger's code pays at once, and cancelling gives the money back."""
    business = {"outTradeNo": "T1_1_1", "totalAmount": "12.35", "subject": "Taxi", "scene": "bar_code"}
    paid = await client.call("alipay.trade.pay", {**business, "authCode": await sandbox.bar_code()})
    cancelled = await client.call("alipay.trade.cancel", {"outTradeNo": "T1_1_1"})

    assert (paid["code"], cancelled["action"], cancelled["retryFlag"]) == ("10000", "refund", "N")


async def test_encrypted_content(sandbox: LiveSandbox) -> None:
    """What it has encrypted is read, and it reads the encrypted answers."""
    async with node_client({**PLAIN, "encryptKey": KEYS.content_key, "gateway": sandbox.gateway}) as library:
        client = Client(library, encrypts=True)
        made = await client.order(sandbox)
        await sandbox.pay(made["tradeNo"])
        paid = await client.call("alipay.trade.query", {"outTradeNo": "T1_1_1"})

    assert (paid["tradeStatus"], paid["totalAmount"]) == ("TRADE_SUCCESS", "12.35")


async def test_token(sandbox: LiveSandbox, client: Client) -> None:
    """The code of the authorization page says once who the passenger is."""
    asked: dict[str, Any] = {"grantType": "authorization_code", "code": await sandbox.auth_code()}

    token = await client.call("alipay.system.oauth.token", **asked)
    with pytest.raises(RaisedError):
        await client.call("alipay.system.oauth.token", **asked)

    assert (token["userId"], bool(token["accessToken"])) == (BUYER, True)


@every_set_up
async def test_an_answer_that_is_not_alipays(sandbox: LiveSandbox, client: Client) -> None:
    """The client does not believe what the sandbox has signed wrongly, or not at all."""
    await client.order(sandbox)
    for name in ("answer-forged", "answer-unsigned"):
        await sandbox.fault(name=name)
        with pytest.raises(RaisedError):
            await client.call("alipay.trade.query", {"outTradeNo": "T1_1_1"})


@pytest.mark.parametrize("how", ["RSA2", "RSA", "certificates"])
async def test_our_requests(how: str) -> None:
    """The library verifies each of our requests as if it were a message of Alipay's that our key has signed."""
    sign_type: Literal["RSA", "RSA2"] = "RSA" if how == "RSA" else "RSA2"
    sent = await our_side.requests_of(our_side.openapi(sign_type, certified=how == "certificates"), "CNY")
    async with node_client({**PLAIN, "alipayPublicKey": KEYS.merchant_public_pem}) as library:
        for request in sent:
            message = {**request.fields, "sign": request.sign}
            assert await library.call("checkNotifySignV2", message) is True
            assert await library.call("checkNotifySignV2", message | {"app_id": "1"}) is False

    assert len(sent) == len(our_side.CALLS)

"""Requests are signed as published clients sign them, and every answer is success, failure or unknown."""

from typing import Any
from urllib.parse import parse_qs

import httpx
import msgspec
import pytest

from dispatch.payment.core.port import Refusal, Unknown
from dispatch.payment.gateways.openapi_client import OpenapiClient
from dispatch.payment.protocols.openapi.content_cipher import ContentCipher
from dispatch.payment.protocols.openapi.keys import OpenapiCredentials
from dispatch.payment.protocols.openapi.responses import OpenapiSuccess
from dispatch.payment.protocols.signing import canonical
from tests.dispatch.payment.gateways.openapi_client_samples import FakeAlipay, client
from tests.dispatch.payment.protocols.openapi.account_samples import ACCOUNT
from tests.dispatch.payment.protocols.openapi.content_cipher_samples import KEY
from tests.dispatch.payment.protocols.openapi.signed_json_samples import KEYS
from tests.dispatch.payment.protocols.signing_samples import RSA
from tests.dispatch.payment.vectors import load

CERTIFICATES = load("certificates.json")["chloerei"]


async def test_request() -> None:
    """Common fields in the URL, business fields in the body, a signature over all that keeps ``sign_type``."""
    alipay = FakeAlipay(trade_query={"code": "10000", "msg": "Success"})

    done = await client(alipay).call("alipay.trade.query", {"out_trade_no": "车1"}, notify_url="https://x.invalid/")

    asked = alipay.asked[0]
    assert done == OpenapiSuccess("10000", {"code": "10000", "msg": "Success"})
    assert KEYS.verify(canonical(asked, left_out={"sign"}).encode(), asked.pop("sign"))
    assert asked == {
        "app_id": "2021000000000001",
        "method": "alipay.trade.query",
        "format": "JSON",
        "charset": "utf-8",
        "sign_type": "RSA2",
        "timestamp": "2020-09-13 20:26:40",
        "version": "1.0",
        "biz_content": '{"out_trade_no":"车1"}',
        "notify_url": "https://x.invalid/",
    }
    assert set(parse_qs(alipay.requests[0].content.decode())) == {"biz_content", "notify_url"}


@pytest.mark.filterwarnings("ignore:Parsed a serial number")  # the published certificates have serial number 0
def test_published_request_in_certificate_mode() -> None:
    """The signature of a published client's request, with its certificates, is re-created."""
    vector = next(v for v in RSA["vectors"] if "params" in v)
    keys = OpenapiCredentials(
        private_key=RSA["private_key_pem_test_only"],
        app_cert=CERTIFICATES["app_cert_pem"],
        alipay_certs=CERTIFICATES["app_cert_pem"],
        root_certs=CERTIFICATES["root_cert_pem"],
    )
    params = vector["params"]
    account = msgspec.structs.replace(ACCOUNT, keys=keys, app_id=params["app_id"])
    made = client(FakeAlipay(), account).signed_request(params["method"], {"biz_content": params["biz_content"]})

    for name in ("app_id", "app_cert_sn", "alipay_root_cert_sn", "method", "sign_type", "version", "biz_content"):
        assert made[name] == params[name], name
    text = canonical(params, left_out={"sign"})
    assert text == vector["string_to_sign"]
    assert client(FakeAlipay(), account).keys.sign(text.encode()) == vector["sign"]


async def test_third_party_and_encryption() -> None:
    """A third party names the company's leave; an encrypted request shows no business, and is signed as encrypted."""
    keys = msgspec.structs.replace(ACCOUNT.keys, content_key=KEY)
    alipay = FakeAlipay(trade_query={"code": "10000"})
    account = msgspec.structs.replace(ACCOUNT, keys=keys, app_auth_token="leave")

    await client(alipay, account).call("alipay.trade.query", {"out_trade_no": "T1"})

    asked = alipay.asked[0]
    assert (asked["app_auth_token"], asked["encrypt_type"]) == ("leave", "AES")
    assert "leave" not in str(alipay.requests[0].url)
    assert ContentCipher(KEY).decrypt(asked["biz_content"]) == b'{"out_trade_no":"T1"}'
    assert KEYS.verify(canonical(asked, left_out={"sign"}).encode(), asked["sign"])


@pytest.mark.parametrize(
    ("fields", "signed", "outcome"),
    [
        ({"code": "10000", "list": [1], "n": {}}, True, OpenapiSuccess("10000", {"code": "10000"})),
        ({"code": "10003"}, True, OpenapiSuccess("10003", {"code": "10003"})),
        ({"code": "10000"}, False, Unknown("a success without a signature")),
        ({"code": "10003"}, False, Unknown("a success without a signature")),
        ({"code": "20000", "sub_code": "isp.unknow-error"}, True, Unknown("isp.unknow-error")),
        ({"code": "40004", "sub_code": "ACQ.SYSTEM_ERROR"}, True, Unknown("ACQ.SYSTEM_ERROR")),
        ({"code": "40004", "sub_code": "aop.ACQ.SYSTEM_ERROR"}, True, Unknown("aop.ACQ.SYSTEM_ERROR")),
        ({"code": "40004", "sub_code": "ACQ.X", "sub_msg": "说明"}, True, Refusal("ACQ.X", "说明")),
        ({"code": "40002", "msg": "Invalid Arguments"}, False, Refusal("40002", "Invalid Arguments", signed=False)),
        ({}, True, Unknown("no code")),
        ({"code": 10000}, True, OpenapiSuccess("10000", {"code": "10000"})),
    ],
)
async def test_outcomes(fields: dict[str, Any], signed: bool, outcome: object) -> None:
    """A success counts signed; a failure counts; what leaves it open is unknown."""
    alipay = FakeAlipay(trade_query=fields)
    alipay.signs = signed

    assert await client(alipay).call("alipay.trade.query", {}) == outcome


async def test_forged_and_broken_answers() -> None:
    """A signature that does not verify, another method's answer and an error page are all unknown."""

    def answering(body: bytes, status: int = 200) -> OpenapiClient:
        return client(httpx.MockTransport(lambda _: httpx.Response(status, content=body)))

    node = '{"code":"10000"}'
    forged = f'{{"alipay_trade_query_response":{node},"sign":"{KEYS.sign(b"{}")}"}}'.encode()
    other = f'{{"alipay_trade_close_response":{node},"sign":"{KEYS.sign(node.encode())}"}}'.encode()

    assert await answering(forged).call("alipay.trade.query", {}) == Unknown("the signature does not verify")
    assert await answering(other).call("alipay.trade.query", {}) == Unknown("0 answers in one")
    assert await answering(forged, 502).call("alipay.trade.query", {}) == Unknown("HTTP 502")


async def test_success_without_code() -> None:
    """Only where a method's success has no code is one believed without, and only signed."""
    alipay = FakeAlipay(system_oauth_token={"user_id": "2088"})

    assert await client(alipay).call_plain("alipay.system.oauth.token", {"code": "c"}) == OpenapiSuccess(
        "10000", {"user_id": "2088"}
    )
    assert alipay.asked[0]["code"] == "c"
    alipay.signs = False
    assert isinstance(await client(alipay).call_plain("alipay.system.oauth.token", {"code": "c"}), Unknown)

"""The openapi gateway: who may ask, how it refuses, and what its signatures cover."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from sim.alipay_sandbox.gateways.openapi_cipher import decrypt, encrypt
from sim.alipay_sandbox.model.certificates import cert_sn, root_cert_sn
from sim.alipay_sandbox.model.merchants import demo_merchant
from tests.sim.alipay_sandbox.merchant import demo
from tests.sim.alipay_sandbox.openapi_requests import JsonAnswer, request, text_of, trade
from tests.sim.alipay_sandbox.sandbox_client import SandboxClient, open_sandbox

AES = json.loads((Path(__file__).parents[1] / "vectors" / "aes_biz_content.json").read_text(encoding="utf-8"))
QUERY = "alipay.trade.query"
CREATE = "alipay.trade.create"


@pytest.mark.parametrize("sign_type", ["RSA", "RSA2"])
@pytest.mark.parametrize("charset", ["utf-8", "GBK"])
async def test_each_signature_and_charset(alipay: SandboxClient, sign_type: str, charset: str) -> None:
    """An answer's signature covers the node as it stands, with the request's algorithm and charset."""
    created = await alipay.openapi(CREATE, trade(), sign_type=sign_type, charset=charset)
    unknown = await alipay.openapi(QUERY, {"out_trade_no": "T9"}, sign_type=sign_type, charset=charset)

    assert created.code == "10000"
    assert created.genuine(sign_type)
    assert list(created.whole) == ["alipay_trade_create_response", "sign"]
    assert created.response.headers["content-type"] == f"text/html;charset={charset.lower()}"
    assert (unknown.code, unknown.node["sub_msg"]) == ("40004 ACQ.TRADE_NOT_EXIST", "交易不存在")
    assert unknown.genuine(sign_type)


async def test_get_and_post_alike(alipay: SandboxClient) -> None:
    """A request may stand in the URL as a whole, in the body as a whole, or in both parts."""
    params = request(CREATE, trade())
    by_get = JsonAnswer(await alipay.http.get("/gateway.do", params=params), CREATE)
    by_post = JsonAnswer(await alipay.http.post("/gateway.do", data=params), CREATE)
    split = await alipay.openapi(CREATE, trade())

    assert by_get.node == by_post.node == split.node


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


async def test_certificate_mode(alipay: SandboxClient) -> None:
    """A request that names its certificate is answered with the name of Alipay's, which signed the answer."""
    numbers = {"app_cert_sn": cert_sn(demo().app_cert_pem), "alipay_root_cert_sn": root_cert_sn(demo().root_cert_pem)}
    answer = await alipay.openapi(CREATE, trade(), **numbers)

    assert list(answer.whole) == ["alipay_trade_create_response", "alipay_cert_sn", "sign"]
    assert answer.whole["alipay_cert_sn"] == cert_sn(demo().alipay_cert_pem)
    assert answer.genuine()


async def test_encrypted_content(alipay: SandboxClient) -> None:
    """An encrypted request is answered with an encrypted node, signed with its quotes; a garbled one in plain."""
    content = encrypt(demo().content_key, json.dumps(trade()).encode())
    params = request(CREATE, encrypt_type="AES", biz_content=content)
    whole = (await alipay.http.post("/gateway.do", data=params)).json()
    node = whole["alipay_trade_create_response"]
    plain = json.loads(decrypt(demo().content_key, node))
    key: Any = serialization.load_pem_public_key(demo().alipay_public_pem.encode())
    key.verify(base64.b64decode(whole["sign"]), f'"{node}"'.encode(), padding.PKCS1v15(), hashes.SHA256())

    assert plain["code"] == "10000"
    assert (await alipay.order_of())["trade_no"] == plain["trade_no"]
    garbled = await alipay.openapi(CREATE, encrypt_type="AES", biz_content="AAAA")
    unknown = await alipay.openapi(CREATE, encrypt_type="ROT13", biz_content=content)
    assert garbled.code == "40003 isv.decryption-error-unknown"
    assert unknown.code == "40002 isv.invalid-encrypt-type"
    assert garbled.genuine()


@pytest.mark.parametrize("vector", AES["vectors"], ids=["easysdk", "nodejs"])
def test_published_encryptions(vector: dict[str, str]) -> None:
    """What Alipay's own libraries encrypt (github.com/alipay/alipay-easysdk and alipay-sdk-nodejs-all)."""
    assert encrypt(vector["key"], vector["plaintext"].encode()) == vector["ciphertext"]
    assert decrypt(vector["key"], vector["ciphertext"]) == vector["plaintext"].encode()


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

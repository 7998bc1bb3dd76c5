"""Encrypted content, as published libraries encrypt it."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from sim.alipay_sandbox.gateways.openapi_wire import decrypt, encrypt
from tests.sim.alipay_sandbox.merchant import demo
from tests.sim.alipay_sandbox.openapi_requests import request, trade
from tests.sim.alipay_sandbox.sandbox_client import SandboxClient

AES = json.loads((Path(__file__).parents[1] / "vectors" / "aes_biz_content.json").read_text(encoding="utf-8"))
CREATE = "alipay.trade.create"


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

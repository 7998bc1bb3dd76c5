"""A merchant of the openapi gateway by hand: signs requests and slices answers as a stranger would."""

import base64
import functools
import json
import re
from typing import Any

import httpx
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from sim.alipay_sandbox.model.merchants import DemoMerchant
from tests.sim.alipay_sandbox.merchant import STAMP, demo


def text_of(params: dict[str, str]) -> str:
    """What a request's signature covers: ``sign_type`` too."""
    return "&".join(f"{k}={params[k]}" for k in sorted(params) if params[k] and k != "sign")


@functools.cache
def private_key(pem: str) -> Any:
    return serialization.load_pem_private_key(pem.encode(), None)


def signature(sign_type: str, text: bytes, keys: DemoMerchant | None = None) -> str:
    key = private_key((keys or demo()).merchant_private_pem)
    digest = hashes.SHA1() if sign_type == "RSA" else hashes.SHA256()
    return base64.b64encode(key.sign(text, padding.PKCS1v15(), digest)).decode()


def request(
    method: str,
    biz: dict[str, Any] | None = None,
    /,
    *,
    sign_type: str = "RSA2",
    charset: str = "utf-8",
    keys: DemoMerchant | None = None,
    **more: str,
) -> dict[str, str]:
    """A signed request; a blank value takes a field away."""
    params = {
        "app_id": (keys or demo()).app_id,
        "method": method,
        "format": "JSON",
        "charset": charset,
        "sign_type": sign_type,
        "timestamp": STAMP,
        "version": "1.0",
    }
    if biz is not None:
        params["biz_content"] = json.dumps(biz, ensure_ascii=False)
    params = {name: value for name, value in (params | more).items() if value}
    if "sign" in more:
        return params
    return params | {"sign": signature(sign_type, text_of(params).encode(charset), keys)}


class JsonAnswer:
    """A JSON answer, its node cut out of the body as it stands there."""

    def __init__(self, response: httpx.Response, method: str, keys: DemoMerchant | None = None) -> None:
        self.response = response
        self._keys = keys or demo()
        charset = response.headers["content-type"].partition("charset=")[2]
        self.charset = charset
        text = response.content.decode(charset)
        self.whole: dict[str, Any] = json.loads(text)
        self.own = f"{method.replace('.', '_')}_response" in self.whole
        name = f"{method.replace('.', '_')}_response" if self.own else "error_response"
        start = text.index("{", text.index(f'"{name}"'))
        self.node: dict[str, Any]
        self.node, length = json.JSONDecoder().raw_decode(text[start:])
        self.signed_text = text[start : start + length]
        self.sign: str | None = self.whole.get("sign")

    @property
    def code(self) -> str:
        """The gateway's code, and the finer one if there is one."""
        return " ".join(filter(None, (self.node.get("code"), self.node.get("sub_code"))))

    def genuine(self, sign_type: str = "RSA2") -> bool:
        """Whether Alipay signed the node as it stands; in certificate mode by the certificate that is named."""
        key: Any = serialization.load_pem_public_key(self._keys.alipay_public_pem.encode())
        if "alipay_cert_sn" in self.whole:
            key = x509.load_pem_x509_certificate(self._keys.alipay_cert_pem.encode()).public_key()
        digest = hashes.SHA1() if sign_type == "RSA" else hashes.SHA256()
        try:
            key.verify(
                base64.b64decode(self.sign or ""), self.signed_text.encode(self.charset), padding.PKCS1v15(), digest
            )
        except InvalidSignature:
            return False
        return True


def trade(**changes: Any) -> dict[str, Any]:
    """The business fields of a create, changed; None takes a field away."""
    fields = {
        "out_trade_no": "T1_1_1",
        "total_amount": "12.35",
        "subject": "Taxi 车费",
        "buyer_id": "2088000000000002",
        "product_code": "JSAPI_PAY",
        "timeout_express": "15m",
    }
    return {name: value for name, value in (fields | changes).items() if value is not None}


def code_in(page: httpx.Response, element: str) -> str:
    """The text of an element of a page, by its id."""
    found = re.search(rf'id="{element}"[^>]*>([^<]*)<', page.text)
    assert found, page.text
    return found.group(1).strip()

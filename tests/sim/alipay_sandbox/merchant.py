"""A merchant by hand: signs requests with the standard library and cryptography, as a stranger would.

Shares no code with the sandbox or with the product.
"""

import base64
import functools
import hashlib
import re
from typing import Any
from urllib.parse import parse_qsl, quote_from_bytes

import httpx
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from sim.alipay_sandbox.model.merchants import DemoMerchant, demo_merchant

NOW = 1_600_000_000.0
STAMP = "2020-09-13 20:26:40"
BUYER = "2088000000000002"


@functools.cache
def demo() -> DemoMerchant:
    """One merchant with keys for the whole test run."""
    return demo_merchant()


def text_of(fields: dict[str, str]) -> str:
    return "&".join(f"{k}={fields[k]}" for k in sorted(fields) if fields[k] and k not in ("sign", "sign_type"))


@functools.cache
def _private_key() -> Any:
    return serialization.load_pem_private_key(demo().merchant_private_pem.encode(), None)


def signature(sign_type: str, text: bytes) -> str:
    if sign_type == "MD5":
        return hashlib.md5(text + demo().md5_key.encode()).hexdigest()
    key = _private_key()
    digest = hashes.SHA1() if sign_type == "RSA" else hashes.SHA256()
    return base64.b64encode(key.sign(text, padding.PKCS1v15(), digest)).decode()


def genuine(sign_type: str, text: bytes, sign: str) -> bool:
    """Whether Alipay signed ``text``."""
    if sign_type == "MD5":
        return signature("MD5", text) == sign
    key: Any = serialization.load_pem_public_key(demo().alipay_public_pem.encode())
    digest = hashes.SHA1() if sign_type == "RSA" else hashes.SHA256()
    key.verify(base64.b64decode(sign), text, padding.PKCS1v15(), digest)
    return True


def order(**changes: str) -> dict[str, str]:
    """The fields of a create, changed; a blank value takes a field away."""
    fields = {
        "service": "alipay.acquire.create",
        "out_trade_no": "T1_1_1",
        "subject": "Taxi 车费",
        "product_code": "OVERSEAS_MBARCODE_PAY",
        "total_fee": "12.35",
        "buyer_id": BUYER,
        "trans_currency": "USD",
        "currency": "USD",
        "extend_params": '{"secondary_merchant_id":"1","secondary_merchant_name":"Cab",'
        '"secondary_merchant_industry":"4121"}',
        "it_b_pay": "15m",
        "notify_url": "http://merchant.invalid/notify",
        "passback_parameters": "T1",
    }
    return {name: value for name, value in (fields | changes).items() if value}


def spot(code: str, **changes: str) -> dict[str, str]:
    """The fields of a cross-border payment by the buyer's code."""
    fields = {
        "service": "alipay.acquire.overseas.spot.pay",
        "partner_trans_id": "T1_1_1",
        "buyer_identity_code": code,
        "identity_code_type": "barcode",
        "trans_create_time": "20200913202640",
        "trans_name": "Taxi 车费",
        "trans_amount": "12.35",
        "currency": "USD",
        "biz_product": "OVERSEAS_MBARCODE_PAY",
        "extend_info": order()["extend_params"],
    }
    return fields | changes


def request(fields: dict[str, str], sign_type: str = "MD5", charset: str = "UTF-8") -> dict[str, str]:
    """``fields`` with what every call carries, signed."""
    basic = {"partner": demo().partner, "_input_charset": charset, "timestamp": STAMP, "sign_type": sign_type}
    full = {name: value for name, value in (basic | fields).items() if value}
    return full | {"sign": signature(full.get("sign_type", ""), text_of(full).encode(charset))}


def encoded(params: dict[str, str], charset: str = "UTF-8") -> str:
    return "&".join(f"{k}={quote_from_bytes(v.encode(charset), safe='')}" for k, v in params.items())


class Answer:
    """An XML answer taken apart with regular expressions."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        declared = re.match(rb'<\?xml version="1.0" encoding="([^"]+)"\?>', response.content)
        assert declared, response.content
        self.charset = declared.group(1).decode().lower()
        self.text = response.content.decode(self.charset)
        inner = re.search(r"<response><(\w+)>(.*)</\1></response>", self.text, re.DOTALL)
        self.fields = dict(re.findall(r"<(\w+)>([^<]*)</\1>", inner.group(2))) if inner else {}
        self.error = self._one("error")

    def _one(self, name: str) -> str:
        found = re.search(f"<{name}>([^<]*)</{name}>", self.text)
        return found.group(1) if found else ""

    @property
    def genuine(self) -> bool:
        return genuine(self._one("sign_type"), text_of(self.fields).encode(self.charset), self._one("sign"))


def form_fields(body: bytes, charset: str = "utf-8") -> dict[str, str]:
    return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, encoding=charset, strict_parsing=True))

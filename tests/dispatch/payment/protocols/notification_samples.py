"""Recorded notifications, shared by tests."""

from urllib.parse import quote_from_bytes

from dispatch.payment.protocols.signing import Signer, canonical
from tests.dispatch.payment.vectors import load

SIGNER = Signer.from_keys("MD5", md5_key="m" * 32)


FORM = "application/x-www-form-urlencoded"


SAMPLE: dict[str, str] = {
    name: value
    for name, value in load("mapi_xml_shapes.json")["notification"].items()
    if name not in ("sign", "sign_type")
}


def posted(fields: dict[str, str], *, sent: str = "utf-8", signed: str = "utf-8", sign_type: str = "MD5") -> bytes:
    sign = SIGNER.sign(canonical(fields, keep_blank=True).encode(signed))
    full = fields | {"sign": sign, "sign_type": sign_type}
    return "&".join(f"{k}={quote_from_bytes(v.encode(sent))}" for k, v in full.items()).encode()

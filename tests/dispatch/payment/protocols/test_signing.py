"""Signatures agree with those that Alipay and published clients made."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.payment.protocols.signing import Credentials, KeyFormatError, Signer, SignType, canonical
from tests.dispatch.payment.protocols.signing_samples import RSA, rsa_signer
from tests.dispatch.payment.vectors import load

MD5 = load("mapi_md5.json")
NOTIFICATIONS = load("notification_rsa2.json")


@pytest.mark.parametrize("vector", MD5["vectors"] + MD5["small_vectors"], ids=lambda v: v.get("service", "small"))
def test_md5_vectors(vector: dict[str, Any]) -> None:
    """Published mapi requests: the same string to sign, the same signature."""
    signer = Signer.from_keys("MD5", md5_key=vector.get("md5_key", MD5["md5_key"]))

    text = canonical(vector["params"] | {"sign": "x", "sign_type": "MD5", "blank": ""})

    assert text == vector["string_to_sign"]
    assert signer.sign(text.encode()) == vector["sign"]
    assert signer.verify(text.encode(), vector["sign"])
    assert not signer.verify(text.encode() + b"0", vector["sign"])


@pytest.mark.parametrize("vector", RSA["vectors"], ids=lambda v: v["name"])
def test_rsa_vectors(vector: dict[str, Any]) -> None:
    """RSA and RSA2 signatures are re-created byte for byte, and verify."""
    signer = rsa_signer(vector["sign_type"])
    text = vector["string_to_sign"].encode()

    assert signer.sign(text) == vector["sign"]
    assert signer.verify(text, vector["sign"])
    assert not signer.verify(text, vector["sign"][:-4] + "AAA=")


def test_openapi_request_keeps_sign_type() -> None:
    """The openapi string keeps ``sign_type``; the same function makes it."""
    vector = next(v for v in RSA["vectors"] if "params" in v)

    assert canonical(vector["params"], left_out={"sign"}) == vector["string_to_sign"]


@pytest.mark.parametrize("vector", NOTIFICATIONS["vectors"], ids=lambda v: v["name"])
def test_real_notification(vector: dict[str, Any]) -> None:
    """A real notification of Alipay verifies; with another amount it does not."""
    signer = Signer.from_keys(
        "RSA2", private_key=RSA["private_key_pem_test_only"], alipay_public_key=vector["public_key_base64_der"]
    )

    genuine = signer.verify(canonical(vector["params"]).encode(), vector["sign"])

    assert genuine is (vector["kind"] == "notify")


@given(st.dictionaries(st.text(min_size=1), st.text()), st.text())
def test_blanks_and_signature_fields_do_not_count(fields: dict[str, str], extra: str) -> None:
    """Blank values and the signature's own fields never enter the string."""
    named = {k: v for k, v in fields.items() if k not in ("sign", "sign_type")}

    assert canonical(named | {"sign": extra, "sign_type": extra}) == canonical({k: v for k, v in named.items() if v})


@pytest.mark.parametrize("sign", ["", "%%%", "AAAA", "ä", "A" * 344])
@pytest.mark.parametrize("sign_type", ["MD5", "RSA", "RSA2"])
def test_rubbish_never_verifies(sign: str, sign_type: SignType) -> None:
    """Whatever stands in ``sign``, it is refused without an exception."""
    signer = Signer.from_keys("MD5", md5_key="k" * 32) if sign_type == "MD5" else rsa_signer(sign_type)

    assert not signer.verify(b"a=1", sign)


def test_repr_shows_no_key() -> None:
    """Keys never reach a log through ``repr``."""
    keys = Credentials(sign_type="MD5", md5_key="s3cret", private_key="PRIVATE", alipay_public_key="PUBLIC")

    assert "s3cret" not in repr(keys) + str(keys) + repr([keys]) + f"{Signer(keys)!r}"
    assert "PRIVATE" not in repr(keys)
    assert "md5_key" in repr(keys)


@pytest.mark.parametrize(
    "keys",
    [
        {"sign_type": "MD5"},
        {"sign_type": "RSA2"},
        {"sign_type": "RSA2", "private_key": "not base64 at all!", "alipay_public_key": RSA["public_key_pem"]},
        {"sign_type": "RSA", "private_key": RSA["private_key_pem_test_only"], "alipay_public_key": "AAAA"},
        {"sign_type": "RSA", "private_key": RSA["public_key_pem"], "alipay_public_key": RSA["public_key_pem"]},
    ],
)
def test_unusable_keys_are_named(keys: dict[str, Any]) -> None:
    """A missing or broken key is one clear error that does not quote it."""
    with pytest.raises(KeyFormatError) as caught:
        Signer(Credentials(**keys))

    assert "key" in str(caught.value)
    assert "BEGIN" not in str(caught.value)


def test_vectors_name_their_source() -> None:
    """Every vector file says where its facts come from."""
    for file in sorted(Path(__file__).parents[1].glob("vectors/*.json")):
        assert json.loads(file.read_text())["source"], file.name

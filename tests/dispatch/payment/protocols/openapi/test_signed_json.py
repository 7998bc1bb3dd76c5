"""Answers of openapi are cut out as they stand, and nothing is believed that has two readings or no signature."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.payment.protocols.openapi.certificates import certificate_sn
from dispatch.payment.protocols.openapi.content_cipher import ContentCipher
from dispatch.payment.protocols.openapi.keys import OpenapiCredentials, OpenapiKeys
from dispatch.payment.protocols.openapi.signed_json import Node, members, node_name, read_node
from dispatch.payment.protocols.signing import AnswerError
from tests.dispatch.payment.protocols.openapi.content_cipher_samples import KEY
from tests.dispatch.payment.protocols.openapi.keys_samples import ALIPAY_CERT, BY_CERTIFICATE, THEIRS, signed_by
from tests.dispatch.payment.protocols.openapi.signed_json_samples import KEYS
from tests.dispatch.payment.protocols.signing_samples import RSA
from tests.dispatch.payment.vectors import load

VECTORS = load("openapi_answers.json")["vectors"]
SHAPES = load("openapi_shapes.json")
METHOD = "alipay.trade.query"
NODE = '{"code":"10000","total_amount":"12.35"}'


def answer(node: str, *, name: str = "alipay_trade_query_response", sign: str | None = None, extra: str = "") -> bytes:
    """An answer around ``node``, signed unless another signature is given."""
    made = KEYS.sign(node.encode()) if sign is None else sign
    return f'{{"{name}":{node}{extra},"sign":"{made}"}}'.encode()


@pytest.mark.parametrize("vector", [v for v in VECTORS if "public_key_pem" in v], ids=lambda v: v["name"])
def test_real_answers(vector: dict[str, Any]) -> None:
    """Answers that Alipay signed verify; with one character changed they do not."""
    method = vector["node"].removesuffix("_response").replace("_", ".")
    private = RSA["private_key_pem_test_only"]
    keys = OpenapiKeys(OpenapiCredentials(private_key=private, alipay_public_key=vector["public_key_pem"]))

    node = read_node(vector["body"].encode(), method, keys)

    assert node == Node(json.loads(vector["string_to_sign"]), signed=True)
    with pytest.raises(AnswerError, match="does not verify"):
        read_node(vector["body"].replace("code", "c0de").encode(), method, keys)


@pytest.mark.parametrize(
    "vector", [v for v in VECTORS if v["kind"] == "response-slice"] + SHAPES["slice"], ids=lambda v: v["body"][:60]
)
def test_cutting(vector: dict[str, Any]) -> None:
    """The signed text is cut out to the character, also around a member called ``sign``; rubbish is told as that."""
    if vector.get("must_not_raise_in_slicer"):
        with pytest.raises(AnswerError, match="not JSON"):
            members(vector["body"])
        return

    assert members(vector["body"])[vector["node"]].text == vector["string_to_sign"]


def test_two_readings_are_refused() -> None:
    """A body that names its answer twice, or an answer and an error, or a field twice, is not read at all."""
    for body in (
        SHAPES["duplicate_node"]["body"].replace("response", "alipay_trade_query_response").encode(),
        answer(NODE, extra=f',"alipay_trade_query_response":{NODE}'),
        answer(NODE, extra=',"error_response":{"code":"40002"}'),
        answer('{"code":"10000","code":"40004"}'),
        answer(NODE, extra=',"sign":""'),
    ):
        with pytest.raises(AnswerError):
            read_node(body, METHOD, KEYS)


def test_unsigned_samples_are_not_signed() -> None:
    """Real refusals, under either name, are read as unsigned."""
    error = read_node(SHAPES["error_response_sample"]["body"].encode(), METHOD, KEYS)
    failure = read_node(SHAPES["unsigned_failure_sample"]["body"].encode(), METHOD, KEYS)

    assert (error.signed, error.fields["sub_code"]) == (False, "isv.code-invalid")
    assert (failure.signed, failure.fields["sub_code"]) == (False, "isv.invalid-app-id")


@pytest.mark.parametrize(
    "node",
    [
        r'{"code":"10000","subject":"\u51fa\u79df\u8f66","url":"https:\/\/x"}',
        '{"code":"10000","subject":"出租车 } \\"sign\\":\\"x\\" {"}',
        '{ "code" : "10000", "list":[{"amount":1.10}] }',
    ],
)
def test_escapes_braces_and_spaces(node: str) -> None:
    """However the text is written, it is verified as it stands."""
    assert read_node(answer(node), METHOD, KEYS) == Node(json.loads(node, parse_float=str), signed=True)


def test_gbk() -> None:
    """An answer in GBK verifies in GBK."""
    node = '{"code":"40004","sub_msg":"交易不存在"}'
    body = f'{{"alipay_trade_query_response":{node},"sign":"{KEYS.sign(node.encode("gbk"))}"}}'.encode("gbk")

    assert read_node(body, METHOD, KEYS).fields["sub_msg"] == "交易不存在"


def test_certificate_between_answer_and_signature() -> None:
    """The certificate that an answer names checks it."""
    keys, sign = OpenapiKeys(BY_CERTIFICATE), signed_by(THEIRS, NODE.encode())
    named = answer(NODE, sign=sign, extra=f',"alipay_cert_sn":"{certificate_sn(ALIPAY_CERT)}"')
    strange = answer(NODE, sign=sign, extra=',"alipay_cert_sn":"abc"')

    assert read_node(named, METHOD, keys).signed
    with pytest.raises(AnswerError, match="abc, which is not configured"):
        read_node(strange, METHOD, keys)


def test_encrypted() -> None:
    """The signature covers the cipher text with its quotes; without our key nothing is read."""
    cipher = ContentCipher(KEY)
    body = answer(f'"{cipher.encrypt(NODE.encode())}"')

    assert read_node(body, METHOD, KEYS, cipher) == Node(json.loads(NODE), signed=True)
    with pytest.raises(AnswerError, match="no content_key"):
        read_node(body, METHOD, KEYS)
    with pytest.raises(AnswerError, match="cannot be decrypted"):
        read_node(answer('"AAAA"'), METHOD, KEYS, cipher)
    with pytest.raises(AnswerError, match="no fields"):
        read_node(answer('"AAAA"', sign=""), METHOD, KEYS, cipher)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"{",
        b'{"a":1',
        b'{"a":1}x',
        b'{"a":NaN}',
        b"<html>",
        b"\xff\xfe",
        b'{"alipay_trade_query_response":[]}',
        b"[" * 9000,
        b'{"a":' + b"[" * 9000,
    ],
    ids=lambda body: repr(body[:20]),
)
def test_rubbish(body: bytes) -> None:
    """What is no answer is told as that, however deep it goes."""
    with pytest.raises(AnswerError):
        read_node(body, METHOD, KEYS)


@given(st.binary(max_size=200))
def test_anything_may_come(body: bytes) -> None:
    """No bytes make the reader raise anything else, and none are believed."""
    try:
        node = read_node(body, METHOD, KEYS)
    except AnswerError:
        return
    assert not node.signed


def test_names() -> None:
    """A method's answer is named after it."""
    assert node_name("alipay.trade.fastpay.refund.query") == "alipay_trade_fastpay_refund_query_response"

"""Answers of the gateway are read safely, and only what is signed counts."""

import pytest

from dispatch.payment.protocols.mapi.xml import SignedAnswer, UnsignedRefusal, read_answer
from dispatch.payment.protocols.signing import AnswerError
from tests.dispatch.payment.protocols.mapi.xml_samples import SIGNER, answer
from tests.dispatch.payment.vectors import load

SHAPES = {sample["name"]: sample["body"] for sample in load("mapi_xml_shapes.json")["samples"]}


@pytest.mark.parametrize("name", [name for name in SHAPES if "refused" in name])
def test_published_refusals(name: str) -> None:
    """A real refusal is read as one, in the charset that it declares."""
    refusal = read_answer(SHAPES[name].encode(), SIGNER)

    assert isinstance(refusal, UnsignedRefusal)
    assert refusal.error.startswith("ILLEGAL_")


@pytest.mark.parametrize("name", [name for name in SHAPES if "refused" not in name])
def test_published_successes_without_their_signature(name: str) -> None:
    """Real answers, their signatures blotted out, are well-formed to us and not believed."""
    declared = "gbk" if "GBK" in SHAPES[name][:60] else "utf-8"

    with pytest.raises(AnswerError, match="sign"):
        read_answer(SHAPES[name].encode(declared), SIGNER)


@pytest.mark.parametrize("charset", ["utf-8", "GBK", "GB2312"])
def test_verifies_in_its_own_charset(charset: str) -> None:
    """The declared charset is the one that was signed."""
    fields = {"result_code": "SUCCESS", "subject": "出租车 & <fare>", "trade_no": "1"}

    result = read_answer(answer(fields, charset=charset), SIGNER)

    assert result == SignedAnswer(fields)


def test_no_declaration_is_utf8() -> None:
    """Without a declaration XML is UTF-8."""
    body = answer({"subject": "车"})

    assert read_answer(body[body.index(b"?>") + 2 :], SIGNER) == SignedAnswer({"subject": "车"})


def test_nested_lists_are_not_read() -> None:
    """A nested list, signed or not, is no fact; the fields around it are."""
    body = answer({"total_fee": "3.90"}, extra="<fund_bill_list><F><amount>9</amount></F></fund_bill_list>")

    assert read_answer(body, SIGNER) == SignedAnswer({"total_fee": "3.90"})


GOOD = answer({"result_code": "SUCCESS", "out_trade_no": "A1"})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502 Bad Gateway",
        GOOD[:-20],
        GOOD.replace(b"A1", b"A2"),
        GOOD.replace(b"<out_trade_no>", b"<out_trade_no>A2</out_trade_no><out_trade_no>"),
        GOOD.replace(b"</response>", b"<alipay><out_trade_no>A2</out_trade_no></alipay></response>"),
        GOOD.replace(b"<request/>", b"<response><alipay><result_code>SUCCESS</result_code></alipay></response>"),
        GOOD.replace(b">MD5<", b">RSA2<"),
        GOOD.replace(b"<sign>", b"<sign/><sign>"),
        GOOD.replace(b"utf-8", b"utf-7"),
        GOOD.replace(b"A1", b"\xff"),
        GOOD.replace(b"<alipay><is", b'<!DOCTYPE a [<!ENTITY x "A1">]><alipay><is', 1),
        b"<alipay><is_success>T</is_success></alipay>",
        b" " * 300_000,
    ],
)
def test_not_believed(body: bytes) -> None:
    """Cut, changed, doubled, entity-laden or oversized answers raise, and none gives fields."""
    with pytest.raises(AnswerError):
        read_answer(body, SIGNER)

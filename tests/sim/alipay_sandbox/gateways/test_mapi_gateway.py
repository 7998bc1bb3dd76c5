"""The mapi gateway: signatures, charsets, query and body, and the checks of partner, signature and timestamp."""

import pytest

from sim.alipay_sandbox.http.app import create_app
from sim.alipay_sandbox.model.settings import SandboxSettings
from tests.sim.alipay_sandbox.merchant import Answer, demo, encoded, order, request
from tests.sim.alipay_sandbox.sandbox_client import HandClock, SandboxClient, open_sandbox


@pytest.mark.parametrize("sign_type", ["MD5", "RSA", "RSA2"])
@pytest.mark.parametrize("charset", ["UTF-8", "GBK", "gb2312"])
async def test_create_in_each_signature_and_charset(alipay: SandboxClient, sign_type: str, charset: str) -> None:
    """A signed create is answered with a trade number, signed the same way in the request's charset."""
    answer = await alipay.mapi(order(), sign_type, charset)

    assert answer.fields["result_code"] == "SUCCESS"
    assert answer.fields["out_trade_no"] == "T1_1_1"
    assert len(answer.fields["trade_no"]) == 28
    assert answer.genuine
    assert answer.response.headers["content-type"].startswith("text/xml;")
    assert answer.charset == ("utf-8" if charset == "UTF-8" else "gbk")
    assert '<param name="subject">Taxi 车费</param>' in answer.text


async def test_get_with_everything_in_the_query(alipay: SandboxClient) -> None:
    """A request may stand in the URL as a whole."""
    answer = Answer(await alipay.http.get(f"/gateway.do?{encoded(request(order()))}"))

    assert answer.fields["result_code"] == "SUCCESS"


async def test_bytes_that_are_not_in_their_charset(alipay: SandboxClient) -> None:
    """What cannot be decoded, or stands there twice differently, is turned away."""
    garbled = await alipay.http.get("/gateway.do?_input_charset=UTF-8&subject=%ff")
    doubled = await alipay.http.get("/gateway.do?_input_charset=UTF-8&total_fee=1&total_fee=2")
    control = await alipay.http.get("/gateway.do?_input_charset=UTF-8&subject=%00")

    assert Answer(garbled).error == "INVALID_CHARACTER_SET"
    assert Answer(doubled).error == Answer(control).error == "ILLEGAL_ARGUMENT"


async def test_answers_in_gbk_to_a_request_in_utf8() -> None:
    """Alipay may answer in GBK whatever it was asked in, and signs what it sends."""
    alipay = open_sandbox(answer_charset="gbk")
    await alipay.mapi(order())
    failed = await alipay.mapi(order(total_fee="1"))

    assert failed.charset == "gbk"
    assert failed.fields["detail_error_des"] == "交易信息被篡改"
    assert failed.genuine
    await alipay.http.aclose()
    await alipay.sandbox.notifier.aclose()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"_input_charset": "latin-1"}, "ILLEGAL_CHARSET"),
        ({"service": "alipay.acquire.dream"}, "ILLEGAL_SERVICE"),
        ({"partner": "2088000000000099"}, "ILLEGAL_PARTNER"),
        ({"sign_type": "DSA"}, "ILLEGAL_SIGN_TYPE"),
        ({"sign": "0" * 32}, "ILLEGAL_SIGN"),
        ({"sign": ""}, "ILLEGAL_SIGN"),
        ({"total_fee": "0.01"}, "ILLEGAL_SIGN"),
        ({"partner": "2088000000000099", "sign": "0" * 32}, "ILLEGAL_PARTNER"),
    ],
)
async def test_the_gate(alipay: SandboxClient, changes: dict[str, str], error: str) -> None:
    """Who fails at the gate gets its code, unsigned, and nothing happens."""
    answer = await alipay.send(request(order()) | changes)

    assert answer.error == error
    assert "<sign>" not in answer.text
    assert (await alipay.accounts())["orders"] == []


async def test_keys_that_were_never_uploaded(alipay: SandboxClient) -> None:
    """A merchant without an RSA key cannot sign with RSA."""
    made = demo().at_alipay()
    bare = type(made)(partner=made.partner, md5_key=made.md5_key)
    other = SandboxClient(create_app(SandboxSettings(merchants=(bare,)), clock=HandClock()), HandClock())

    assert (await other.mapi(order(), "RSA2")).error == "HAS_NO_PUBLICKEY"
    await other.http.aclose()
    await other.sandbox.notifier.aclose()


@pytest.mark.parametrize(
    ("stamp", "error"),
    [
        ("2020-09-13 20:26:40", ""),
        ("2020-09-13 19:57:00", ""),
        ("2020-09-13 19:56:00", "ILLEGAL_ARGUMENT"),
        ("2020-09-13 20:57:00", "ILLEGAL_ARGUMENT"),
        ("1600000000000", ""),
        ("yesterday", "ILLEGAL_ARGUMENT"),
        ("", ""),
    ],
)
async def test_timestamps(alipay: SandboxClient, stamp: str, error: str) -> None:
    """Half an hour off is refused; milliseconds and none at all pass."""
    assert (await alipay.mapi(order(timestamp=stamp) | {"timestamp": stamp})).error == error

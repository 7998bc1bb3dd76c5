"""The wire format of the mapi gateway: signatures, charsets, query and body."""

import pytest

from tests.sim.alipay_sandbox.merchant import Answer, encoded, order, request
from tests.sim.alipay_sandbox.sandbox_client import SandboxClient, open_sandbox


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

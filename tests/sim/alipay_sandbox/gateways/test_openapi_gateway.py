"""The wire format of the openapi gateway: signatures, charsets, query and body."""

import pytest

from sim.alipay_sandbox.model.certificates import cert_sn, root_cert_sn
from tests.sim.alipay_sandbox.merchant import demo
from tests.sim.alipay_sandbox.openapi_requests import JsonAnswer, request, trade
from tests.sim.alipay_sandbox.sandbox_client import SandboxClient

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


async def test_certificate_mode(alipay: SandboxClient) -> None:
    """A request that names its certificate is answered with the name of Alipay's, which signed the answer."""
    numbers = {"app_cert_sn": cert_sn(demo().app_cert_pem), "alipay_root_cert_sn": root_cert_sn(demo().root_cert_pem)}
    answer = await alipay.openapi(CREATE, trade(), **numbers)

    assert list(answer.whole) == ["alipay_trade_create_response", "alipay_cert_sn", "sign"]
    assert answer.whole["alipay_cert_sn"] == cert_sn(demo().alipay_cert_pem)
    assert answer.genuine()

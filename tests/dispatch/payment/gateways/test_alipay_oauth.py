"""The passenger is who Alipay signs that he is."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from dispatch.payment.core.port import Refusal, Unknown
from dispatch.payment.gateways.alipay_oauth import AlipayUser, Authorization
from tests.dispatch.payment.gateways.openapi_client_samples import FakeAlipay, client

TOKEN = {"user_id": "2088000000000002", "access_token": "a", "expires_in": "3600", "refresh_token": "r"}
PAGE = "https://openauth.invalid/oauth2/publicAppAuthorize.htm"


def authorization(alipay: FakeAlipay) -> Authorization:
    return Authorization(client(alipay), PAGE)


def test_authorize_url() -> None:
    """The page is told who asks, how much, and where to come back."""
    url = urlsplit(authorization(FakeAlipay()).authorize_url("s/1&", "https://cab.invalid/back?v=V1"))

    assert f"{url.scheme}://{url.netloc}{url.path}" == PAGE
    assert parse_qs(url.query) == {
        "app_id": ["2021000000000001"],
        "scope": ["auth_base"],
        "redirect_uri": ["https://cab.invalid/back?v=V1"],
        "state": ["s/1&"],
    }


def test_page_with_a_query_of_its_own() -> None:
    """Fields are appended to what an address already asks."""
    made = Authorization(client(FakeAlipay()), f"{PAGE}?lang=en").authorize_url("s", "https://cab.invalid/")

    assert parse_qs(urlsplit(made).query)["lang"] == ["en"]


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        (TOKEN, AlipayUser("2088000000000002")),
        ({"open_id": "074a1CcTG1LelxKe4xQC0zgNdId0nxi95b5lsNpazWYoCo5", "access_token": "a"}, "open"),
        ({"access_token": "a"}, Unknown("the answer contains no user")),
        ({"user_id": "2088000000000002"}, Unknown("the answer contains no user")),
        ({"code": "40002", "sub_code": "isv.code-invalid", "sub_msg": "m"}, Refusal("isv.code-invalid", "m")),
        ({"code": "20000", "sub_code": "isp.unknow-error"}, Unknown("isp.unknow-error")),
    ],
)
async def test_exchange(fields: dict[str, Any], outcome: object) -> None:
    """A code is exchanged for the user id; a success has no ``code`` in its answer."""
    alipay = FakeAlipay(system_oauth_token=fields)

    told = await authorization(alipay).exchange_code("c0de")

    assert told == (AlipayUser(fields["open_id"]) if outcome == "open" else outcome)
    assert (alipay.asked[0]["grant_type"], alipay.asked[0]["code"]) == ("authorization_code", "c0de")
    assert "biz_content" not in alipay.asked[0]


async def test_unsigned_user_is_not_believed() -> None:
    """Nobody becomes a passenger by an answer that Alipay did not sign."""
    alipay = FakeAlipay(system_oauth_token=TOKEN)
    alipay.signs = False

    assert await authorization(alipay).exchange_code("c0de") == Unknown("a success without a signature")

"""Authorization codes and tokens."""

from sim.alipay_sandbox.model.merchants import demo_merchant
from tests.sim.alipay_sandbox.merchant import BUYER, NOW, demo
from tests.sim.alipay_sandbox.sandbox_client import SandboxClient, open_sandbox

TOKEN = "alipay.system.oauth.token"


async def auth_code(alipay: SandboxClient, **more: str) -> str:
    asked = {"app_id": demo().app_id, "scope": "auth_base", "redirect_uri": "http://localhost:9/back"} | more
    await alipay.become()
    answer = await alipay.http.get("/oauth2/publicAppAuthorize.htm", params=asked)
    code: str = answer.next_request.url.params["auth_code"] if answer.next_request else ""
    return code


async def test_token(alipay: SandboxClient) -> None:
    """A code tells who the buyer is, once; a refresh token goes on from there, once too."""
    code = await auth_code(alipay)
    first = await alipay.openapi(TOKEN, grant_type="authorization_code", code=code)
    twice = await alipay.openapi(TOKEN, grant_type="authorization_code", code=code)
    renewed = await alipay.openapi(TOKEN, grant_type="refresh_token", refresh_token=first.node["refresh_token"])
    spent = await alipay.openapi(TOKEN, grant_type="refresh_token", refresh_token=first.node["refresh_token"])

    assert first.genuine()
    assert first.own
    assert "code" not in first.node
    assert (first.node["user_id"], first.node["auth_start"]) == (BUYER, "2020-09-13 20:26:40")
    assert (twice.code, twice.own, twice.genuine()) == ("40002 isv.code-invalid", False, True)
    assert renewed.node["user_id"] == BUYER
    assert spent.code == "40002 isv.refresh-token-invalid"


async def test_codes_that_tell_nothing() -> None:
    """A code of another app, an old one, or no grant at all."""
    other = demo_merchant("2088000000000104", "o@sandbox.example")
    alipay = open_sandbox(merchants=(demo().at_alipay(), other.at_alipay()))
    foreign = await auth_code(alipay, app_id=other.app_id)
    stale = await auth_code(alipay)
    answers = [await alipay.openapi(TOKEN, grant_type="authorization_code", code=foreign)]
    alipay.clock.now = NOW + 180
    answers += [
        await alipay.openapi(TOKEN, grant_type="authorization_code", code=stale),
        await alipay.openapi(TOKEN, grant_type="authorization_code"),
        await alipay.openapi(TOKEN, grant_type="barter", code="x"),
        await alipay.openapi(TOKEN, code="x"),
    ]

    assert [answer.code for answer in answers] == [
        "40002 isv.code-invalid",
        "40002 isv.code-invalid",
        "40001 isv.missing-code",
        "40002 isv.grant-type-invalid",
        "40001 isv.missing-grant-type",
    ]
    await alipay.aclose()

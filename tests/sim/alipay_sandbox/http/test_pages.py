"""The pages: who a browser is, what it authorizes, and what a person does at the cashier."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sim.alipay_sandbox.model.merchants import demo_merchant
from tests.sim.alipay_sandbox.merchant import BUYER, demo, order
from tests.sim.alipay_sandbox.openapi_requests import code_in, trade
from tests.sim.alipay_sandbox.sandbox_client import BLOCKED, POOR, SandboxClient, open_sandbox

AUTHORIZE = "/oauth2/publicAppAuthorize.htm"


def asked(**changes: str) -> dict[str, str]:
    """The fields of an authorization, changed; a blank value takes a field away."""
    fields = {
        "app_id": demo().app_id,
        "scope": "auth_base",
        "redirect_uri": "http://localhost:8080/pay/back?car=V1",
        "state": "s=1&2",
    }
    return {name: value for name, value in (fields | changes).items() if value}


def policy(page: httpx.Response) -> dict[str, str]:
    rules = (rule.strip().partition(" ") for rule in page.headers["content-security-policy"].split(";"))
    return {name: sources for name, _, sources in rules}


async def test_auth_base_is_silent(alipay: SandboxClient) -> None:
    """The browser goes straight back to the merchant with a code and its own state."""
    await alipay.become()
    answer = await alipay.http.get(AUTHORIZE, params=asked())
    back = urlsplit(answer.headers["location"])

    assert answer.status_code == 302
    assert (back.netloc, back.path) == ("localhost:8080", "/pay/back")
    fields = parse_qs(back.query)
    assert len(fields.pop("auth_code")[0]) == 32
    assert fields == {
        "car": ["V1"],
        "app_id": [demo().app_id],
        "source": ["alipay_wallet"],
        "scope": ["auth_base"],
        "state": ["s=1&2"],
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"app_id": "2021000000000000"},
        {"scope": "auth_everything"},
        {"scope": ""},
        {"redirect_uri": ""},
        {"redirect_uri": "http://elsewhere.example/back"},
        {"redirect_uri": "http://localhost@elsewhere.example/back"},
        {"redirect_uri": "http://elsewhere.example\\@localhost/back"},
        {"redirect_uri": "http://x@localhost/back"},
        {"redirect_uri": "http://localhost:8080/back#fragment"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": "//localhost/back"},
        {"redirect_uri": "http://[localhost/back"},
    ],
)
async def test_nobody_is_sent_elsewhere(alipay: SandboxClient, changes: dict[str, str]) -> None:
    """What does not fit the app is a page that says so, and no redirect."""
    await alipay.become()
    answer = await alipay.http.get(AUTHORIZE, params=asked(**changes))

    assert answer.status_code == 400
    assert code_in(answer, "problem")


async def test_more_than_the_id_is_asked_for(alipay: SandboxClient) -> None:
    """``auth_user`` shows a page first; agreeing goes back."""
    await alipay.become()
    page = await alipay.http.get(AUTHORIZE, params=asked(scope="auth_user"))
    agreed = await alipay.http.post(AUTHORIZE, params=asked(scope="auth_user"))

    assert BUYER in page.text
    assert agreed.status_code == 302
    assert "http://localhost:*" in policy(page)["form-action"]


async def test_a_browser_that_is_nobody_chooses_first(alipay: SandboxClient) -> None:
    """The wallet asks who it is, and leads on to where it was going, but to no other site."""
    first = await alipay.http.get(AUTHORIZE, params=asked())
    wallet = await alipay.http.get(first.headers["location"])
    onward = parse_qs(urlsplit(first.headers["location"]).query)["next"][0]
    chosen = await alipay.http.post("/wallet", data={"buyer_id": BUYER, "next": onward})
    back = await alipay.http.get(chosen.headers["location"])
    outside = await alipay.http.post("/wallet", data={"buyer_id": BUYER, "next": "//elsewhere.example"})
    nobody = await alipay.http.post("/wallet", data={"buyer_id": "me"})

    assert "My account" in wallet.text
    assert back.headers["location"].startswith("http://localhost:8080/pay/back?car=V1&app_id=")
    assert outside.headers["location"] == "/wallet"
    assert nobody.status_code == 400


async def test_a_default_buyer() -> None:
    """Where the sandbox names one, a browser need not choose; one who is blocked authorizes nothing."""
    alipay = open_sandbox(default_buyer=POOR)
    blocked = open_sandbox(default_buyer=BLOCKED)

    assert (await alipay.http.get(AUTHORIZE, params=asked())).status_code == 302
    assert code_in(await blocked.http.get(AUTHORIZE, params=asked()), "problem") == "BUYER_ENABLE_STATUS_FORBID"
    await alipay.aclose()
    await blocked.aclose()


async def test_the_wallet_shows_a_code_to_scan(alipay: SandboxClient) -> None:
    """A person shows a code, and it pays; the wallet then shows what is left, and what waits."""
    await alipay.become()
    code = code_in(await alipay.http.post("/wallet/code"), "bar-code")
    fields = trade(buyer_id=None, scene="bar_code", auth_code=code)
    paid = await alipay.openapi("alipay.trade.pay", fields)
    waiting = (await alipay.mapi(order(out_trade_no="T2"))).fields["trade_no"]
    wallet = await alipay.http.get("/wallet")

    assert paid.code == "10000"
    assert "99987.65 CNY" in wallet.text
    assert f"/cashier?trade_no={waiting}" in wallet.text


@pytest.mark.parametrize(
    ("deed", "buyer", "result", "captures"),
    [
        ("pay", BUYER, "9000", 1),
        ("pay", "2088000000000009", "4000 TRADE_BUYER_NOT_MATCH", 0),
        ("refuse", BUYER, "4000 the user refused to pay", 0),
        ("leave", BUYER, "6001 the user left the payment", 0),
    ],
)
async def test_the_cashier(alipay: SandboxClient, deed: str, buyer: str, result: str, captures: int) -> None:
    """A person pays, refuses or leaves, and the page hears the code of it."""
    trade_no = (await alipay.mapi(order(subject="<b>车费</b>"))).fields["trade_no"]
    embedder = "http://localhost:8080"
    shown = await alipay.http.get("/cashier", params={"trade_no": trade_no, "embedder": embedder})
    done = await alipay.http.post(
        "/cashier", data={"trade_no": trade_no, "embedder": embedder, "buyer_id": buyer, "deed": deed}
    )

    assert code_in(shown, "amount") == "12.35 USD"
    assert "&lt;b&gt;" in shown.text
    assert 'data-result-code=""' in shown.text
    assert code_in(done, "result") == result
    assert f'data-embedder="{embedder}"' in done.text
    assert f'data-result-code="{result[:4]}"' in done.text
    assert (await alipay.order_of())["captures"] == captures


async def test_a_merchants_code_in_a_browser(alipay: SandboxClient) -> None:
    """The code's page shows the order; scanning it leads to the cashier, looking at it opens nothing."""
    code = (await alipay.openapi("alipay.trade.precreate", trade(buyer_id=None))).node["qr_code"]
    page = await alipay.http.get(code)
    before = (await alipay.accounts())["orders"]
    scanned = await alipay.http.post(code, data={"buyer_id": BUYER})
    cashier = await alipay.http.get(scanned.headers["location"])
    other = await alipay.http.post(code, data={"buyer_id": "2088000000000009"})

    assert code_in(page, "amount") == "12.35 CNY"
    assert "<svg" in page.text
    assert before == []
    assert code_in(cashier, "amount") == "12.35 CNY"
    assert code_in(other, "problem") == "TRADE_BUYER_NOT_MATCH"


async def test_what_is_not_there(alipay: SandboxClient) -> None:
    """Unknown trades, codes and files are told as such."""
    for path in ("/cashier?trade_no=1", "/qr/nothing", "/qr/nothing.svg", "/sandbox/nothing.js"):
        assert (await alipay.http.get(path)).status_code == 404


async def test_each_app_has_its_hosts() -> None:
    """A host of one app is no host of another."""
    other = demo_merchant("2088000000000105", "o@sandbox.example", callback_hosts=("cab.example",))
    alipay = open_sandbox(merchants=(demo().at_alipay(), other.at_alipay()))
    await alipay.become()
    own = await alipay.http.get(AUTHORIZE, params=asked(app_id=other.app_id, redirect_uri="https://cab.example/b"))
    foreign = await alipay.http.get(AUTHORIZE, params=asked(redirect_uri="https://cab.example/b"))

    assert (own.status_code, foreign.status_code) == (302, 400)
    await alipay.aclose()

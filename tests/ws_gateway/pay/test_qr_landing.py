"""From the code in the car to the ride's page: other browsers, Alipay's authorization, forged and replayed returns."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from dispatch.domain.errors import ErrorCode
from tests.ws_gateway.pay.page_client import ALIPAY_APP, BRIDGE, BUYER, IN_ENGLISH, Booth, has, step, text
from ws_gateway.pay.responses import JOURNEY_COOKIE, SESSION_COOKIE

SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Safari/604.1"


@pytest.fixture
def booth() -> Booth:
    return Booth().fare_due()


def state_in(response: httpx.Response) -> str:
    """The ``state`` that a browser leaves with."""
    return parse_qs(urlsplit(response.headers["location"]).query)["state"][0]


def number(response: httpx.Response) -> int:
    """The number that a page of a problem shows."""
    return int(text(response, "error-number"))


@pytest.mark.parametrize("agent", [ALIPAY_APP, IN_ENGLISH])
async def test_alipays_app_is_sent_to_the_authorization_page(booth: Booth, agent: str) -> None:
    """At once, with a state that is short and with our callback; the browser keeps a sealed cookie."""
    left = await booth.browser(agent).get("/pay/V1")
    assert left.status_code == 302
    assert left.headers["location"].startswith("https://openauth.example/authorize?app_id=app&")
    assert "redirect_uri=https://taxi.example/pay/callback" in left.headers["location"]
    assert len(state_in(left)) == 32
    cookie = left.headers["set-cookie"]
    for part in (JOURNEY_COOKIE, "HttpOnly", "Secure", "SameSite=lax", "Path=/pay", "Max-Age=600"):
        assert part in cookie


async def test_the_way_back_signs_in(booth: Booth) -> None:
    """The session is a cookie that no script reads; it does not show the user id; the ride's page follows."""
    browser = booth.browser()
    back = await browser.sign_in()
    assert (back.status_code, back.headers["location"]) == (302, "/pay/V1")
    session = next(each for each in back.headers.get_list("set-cookie") if each.startswith(SESSION_COOKIE))
    for part in ("HttpOnly", "Secure", "SameSite=lax", "Path=/pay", "Max-Age=3600"):
        assert part in session
    ride = await browser.get("/pay/V1")
    assert (ride.status_code, ride.headers["location"]) == (302, "/pay/V1/t1")


async def test_without_https_cookies_still_come(booth: Booth) -> None:
    """A development server on plain HTTP signs in too."""
    booth = Booth(public_url="http://127.0.0.1:8080").fare_due()
    browser = booth.browser()
    assert "Secure" not in (await browser.get("/pay/V1")).headers["set-cookie"]
    assert step(await browser.ride()) == "pay"


async def test_a_return_is_good_once(booth: Booth) -> None:
    """The same address again, from the same browser, is refused before Alipay is asked."""
    browser = booth.browser()
    left = await browser.get("/pay/V1")
    address = f"/pay/callback?auth_code=code-{BUYER}&state={state_in(left)}"
    assert (await browser.get(address)).status_code == 302
    replayed = await browser.get(address)
    assert (replayed.status_code, number(replayed)) == (400, ErrorCode.BAD_TOKEN)


async def test_a_return_belongs_to_its_browser(booth: Booth) -> None:
    """Who is sent somebody else's return, to pay into the other's account, is refused (RFC 6749, 10.12)."""
    attacker, victim = booth.browser(), booth.browser()
    state = state_in(await attacker.get("/pay/V1"))
    await victim.get("/pay/V1")
    for forged in (state, "", "x" * 32, "é"):
        refused = await victim.get(f"/pay/callback?auth_code=code-1&state={forged}")
        assert (refused.status_code, number(refused)) == (400, ErrorCode.BAD_TOKEN)
        assert SESSION_COOKIE not in victim.cookies
        await victim.get("/pay/V1")


async def test_a_return_after_ten_minutes(booth: Booth) -> None:
    """Too old: nothing is exchanged, and the page leads to a new beginning."""
    browser = booth.browser()
    state = state_in(await browser.get("/pay/V1"))
    booth.clock.advance(601)
    late = await browser.get(f"/pay/callback?auth_code=code-1&state={state}")
    assert (late.status_code, number(late)) == (400, ErrorCode.TOKEN_EXPIRED)
    assert has(late, "again")


async def test_a_code_that_alipay_does_not_take(booth: Booth) -> None:
    """Refused, left out or answered unclearly: plain words, and another try begins at the car."""
    browser = booth.browser()
    for query, status in (("auth_code=forged&", 403), ("", 403)):
        state = state_in(await browser.get("/pay/V1"))
        refused = await browser.get(f"/pay/callback?{query}state={state}")
        assert (refused.status_code, number(refused)) == (status, ErrorCode.WRONG_CREDENTIALS)
        assert 'href="/pay/V1"' in refused.text
    assert booth.authorizers.shared is not None
    booth.authorizers.shared.clear = False
    unclear = await browser.sign_in()
    assert (unclear.status_code, number(unclear)) == (503, ErrorCode.UNAVAILABLE)
    assert "has not confirmed the result" in text(unclear, "said")


async def test_a_company_without_an_application() -> None:
    """The car cannot take Alipay by its code: the page says to pay the driver."""
    refused = await Booth().browser().get("/pay/V4")
    assert (refused.status_code, number(refused)) == (503, ErrorCode.NOT_ALLOWED)


async def test_a_session_of_one_company_is_none_of_another() -> None:
    """A user is known to each application by itself: in another company's car the way begins anew."""
    booth = Booth().fare_due()
    browser = booth.browser()
    await browser.ride()
    assert (await browser.get("/pay/V4")).status_code == 503
    assert booth.stage.trip.data.profile is not None


async def test_other_browsers_are_told_what_to_do(booth: Booth) -> None:
    """They see the code to be scanned, with the car's number, and cannot go on."""
    page = await booth.browser(SAFARI).get("/pay/V1")
    assert page.status_code == 200
    assert text(page, "car") == "V1"
    assert "<svg" in page.text
    assert "https://taxi.example/pay/V1</title>" in page.text
    assert not has(page, "sandbox")
    assert (await booth.browser(SAFARI).get("/pay/V1?sandbox=1")).status_code == 200


async def test_the_sandbox_lets_any_browser_go_on() -> None:
    """Where a script plays the app's bridge, a person without a phone can walk the whole way."""
    booth = Booth(bridge_url=BRIDGE).fare_due()
    browser = booth.browser(SAFARI)
    page = await browser.get("/pay/V1")
    assert 'id="sandbox" class="button plain" href="?sandbox=1"' in page.text
    state = state_in(await browser.get("/pay/V1?sandbox=1"))
    await browser.get(f"/pay/callback?auth_code=code-{BUYER}&state={state}")
    assert (await browser.get("/pay/V1")).headers["location"] == "/pay/V1/t1"


@pytest.mark.parametrize("vehicle", ["V9", "V3", "a%20b", "x" * 65, "%E8%BD%A6"])
async def test_cars_that_are_not_there(booth: Booth, vehicle: str) -> None:
    """Unknown, out of use, or no number at all: a plain page with a number."""
    page = await booth.browser().get(f"/pay/{vehicle}")
    assert (page.status_code, number(page)) == (404, ErrorCode.UNKNOWN_VEHICLE)


async def test_a_car_in_which_nothing_is_to_be_paid() -> None:
    """The page says so and looks again by itself, until there is a ride."""
    booth = Booth()
    browser = booth.browser()
    await browser.sign_in()
    page = await browser.get("/pay/V1")
    assert has(page, "nothing")
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page.text
    booth.hail()
    assert (await browser.get("/pay/V1")).headers["location"] == "/pay/V1/t1"


async def test_a_paid_ride_is_found_again(booth: Booth) -> None:
    """Who paid and scans again finds nothing to pay, but the way to the ride and its bill; others do not."""
    browser, other = booth.browser(), booth.browser()
    await browser.submit(await browser.ride(), "pay")
    booth.hear("paid")
    page = await browser.get("/pay/V1")
    assert has(page, "nothing")
    assert 'id="last-ride" class="button plain" href="/pay/V1/t1"' in page.text
    assert not has(await browser.get("/pay/V2"), "last-ride")
    await other.sign_in(user="2088102146225999")
    assert not has(await other.get("/pay/V1"), "last-ride")


async def test_a_ride_is_found_again_after_signing_in(booth: Booth) -> None:
    """Who comes back to a ride's page after an hour signs in and sees that ride, not the next one in the car."""
    browser = booth.browser()
    await browser.ride()
    booth.clock.advance(3601)
    sent = await browser.get("/pay/V1/t1")
    assert sent.headers["location"] == "/pay/V1?ride=t1"
    state = state_in(await browser.get("/pay/V1?ride=t1"))
    back = await browser.get(f"/pay/callback?auth_code=code-{BUYER}-2&state={state}")
    assert back.headers["location"] == "/pay/V1?ride=t1"
    assert (await browser.get(back.headers["location"])).headers["location"] == "/pay/V1/t1"
    assert (await browser.get("/pay/V1/t1/state")).status_code == 200
    browser.cookies.clear()
    assert (await browser.get("/pay/V1/t1/state")).status_code == 401


async def test_the_number_is_typed(booth: Booth) -> None:
    """A page asks for it, in whichever case it is typed; the page itself goes on, for a form may not leave us."""
    browser = booth.browser()
    page = await browser.get("/pay")
    assert has(page, "vehicle")
    for typed in ("V1", "v1", "%20V1%20"):
        onward = await browser.get(f"/pay?vehicle={typed}")
        assert onward.status_code == 200
        assert '<meta http-equiv="refresh" content="0;url=/pay/V1">' in onward.text
    for wrong in ("V9", "v9", "<script>"):
        assert (await browser.get(f"/pay?vehicle={wrong}")).status_code == 404


async def test_too_many_attempts(booth: Booth) -> None:
    """Addresses, sessions and sign-ins are counted apart; what is too often is a page with a number."""
    browser = booth.browser()
    await browser.ride()
    asked: list[str] = []

    def count(what: str) -> bool:
        asked.append(what)
        return not what.startswith("pay:by:")

    booth.allowed = count
    refused = await browser.get("/pay/V1/t1")
    assert (refused.status_code, number(refused)) == (429, ErrorCode.TOO_MANY_ATTEMPTS)
    await booth.browser().get("/pay/V1")
    assert [what.split(":")[1] for what in asked] == ["from", "by", "from", "sign_in"]


async def test_languages(booth: Booth) -> None:
    """As the app says, as the browser asks, as chosen by hand, which is remembered."""
    agent = {"Accept-Language": "fr, zh-CN;q=0.9, en;q=0.8"}
    browser = booth.browser(SAFARI, **agent)
    assert 'lang="zh"' in (await browser.get("/pay")).text
    chosen = await browser.get("/pay?lang=en")
    assert '<html lang="en">' in chosen.text
    assert '<html lang="en">' in (await browser.get("/pay")).text
    assert '<html lang="zh">' in (await booth.browser(ALIPAY_APP).get("/pay")).text
    page = await booth.browser(ALIPAY_APP).get("/pay/V9")
    assert text(page, "problem") == "没有这辆车"


async def test_headers_of_every_page(booth: Booth) -> None:
    """Strict policy, no cache, no frame, also where something is wrong; no page lets another site's script run."""
    browser = booth.browser(SAFARI)
    for path in ("/pay", "/pay/V1", "/pay/V9", "/pay/callback", "/pay/bill/t1"):
        page = await browser.get(path)
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'nonce-")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-content-type-options"] == "nosniff"

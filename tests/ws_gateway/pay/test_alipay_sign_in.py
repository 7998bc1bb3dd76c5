"""Signing in to the passenger's app by Alipay: who comes back, by which code, in which browser, how often."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest
from starlette.applications import Starlette

from dispatch.clock import CityClock
from dispatch.config.loader import load_settings
from dispatch.domain.errors import ErrorCode
from dispatch.domain.registry import PassengerRecord
from dispatch.store.journal import JournalUnavailableError
from dispatch.values.ids import PassengerId
from sim.demo.sandbox_process import SandboxProcess
from tests.dispatch.store.buses.memory_bus import MemoryBus
from tests.ws_gateway.fakes import FakeAudit, FakeRegistry
from tests.ws_gateway.limits.builders import limiter
from tests.ws_gateway.pay.page_client import BUYER, SECRET, URL, Booth, has
from ws_gateway.auth.sign_in import SignIn
from ws_gateway.auth.tokens import Tokens
from ws_gateway.pay.alipay_oauth import open_applications
from ws_gateway.pay.alipay_sign_in import AlipaySignInRoutes
from ws_gateway.pay.routes import pay_routes
from ws_gateway.settings import GatewaySettings

LEAVE = "/v1/auth/alipay"
TAKE = "/v1/auth/passenger/alipay"


class Sms:
    """Sends nothing."""

    async def send(self, phone: str, code: str, at: float) -> None:
        raise AssertionError(phone, code, at)


class Town:
    """The booth with the sign-in beside it, and a count of what was allowed once."""

    def __init__(self, public_url: str = URL, **parts: Any) -> None:
        self.booth = Booth(public_url=public_url).fare_due()
        context = self.context = msgspec.structs.replace(self.booth.context, **parts)
        self._url = context.public_url
        self.registry = FakeRegistry()
        self.tokens = Tokens(SECRET, 3600.0)
        self._spent: set[str] = set()
        ids = iter(f"id{number}" for number in range(1000))
        sign_in = SignIn(
            registry=self.registry,
            sms=Sms(),
            tokens=self.tokens,
            clock=context.clock,
            settings=GatewaySettings(),
            secret=SECRET,
            new_id=lambda: next(ids),
            bus=MemoryBus(context.clock),
            audit=FakeAudit(),
        )
        self._app = Starlette(
            routes=[*AlipaySignInRoutes(context, sign_in, limiter(self._is_first)).routes(), *pay_routes(context)]
        )

    def _is_first(self, what: str, per_s: float, burst: int) -> bool:
        assert 0 < per_s * 120 < burst == 1
        first = what not in self._spent
        self._spent.add(what)
        return first

    def browser(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self._app), base_url=self._url)

    def subject(self, answer: httpx.Response) -> str:
        """Whom the token of a sign-in names."""
        identity = self.tokens.verify(answer.json()["token"], self.context.clock.wall())
        assert (identity.role, answer.json()["role"]) == ("passenger", "passenger")
        return identity.subject


@pytest.fixture
def town() -> Town:
    """A town at noon."""
    return Town()


async def state_for(browser: httpx.AsyncClient) -> str:
    left = await browser.get(LEAVE)
    url = urlsplit(left.headers["location"])
    assert (left.status_code, url.netloc) == (302, "openauth.example")
    query = parse_qs(url.query)
    assert query["redirect_uri"] == [f"{URL}/pay/callback"]
    return query["state"][0]


async def back(browser: httpx.AsyncClient, auth_code: str = f"code-{BUYER}") -> str:
    """To the authorization page and back; where the browser is then."""
    state = await state_for(browser)
    arrived = await browser.get(f"/pay/callback?auth_code={auth_code}&state={state}")
    assert arrived.status_code == 302
    return str(arrived.headers["location"])


async def code_of(browser: httpx.AsyncClient, auth_code: str = f"code-{BUYER}") -> str:
    where = await back(browser, auth_code)
    assert where.startswith("/ride/#alipay=")
    return where.removeprefix("/ride/#alipay=")


async def test_a_passenger_signs_in_by_alipay(town: Town) -> None:
    """Who comes back is a passenger with a token, the same one each time; another account is another."""
    browser = town.browser()
    first = await browser.post(TAKE, json={"code": await code_of(browser)})
    assert (first.status_code, first.headers["cache-control"]) == (200, "no-store")
    again = await browser.post(TAKE, json={"code": await code_of(browser, f"code-{BUYER}-2")})
    other = await browser.post(TAKE, json={"code": await code_of(browser, "code-2088102146225999")})
    assert town.subject(first) == town.subject(again) != town.subject(other)
    found = await town.registry.get(PassengerRecord, town.subject(first))
    assert found is not None
    assert (found.alipay_user_id, found.phone) == (BUYER, None)


async def test_an_account_that_is_known_is_the_same_passenger(town: Town) -> None:
    """Who linked the account before is not made anew."""
    known = PassengerRecord(id=PassengerId("p7"), phone="+14155550100", created=1.0, alipay_user_id=BUYER)
    town.registry.put(known)
    browser = town.browser()
    assert town.subject(await browser.post(TAKE, json={"code": await code_of(browser)})) == "p7"


async def test_a_code_is_good_once(town: Town) -> None:
    """Not twice, not with another browser's cookie, not without one, not after two minutes, and not made up."""
    browser, thief = town.browser(), town.browser()
    code = await code_of(browser)
    half = browser.cookies["taxi_alipay_ticket"]
    await code_of(thief, "code-2088102146225999")
    wrong = (401, ErrorCode.WRONG_CREDENTIALS)
    for client, sent in ((thief, code), (town.browser(), code), (browser, code[:-2]), (browser, "made-up")):
        refused = await client.post(TAKE, json={"code": sent})
        assert (refused.status_code, refused.json()["code"]) == wrong
    assert (await browser.post(TAKE, json={"code": code})).status_code == 200
    browser.cookies.set("taxi_alipay_ticket", half, domain="taxi.example", path=TAKE)
    refused = await browser.post(TAKE, json={"code": code})
    assert (refused.status_code, refused.json()["code"]) == wrong
    late = await code_of(browser, f"code-{BUYER}-2")
    town.booth.clock.advance(121)
    refused = await browser.post(TAKE, json={"code": late})
    assert (refused.status_code, refused.json()["code"]) == wrong
    assert (await browser.post(TAKE, json={"code": ""})).json()["code"] == ErrorCode.INVALID_FIELD


async def test_a_session_is_no_code(town: Town) -> None:
    """What is sealed for one purpose passes for no other."""
    browser = town.browser()
    await code_of(browser)
    refused = await browser.post(TAKE, json={"code": browser.cookies["taxi_pay"]})
    assert refused.json()["code"] == ErrorCode.WRONG_CREDENTIALS


async def test_what_goes_wrong_is_told_to_the_app(town: Town) -> None:
    """A code that Alipay refuses, none, an unclear answer, and no application: a number in the fragment."""
    browser = town.browser()
    assert await back(browser, "forged") == f"/ride/#alipay_error={ErrorCode.WRONG_CREDENTIALS.value}"
    assert await back(browser, "") == f"/ride/#alipay_error={ErrorCode.WRONG_CREDENTIALS.value}"
    application = town.booth.authorizers.shared
    assert application is not None
    application.clear = False
    assert await back(browser) == f"/ride/#alipay_error={ErrorCode.UNAVAILABLE.value}"
    town.booth.authorizers.shared = None
    left = await browser.get(LEAVE)
    assert left.headers["location"] == f"/ride/#alipay_error={ErrorCode.NOT_ALLOWED.value}"
    town.booth.allowed = lambda what: "sign_in" not in what
    left = await browser.get(LEAVE)
    assert left.headers["location"] == f"/ride/#alipay_error={ErrorCode.TOO_MANY_ATTEMPTS.value}"


async def test_only_the_browser_that_left_comes_back(town: Town) -> None:
    """A ``state`` of another browser, or none, signs nobody in."""
    state = await state_for(town.browser())
    other = town.browser()
    await state_for(other)
    for query in (f"auth_code=code-{BUYER}&state={state}", f"auth_code=code-{BUYER}"):
        refused = await other.get(f"/pay/callback?{query}")
        assert refused.status_code == 400
        assert "taxi_alipay_ticket" not in other.cookies


async def test_the_registry_does_not_answer(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said that it may work later."""

    async def down(*_: object, **__: object) -> PassengerRecord:
        raise JournalUnavailableError("down")

    monkeypatch.setattr(town.registry, "passenger_by_alipay", down)
    browser = town.browser()
    refused = await browser.post(TAKE, json={"code": await code_of(browser)})
    assert (refused.status_code, refused.json()["retryable"]) == (503, True)


async def test_the_fare_is_paid_without_a_second_journey(town: Town) -> None:
    """The pages of payments know who has signed in, and lead back to the app."""
    browser = town.browser()
    await code_of(browser)
    page = await browser.get("/pay/V1/t1")
    assert page.status_code == 200
    assert has(page, "pay")
    assert 'id="home" href="/ride/"' in page.text


async def test_the_way_back_leads_to_our_apps_alone(town: Town) -> None:
    """``?back=ride`` is remembered; no other word, and no cookie of another's making, becomes a link."""
    browser = town.browser()
    assert not has(await browser.get("/pay"), "home")
    for evil in ("//evil.example", "https://evil.example", "/ride/", "drive"):
        assert not has(await browser.get("/pay", params={"back": evil}), "home")
    assert has(await browser.get("/pay?back=ride"), "home")
    assert has(await browser.get("/pay"), "home")
    forged = town.browser()
    forged.cookies.set("taxi_pay_home", "//evil.example", domain="taxi.example", path="/pay")
    assert not has(await forged.get("/pay"), "home")


@pytest.mark.integration
async def test_alipays_side_tells_who_came(tmp_path: Path) -> None:
    """Against the sandbox: its authorization page, its code, our exchange; the account chosen there signs in."""
    sandbox = SandboxProcess(tmp_path)
    await sandbox.start()
    ours = {"server.public_url": "http://127.0.0.1:1", "server.data_dir": str(tmp_path)}
    clock = CityClock()
    authorizations = open_applications(load_settings(None, {**sandbox.settings(), **ours}), clock)
    try:
        town = Town(ours["server.public_url"], authorizers=authorizations, clock=clock)
        browser = town.browser()
        async with httpx.AsyncClient(timeout=30, trust_env=False) as wallet:
            await wallet.post(f"{sandbox.url}/wallet", data={"buyer_id": BUYER})
            left = await browser.get(LEAVE)
            told = await wallet.get(left.headers["location"])
        assert told.status_code == 302, told.text
        arrived = await browser.get(told.headers["location"])
        assert arrived.status_code == 302, arrived.text
        code = arrived.headers["location"].removeprefix("/ride/#alipay=")
        issued = await browser.post(TAKE, json={"code": code})
        found = await town.registry.get(PassengerRecord, town.subject(issued))
        assert found is not None
        assert found.alipay_user_id == BUYER
    finally:
        await authorizations.aclose()
        await sandbox.stop()

"""The driver's app in a real browser, against the real system: shift, rides, meter, money, and what phones do."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Locator, expect

from sim.demo.run_checks import captures, sandbox_orders
from tests.integration.app import App, Message, sign_in
from tests.integration.apps import drawing, found_by_axe, launched
from tests.integration.conftest import Company, company_at
from tests.integration.drive_app_samples import STEP_DEG, Dashboard, dashboard, geolocation
from tests.integration.rides_samples import passenger_token
from tests.integration.serving import Served, taxi_here

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

BUYER = "2088102146225177"
GATEWAY_BACK_WITHIN_MS = 120_000
Browsing = Callable[[], AbstractAsyncContextManager[Browser]]
SPEED = 2.0
CARS = 20


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A system whose clock runs at twice the wall's: slow enough for thumbs, and not to be taken for the wall's."""
    with company_at(SPEED, tmp_path_factory.mktemp("drive"), CARS) as company:
        yield company


@asynccontextmanager
async def driving(
    city: Company, at: tuple[float, float], browsing: Browsing = launched, **options: Any
) -> AsyncIterator[Dashboard]:
    """A phone in a car that no other test uses; at the end it is off shift or forgotten."""
    async with browsing() as browser, dashboard(browser, city, city.car(), at, **options) as made:
        await made.sign_in()
        await made.scene("off")
        yield made


def near(at: tuple[float, float], text: str = "") -> Message:
    """A place some 100 m north."""
    return {"lat": at[0] + 0.001, "lng": at[1], "text": text}


async def test_a_booked_ride_from_the_offer_to_cash(city: Company) -> None:
    """Shift, offer, accept, drive there, arrived, wrong code, code, meter, finish, cash; the passenger is told each."""
    at = (37.7600, -122.4200)
    async with (
        driving(city, at, drawing) as driver,
        App(city.served.ws, passenger_token(city, "+14155550701")) as passenger,
    ):
        await driver.start_shift()
        wish: Message = {
            "pickup": near(at, "The bakery <b>"),
            "dropoff": near((37.765, -122.42), "Market"),
            "note": "two bags",
        }
        asked = await passenger.command("request", seats=2, **wish)
        await driver.scene("offer")
        await expect(driver.page.get_by_text("The bakery <b>")).to_be_visible()
        await expect(driver.page.get_by_text("Passengers: 2")).to_be_visible()
        await expect(driver.page.get_by_role("timer")).to_be_visible()
        await driver.accept_offer()
        assigned = (await passenger.update("trip_assigned"))["trip"]
        assert assigned["car"]["vehicle"] == f"V{driver.car}"
        await expect(driver.page.get_by_role("link", name="Navigation")).to_have_attribute(
            "href", re.compile(r"^geo:37\.761")
        )
        await expect(driver.page.locator(".left")).to_contain_text("min")
        await expect(driver.page.locator(".car-sign")).to_be_visible()
        await driver.drive(4)
        await driver.press("I have arrived")
        await driver.scene("waiting")
        await passenger.update("driver_arrived")
        code = str(asked["result"]["code"])
        field = driver.page.get_by_label("Ride code, 4 digits")
        await field.fill("0000" if code != "0000" else "1111")
        await driver.press("Start the ride")
        await expect(driver.page.get_by_role("alert").filter(has_text="4002")).to_be_visible()
        await field.fill(code)
        await driver.press("Start the ride")
        await driver.scene("ride")
        await driver.drive(10)
        await expect(driver.page.locator(".meter-facts")).to_contain_text(re.compile(r"Distance[1-9]\d\d m"))
        await driver.finish()
        due = (await passenger.update("ride_ended"))["trip"]["fare"]["total"]
        assert due["minor"] > 0
        shown = f"${due['minor'] / 100:.2f}"
        await expect(driver.page.locator(".fare-lines .total")).to_contain_text(shown)
        await driver.press("Cash")
        await driver.press("Yes, received")
        await expect(driver.page.locator(".paid-amount")).to_have_text(shown)
        paid = await passenger.update("fare_paid")
        assert paid["trip"]["payment"]["method"] == "cash"
        await driver.press("Done")
        await driver.scene("free")
        await driver.press("Earnings")
        await expect(driver.page.get_by_role("dialog")).to_contain_text(shown)


async def test_offers_that_are_declined_or_withdrawn_and_a_ride_that_is_cancelled(city: Company) -> None:
    """Decline; a withdrawn offer says that it is gone, a cancelled ride why. An offer goes before dialogs."""
    at = (37.7300, -122.4900)
    async with (
        driving(city, at) as driver,
        App(city.served.ws, passenger_token(city, "+14155550702")) as passenger,
    ):
        await driver.start_shift()
        desk = await sign_in(city.served.http, "dispatcher", name="desk", password="a long password")
        async with App(city.served.ws, desk) as office:
            await office.command("broadcast", text="Rain", vehicles=[f"V{driver.car}"])
        notice = driver.page.get_by_role("dialog", name="Message from the office")
        await expect(notice).to_be_visible()
        declined = await passenger.command("request", pickup=near(at, "First corner"))
        await driver.scene("offer")
        await expect(notice).to_be_hidden()
        await driver.press("Decline")
        await driver.scene("free")
        await driver.press("I have read it")
        await driver.press("Menu")
        lapsed = await passenger.update("offer_lapsed")
        await passenger.command("cancel", trip=lapsed["trip"]["trip"], reason="no car")
        assert lapsed["trip"]["trip"] == declined["result"]["trip"]

        gone = await passenger.command("request", pickup=near(at, "Second corner"))
        await driver.scene("offer")
        await passenger.command("cancel", trip=gone["result"]["trip"], reason="walked")
        await driver.scene("free")
        news = driver.page.get_by_role("alert").filter(has_text="The offer is no longer available")
        await expect(news).to_contain_text("Second corner")
        await driver.press("OK")

        taken = await passenger.command("request", pickup=near(at, "Third corner"))
        await driver.accept_offer()
        await passenger.command("cancel", trip=taken["result"]["trip"], reason="found <my> own car")
        await driver.scene("free")
        lost = driver.page.get_by_role("alert").filter(has_text="The passenger cancelled the ride")
        await expect(lost).to_contain_text("found <my> own car")


async def test_a_ride_is_given_back_with_its_reason(city: Company) -> None:
    """Too early for a no-show, which is said in plain words; given back, and offered again to somebody."""
    at = (37.7250, -122.4100)
    async with (
        driving(city, at) as driver,
        App(city.served.ws, passenger_token(city, "+14155550703")) as passenger,
    ):
        await driver.start_shift()
        trip = (await passenger.command("request", pickup=near(at)))["result"]["trip"]
        await driver.accept_offer()
        await driver.press("I have arrived")
        await driver.scene("waiting")
        await driver.press("Problem?")
        dialog = driver.page.get_by_role("dialog")
        await dialog.get_by_role("button", name="Passenger did not show up").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("3001")
        await dialog.get_by_label("Not safe").check()
        await dialog.get_by_role("button", name="Return the ride").click()
        await driver.scene("free")
        await passenger.update("assignment_given_back")
        await passenger.command("cancel", trip=trip, reason="enough")


async def test_a_street_hail_is_paid_by_the_code_on_the_screen(city: Company) -> None:
    """The code is drawn here and scanned; the confirmation lives and bears the word that the server tells others."""
    async with driving(city, (37.7500, -122.4550)) as driver:
        await driver.start_shift()
        trip = await driver.hail_and_finish()
        await driver.press("Show a code")
        code = driver.page.get_by_role("img", name=re.compile("QR code to pay"))
        await expect(code).to_be_visible()
        text = str(await code.get_attribute("data-code"))
        assert await found_by_axe(driver.page) == []
        async with httpx.AsyncClient(base_url=city.sandbox.url, timeout=20, trust_env=False) as http:
            trade = (await http.post("/sandbox/scan", json={"code": text, "buyer_id": BUYER})).json()["trade_no"]
            await http.post("/sandbox/tradepay", json={"trade_no": trade, "buyer_id": BUYER})
        paid = driver.page.locator(".paid")
        await expect(paid).to_have_attribute("data-payment", "paid")
        await expect(paid).to_contain_text("Alipay, code on your screen")
        token = passenger_token(city, "+14155550704")
        async with App(city.served.ws, token) as other:
            before = await _word(other)
            await expect(driver.page.locator(".minute-word")).to_be_visible()
            shown = await driver.page.locator(".minute-word").get_attribute("data-word")
            assert shown in (before, await _word(other))  # the minute may end in between
        await _changes(driver.page.locator(".paid .lights"))
        assert await found_by_axe(driver.page) == []
        await driver.press("Done")
        await driver.scene("free")
    assert captures(await sandbox_orders(city.sandbox.url))[trip] == 1


async def _word(app: App) -> str:
    return str((await app.command("word"))["result"]["zh"])


async def _changes(element: Locator) -> None:
    """Wait until what is drawn there changes."""
    html = await element.inner_html()
    await element.page.wait_for_function(
        "([element, before]) => element.innerHTML !== before", arg=[await element.element_handle(), html]
    )


async def test_a_passengers_code_is_refused_and_another_way_taken(city: Company) -> None:
    """In Chinese, dark, without motion: a code that Alipay refuses is said in plain words; a good one is paid."""
    look = {"locale": "zh-CN", "color_scheme": "dark", "reduced_motion": "reduce"}
    async with launched() as browser, dashboard(browser, city, city.car(), (37.7400, -122.4400), **look) as driver:
        page = driver.page
        await page.goto(f"{city.served.http}/drive/")
        await page.get_by_label("司机编号").fill(str(100 + driver.car))
        await page.get_by_label("密码").fill("1234")
        await page.get_by_label("车辆编号", exact=True).fill(f"V{driver.car}")
        assert await found_by_axe(page) == []
        await driver.press("登录")
        await driver.press("出车")
        await driver.scene("free")
        assert await found_by_axe(page) == []
        await driver.wire.until(lambda: bool(driver.wire.numbers_sent()))
        await driver.be_heard()
        await driver.press("乘客路边上车")
        await driver.scene("ride")
        assert await found_by_axe(page) == []
        await driver.press("结束行程")
        await page.get_by_role("dialog").get_by_role("button", name="结束行程").click()
        await _scan(driver, "289999999999999999")
        await expect(page.locator(".note")).to_be_visible()
        async with httpx.AsyncClient(base_url=city.sandbox.url, timeout=20, trust_env=False) as http:
            good = (await http.get(f"/sandbox/buyers/{BUYER}/code")).json()["code"]
        await _scan(driver, good)
        await expect(page.locator(".paid")).to_contain_text("扫付款码")
        await _changes(page.locator(".paid .lights"))
        assert await found_by_axe(page) == []


async def _scan(driver: Dashboard, code: str) -> None:
    await driver.press("扫乘客付款码")
    dialog = driver.page.get_by_role("dialog")
    await dialog.get_by_label("付款码数字").fill(code)
    await dialog.get_by_role("button", name="收款").click()
    await expect(dialog).to_be_hidden()


async def test_positions_gathered_without_a_connection_are_sent_later(city: Company) -> None:
    """No network, and the gateway killed meanwhile: the banner says so, positions are kept in order, then heard."""
    async with driving(city, (37.7550, -122.3950)) as driver:
        await driver.start_shift()
        await driver.press("Start a street ride")
        await driver.scene("ride")
        await driver.drive(2)
        until = driver.wire.numbers_sent()[-1]
        await driver.watched.context.set_offline(True)
        await asyncio.to_thread(kill_gateway, city.served)
        banner = driver.page.locator("[data-problem=offline]")
        await expect(banner).to_be_visible()
        for _ in range(6):
            before = await banner.inner_text()
            driver.at = (driver.at[0] + STEP_DEG, driver.at[1])
            await driver.watched.context.set_geolocation(geolocation(driver.at))
            await expect(banner).not_to_have_text(before)
        await driver.watched.context.set_offline(False)
        await expect(banner).to_be_hidden(timeout=GATEWAY_BACK_WITHIN_MS)
        await driver.wire.until(lambda: any(m["t"] == "fixes" for m in driver.wire.said))
        gathered = next(m for m in driver.wire.said if m["t"] == "fixes")["fixes"]
        numbers = [fix[0] for fix in gathered]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert numbers[-1] >= until + 6
        assert [fix[1] for fix in gathered] == sorted(fix[1] for fix in gathered)
        await driver.be_heard()
        await driver.finish()
        views = [m["vehicle"] for m in driver.wire.heard if m["t"] in ("update", "snapshot") and "vehicle" in m]
        meters = [view["meter"]["meters"] for view in views if view.get("meter")]
        assert meters[-1] > 8 * STEP_DEG * 111_000 * 0.9


def kill_gateway(served: Served) -> None:
    """``kill -9`` of the gateway; the server starts another."""
    for pid in served.below():
        if b"ws_gateway" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)


async def test_a_second_phone_takes_over_and_the_first_may_come_back(city: Company) -> None:
    """The first says that it has stopped; pressed, it takes the car back."""
    car, at = city.car(), (37.7650, -122.4700)
    async with (
        launched() as browser,
        dashboard(browser, city, car, at) as first,
        dashboard(browser, city, car, at) as second,
    ):
        await first.sign_in()
        await first.start_shift()
        await second.sign_in()
        await second.scene("free")
        await expect(first.page.get_by_text("in use on another device")).to_be_visible()
        await first.press("Use it here")
        await expect(second.page.get_by_text("in use on another device")).to_be_visible()
        await first.scene("free")
        await first.press("End shift")
        await first.page.get_by_role("dialog").get_by_role("button", name="End shift").click()
        await first.scene("off")


async def test_a_notice_is_shown_once_and_stays_in_the_list(city: Company) -> None:
    """What a dispatcher sends stands in front until it is read, also for who was away, and not again after that."""
    desk = await sign_in(city.served.http, "dispatcher", name="desk", password="a long password")
    async with driving(city, (37.7700, -122.4800)) as driver, App(city.served.ws, desk) as office:
        await office.command("broadcast", text="Fog on <the> bridge", vehicles=[f"V{driver.car}"])
        notice = driver.page.get_by_role("dialog", name="Message from the office")
        await expect(notice).to_contain_text("Fog on <the> bridge")
        await driver.press("I have read it")
        await expect(notice).to_be_hidden()
        await driver.page.goto("about:blank")
        await office.command("broadcast", text="Bridge is clear", vehicles=[f"V{driver.car}"])
        await driver.page.goto(f"{city.served.http}/drive/")
        await expect(notice).to_contain_text("Bridge is clear")
        await driver.press("I have read it")
        await expect(notice).to_be_hidden()
        await driver.press("Messages")
        await expect(driver.page.get_by_role("dialog")).to_contain_text("Fog on <the> bridge")


async def test_the_app_opens_without_a_connection(city: Company) -> None:
    """The worker keeps page and scripts, and nothing that the server says."""
    async with driving(city, (37.7800, -122.4600)) as driver:
        page = driver.page
        await page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
        kept = await page.evaluate(
            "caches.open('taxi-drive-1').then(c => c.keys()).then(all => all.map(r => new URL(r.url).pathname))"
        )
        assert "/drive/" in kept
        assert [path for path in kept if path.startswith("/v1")] == []
        await driver.watched.context.set_offline(True)
        await page.reload()
        await expect(page.get_by_text("Connecting…").or_(page.get_by_text("Connection lost"))).to_be_visible()
        await expect(page.get_by_text("Loading…").first).to_be_visible()
        await driver.watched.context.set_offline(False)
        await driver.scene("off")
    async with httpx.AsyncClient(base_url=city.served.http, timeout=20, trust_env=False) as http:
        manifest = (await http.get("/drive/manifest.webmanifest")).json()
        assert (manifest["scope"], manifest["display"]) == ("/drive/", "standalone")
        for icon in manifest["icons"]:
            answer = await http.get(icon["src"])
            assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")


async def test_a_phone_without_gps_is_told(city: Company) -> None:
    """Forbidden: the banner says what to do."""
    async with driving(city, (37.7800, -122.4600), permissions=[]) as driver:
        await driver.press("Start shift")
        await expect(driver.page.locator("[data-problem=gps_denied]")).to_contain_text("Allow")
        assert await found_by_axe(driver.page) == []


async def test_a_car_without_a_meter_agrees_on_its_fare(city: Company) -> None:
    """The fare that the passenger says is typed and confirmed, then collected."""
    config = ["--config", str(city.served.config)]
    for arguments in (
        ["add", "vehicle", "T1", "--plate", "TYPED", "--company", "Test Cabs", "--typed-fare"],
        ["add", "driver", "900", "--name", "Typist", "--phone", "+15550009900", "--pin", "1234", "--may-drive", "T1"],
    ):
        taxi_here(*arguments, *config)
    async with launched() as browser, dashboard(browser, city, 0, (37.7850, -122.4400)) as driver:
        await driver.sign_in("900", "T1")
        await driver.start_shift()
        await driver.hail_and_finish()
        await driver.press("Show a code")
        await driver.page.get_by_label("Fare (USD)").fill("17.50")
        await driver.press("Yes, $17.50")
        await expect(driver.page.locator(".fare-lines .total")).to_contain_text("$17.50")
        await driver.press("Cash")
        await driver.press("Yes, received")
        await expect(driver.page.locator(".paid-amount")).to_have_text("$17.50")

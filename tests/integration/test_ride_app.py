"""The passenger's page in a real browser on a real system; the driver's side is played by the test client."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from sim.demo.run_checks import captures, sandbox_orders
from tests.integration.app import Driver
from tests.integration.apps import WITHIN_MS, drawing, found_by_axe, launched
from tests.integration.conftest import GRACE_S, SPEED, Company
from tests.integration.ride_app_samples import (
    BUYER,
    choose,
    kill_gateway,
    known_to_alipay,
    pay_at_alipay,
    ride_page,
    sandbox_faults,
    sign_in_by_code,
)
from tests.integration.rides_samples import driver_of, driver_token

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

PAGE = Path(__file__).parents[2] / "ws_gateway" / "web" / "ride" / "index.html"
LONG_MS = 90_000
FIRST_LOAD_BYTES = 150_000
AWAY_S = 300
"""City seconds that the passenger's phone is away."""
KEEPS_SOCKETS = """
const Real = WebSocket;
window.sockets = [];
window.WebSocket = class extends Real { constructor(...a) { super(...a); window.sockets.push(this); } };
"""


@pytest.fixture(autouse=True)
def _built() -> None:
    assert PAGE.exists(), "make web"


async def book(page: Page) -> str:
    """From Market and 5th to 16th and Valencia, now: the trip."""
    await choose(page, "Pick-up", "Market & 5th", "Market St & 5th St")
    await choose(page, "Destination", "16th/Valencia", "16th St & Valencia St")
    await expect(page.locator("[data-estimate]")).to_contain_text("$")
    await page.get_by_role("button", name="Order now").click()
    await page.wait_for_url(re.compile("#trip="))
    return page.url.rpartition("#trip=")[2]


async def accept(driver: Driver) -> None:
    """The driver takes the offer at once: it stands for a second and a half of the wall's time."""
    made = await driver.update("offer_made", since=len(driver.received))
    answer = await driver.command("accept", offer=made["vehicle"]["offer"]["offer"])
    assert answer["t"] == "accepted", answer


async def car_for(company: Company, page: Page, number: str, driver: Driver) -> str:
    """The car is on shift and heard, the passenger signs in and books: the trip that it has taken."""
    await driver.command("online")
    await driver.wait(lambda m: m["t"] == "heard")
    await sign_in_by_code(page, company, number)
    return await taken(driver, page)


async def taken(driver: Driver, page: Page) -> str:
    """A ride that is booked and that the driver takes."""
    accepting = asyncio.create_task(accept(driver))
    trip = await book(page)
    await accepting
    return trip


async def drive(driver: Driver, page: Page, trip: str) -> None:
    """To the pick-up, with the code that the page shows, to the end."""
    await driver.command("arrived", trip=trip)
    await expect(page.get_by_role("heading", name="Your car is here")).to_be_visible(timeout=WITHIN_MS)
    code = await page.locator("[data-code]").inner_text()
    assert (await driver.command("start", trip=trip, code=code.strip()))["state"] == "on_trip"
    await expect(page.get_by_role("heading", name="To 16th St & Valencia St")).to_be_visible(timeout=WITHIN_MS)
    await driver.command("finish", trip=trip)
    await expect(page.get_by_role("heading", name="Please pay")).to_be_visible(timeout=WITHIN_MS)


async def test_a_ride_from_a_name_to_stars(company: Company) -> None:
    """Book by text, see the car come, code, ride, fare by lines, pay in the sandbox, word, receipt, rating, history."""
    car = company.car()
    async with (
        driver_of(company, car, await driver_token(company, car)) as driver,
        drawing() as browser,
        ride_page(browser, company) as (page, _),
    ):
        await driver.command("online")
        await driver.wait(lambda m: m["t"] == "heard")
        await known_to_alipay(page, company)
        await sign_in_by_code(page, company, "+14155550561")
        assert await found_by_axe(page) == []
        trip = await taken(driver, page)
        await expect(page.get_by_role("heading", name="Your car is coming")).to_be_visible(timeout=WITHIN_MS)
        await expect(page.locator(".plate")).to_have_text(f"P{car}")
        await expect(page.get_by_text(f"Driver {car}", exact=True)).to_be_visible()
        await expect(page.locator("[data-eta]")).to_have_attribute("data-eta", re.compile(r"^\d+$"))
        await expect(page.locator(".mark.car")).to_be_visible(timeout=LONG_MS)
        assert await found_by_axe(page) == []
        await page.goto(f"{company.served.http}/ride/")
        await expect(page.get_by_role("heading", name="Your car is coming")).to_be_visible(timeout=WITHIN_MS)

        await drive(driver, page, trip)
        total = await page.locator(".fare tfoot td").inner_text()
        assert await page.locator(".fare tbody tr").count() >= 1
        assert await found_by_axe(page) == []
        await pay_at_alipay(page)
        await expect(page.get_by_role("heading", name="Paid: Alipay")).to_be_visible(timeout=WITHIN_MS)
        await expect(page.locator("[data-word]")).to_be_visible()
        said = (await driver.command("word"))["result"]["en"]
        assert re.fullmatch(r"\S+", said)

        await page.get_by_role("radio", name="4 of 5 stars").check(force=True)
        await page.get_by_label("Comment").fill("<b>Fine</b> & quiet")
        await page.get_by_role("button", name="Send rating").click()
        await expect(page.get_by_text("Thank you for your rating.")).to_be_visible()
        await page.get_by_role("link", name="Receipt").click()
        await expect(page.get_by_role("heading", name="Receipt for a taxi ride")).to_be_visible()
        await expect(page.locator(".receipt")).to_contain_text("Test Cabs")
        await expect(page.locator(".receipt tfoot td")).to_have_text(total)
        assert await found_by_axe(page) == []
        await page.goto(f"{company.served.http}/ride/#history")
        await expect(page.get_by_role("link", name=re.compile("Market St & 5th St → 16th St"))).to_contain_text(total)
    assert captures(await sandbox_orders(company.sandbox.url))[trip] == 1


async def test_a_reservation_is_kept_and_cancelled_free(company: Company) -> None:
    """Booked for later with needs and a note; found again on another device; cancelled without a fee."""
    async with launched() as browser, ride_page(browser, company) as (page, _):
        await sign_in_by_code(page, company, "+14155550512")
        await choose(page, "Pick-up", "Market & 5th", "Market St & 5th St")
        await page.get_by_role("radio", name="Later").check(force=True)
        await page.get_by_text("Class, seats, needs").click()
        await page.locator("label", has_text="Van").click()
        await expect(page.get_by_role("radio", name="Van")).to_be_checked()
        await page.get_by_role("checkbox", name="Wheelchair").check()
        await page.get_by_role("button", name="One passenger more").click()
        await page.get_by_label("Note for the driver").fill("<i>ramp</i> please")
        await page.get_by_role("button", name=re.compile("^Reserve")).click()
        await expect(page.get_by_role("heading", name="Reserved")).to_be_visible()
        async with ride_page(browser, company) as (other, _):
            await sign_in_by_code(other, company, "+14155550512")
            await other.get_by_role("link", name=re.compile("Reserved")).click()
            await expect(other.get_by_text("Van · Passengers: 2 · Wheelchair")).to_contain_text("<i>ramp</i> please")
            await other.get_by_role("button", name="Cancel the ride").click()
            await other.get_by_role("dialog").get_by_role("button", name="Cancel the ride").click()
            await expect(other.get_by_role("heading", name="Ride cancelled")).to_be_visible()
        await expect(page.get_by_role("heading", name="Ride cancelled")).to_be_visible()


async def test_a_cancel_says_its_fee_first(company: Company) -> None:
    """Once the driver is well on the way a cancel costs: nothing is cancelled until that is agreed to."""
    car = company.car()
    async with (
        driver_of(company, car, await driver_token(company, car)) as driver,
        launched() as browser,
        ride_page(browser, company) as (page, _),
    ):
        await car_for(company, page, "+14155550503", driver)
        assigned_at = driver.city_time()
        await page.get_by_role("button", name="Cancel the ride").click()
        grace_is_over = "at => new Promise(done => setTimeout(done, at))"
        await page.evaluate(grace_is_over, (assigned_at + GRACE_S + 5 - driver.city_time()) / SPEED * 1000)
        dialog = page.get_by_role("dialog")
        await dialog.get_by_role("button", name="Cancel the ride").click()
        await expect(dialog).to_contain_text("Cancelling now costs $5.00")
        assert await found_by_axe(page) == []
        await dialog.get_by_role("button", name="Cancel and pay $5.00").click()
        await expect(page.get_by_role("heading", name="A fee is due")).to_be_visible()
        await expect(page.locator(".fare tfoot td")).to_have_text("$5.00")
        await driver.update("trip_released")


async def test_no_car_is_said_and_asked_again(company: Company) -> None:
    """Nobody is near: the page says so after the time that the company set, and asks again with the same wishes."""
    async with launched() as browser, ride_page(browser, company) as (page, _):
        await sign_in_by_code(page, company, "+14155550504")
        first = await book(page)
        await expect(page.get_by_role("timer")).to_contain_text(re.compile(r"\d:\d\d"), timeout=WITHIN_MS)
        await expect(page.get_by_role("heading", name="No car available")).to_be_visible(timeout=LONG_MS)
        await page.get_by_role("button", name="Request again").click()
        await expect(page.get_by_role("heading", name="Looking for a car")).to_be_visible()
        assert page.url.rpartition("#trip=")[2] != first
        await expect(page.get_by_text("16th St & Valencia St")).to_be_visible()
        await page.get_by_role("button", name="Cancel the ride").click()
        await page.get_by_role("dialog").get_by_role("button", name="Cancel the ride").click()
        await expect(page.get_by_role("heading", name="Ride cancelled")).to_be_visible()


async def test_a_refused_payment_is_explained_and_paid_after_all(company: Company) -> None:
    """Alipay refuses the order: the page says why and what to do, in words; the second attempt is paid."""
    car = company.car()
    async with (
        driver_of(company, car, await driver_token(company, car)) as driver,
        launched() as browser,
        ride_page(browser, company) as (page, _),
    ):
        await driver.command("online")
        await driver.wait(lambda m: m["t"] == "heard")
        await known_to_alipay(page, company)
        await sign_in_by_code(page, company, "+14155550505")
        trip = await taken(driver, page)
        await drive(driver, page, trip)
        refusal: dict[str, object] = {"name": "refuse", "call": "*create*", "code": "BUYER_BANKCARD_BALANCE_NOT_ENOUGH"}
        await sandbox_faults(company, [refusal])
        await page.get_by_role("link", name="Pay with Alipay").click()
        await page.click("#pay-now")
        await expect(page.locator("#failure")).to_be_visible(timeout=WITHIN_MS)
        await page.click("#home")
        await expect(page.locator(".refused")).to_contain_text("The payment was refused", timeout=WITHIN_MS)
        await expect(page.locator(".refused p").first).not_to_be_empty()
        await sandbox_faults(company, [])
        await pay_at_alipay(page)
        await expect(page.get_by_role("heading", name="Paid: Alipay")).to_be_visible(timeout=WITHIN_MS)
    assert captures(await sandbox_orders(company.sandbox.url))[trip] == 1


async def test_a_shared_ride_is_seen_without_sign_in_until_it_ends(company: Company) -> None:
    """Another browser opens the link: car and state, no code, nothing to press; then that it is over, and not more."""
    car = company.car()
    async with (
        driver_of(company, car, await driver_token(company, car)) as driver,
        launched() as browser,
        ride_page(browser, company, permissions=["clipboard-read", "clipboard-write"]) as (page, _),
        ride_page(browser, company) as (guest, _),
    ):
        trip = await car_for(company, page, "+14155550506", driver)
        await page.get_by_role("button", name="Share my trip").click()
        link = await page.get_by_label("Copy this link").input_value()
        await guest.goto(link)
        await expect(guest.get_by_role("heading", name="Car on its way")).to_be_visible(timeout=WITHIN_MS)
        await expect(guest.locator(".plate")).to_have_text(f"P{car}")
        await expect(guest.get_by_role("img", name="Sketch").locator(".spot.car")).to_be_visible(timeout=LONG_MS)
        assert await guest.locator("[data-code]").count() == 0
        assert await guest.get_by_role("button", name="Cancel the ride").count() == 0
        assert await found_by_axe(guest) == []
        await drive(driver, page, trip)
        await expect(guest.get_by_role("heading", name="This ride has ended.")).to_be_visible(timeout=WITHIN_MS)
        assert "$" not in await guest.inner_text("body")
        await guest.goto(f"{company.served.http}/ride/#share=not.a.token")
        await expect(guest.get_by_role("heading", name="This link has expired")).to_be_visible()
        await driver.command("collect", trip=trip, by="cash")
        await expect(page.get_by_role("heading", name="Paid: cash")).to_be_visible(timeout=WITHIN_MS)


async def test_nothing_is_missed_while_the_line_is_cut(company: Company) -> None:
    """The socket is cut, then the gateway killed: the page says so, comes back, and knows what happened meanwhile."""
    car = company.car()
    async with (
        driver_of(company, car, await driver_token(company, car)) as driver,
        launched() as browser,
        ride_page(browser, company) as (page, watched),
    ):
        await watched.context.add_init_script(KEEPS_SOCKETS)
        trip = await car_for(company, page, "+14155550567", driver)
        await expect(page.get_by_role("heading", name="Your car is coming")).to_be_visible(timeout=WITHIN_MS)
        await watched.context.set_offline(True)
        await page.evaluate("window.sockets.forEach(each => each.close())")
        await expect(page.get_by_text("Connection lost")).to_be_visible()
        await driver.command("arrived", trip=trip)
        await watched.context.set_offline(False)
        await expect(page.get_by_role("heading", name="Your car is here")).to_be_visible(timeout=WITHIN_MS)
        await expect(page.get_by_text("Connection lost")).to_be_hidden()
        code = await page.locator("[data-code]").inner_text()
    kill_then = driver_of(company, car, await driver_token(company, car))
    async with launched() as browser, ride_page(browser, company) as (page, _):
        await sign_in_by_code(page, company, "+14155550567")
        await expect(page.get_by_role("heading", name="Your car is here")).to_be_visible(timeout=WITHIN_MS)
        kill_gateway(company)
        await expect(page.get_by_text("Connection lost")).to_be_visible(timeout=WITHIN_MS)
        await expect(page.get_by_text("Connection lost")).to_be_hidden(timeout=LONG_MS)
        async with kill_then as driver:
            await driver.command("start", trip=trip, code=code.strip())
            await expect(page.get_by_role("heading", name="To 16th St")).to_be_visible(timeout=WITHIN_MS)
            await driver.command("finish", trip=trip)
            await driver.command("collect", trip=trip, by="cash")
        await expect(page.get_by_role("heading", name="Paid: cash")).to_be_visible(timeout=WITHIN_MS)


async def test_a_phone_that_was_away_for_five_minutes(company: Company) -> None:
    """The car comes, the ride begins and ends while the phone has no network; back again, it knows the fare."""
    car = company.car()
    async with (
        driver_of(company, car, await driver_token(company, car)) as driver,
        launched() as browser,
        ride_page(browser, company) as (page, watched),
    ):
        trip = await car_for(company, page, "+14155550903", driver)
        await expect(page.get_by_role("heading", name="Your car is coming")).to_be_visible(timeout=WITHIN_MS)
        assigned = await driver.wait(lambda m: m["t"] == "update" and m["event"] == "offer_accepted")
        code = await page.locator("[data-code]").inner_text()
        await watched.context.set_offline(True)
        await expect(page.get_by_text(re.compile("Connection lost"))).to_be_visible(timeout=WITHIN_MS)
        await driver.command("arrived", trip=trip)
        await driver.command("start", trip=trip, code=code.strip())
        await driver.wait(lambda m: m["t"] == "update" and m["at"] > assigned["at"] + AWAY_S)
        await driver.command("finish", trip=trip)
        await watched.context.set_offline(False)
        await expect(page.get_by_role("heading", name="Please pay")).to_be_visible(timeout=WITHIN_MS)
        await expect(page.locator(".fare tfoot td")).to_contain_text("$")


async def test_without_webgl_there_is_a_sketch(company: Company) -> None:
    """No map is loaded; a plain picture shows car and pick-up with their distance, and everything works."""
    car = company.car()
    async with (
        driver_of(company, car, await driver_token(company, car)) as driver,
        launched() as browser,
        ride_page(browser, company) as (page, watched),
    ):
        asked: list[str] = []
        watched.context.on("request", lambda request: asked.append(request.url))
        trip = await car_for(company, page, "+14155550508", driver)
        picture = page.get_by_role("img", name="Sketch")
        await expect(picture.locator(".spot.car")).to_be_visible(timeout=WITHIN_MS)
        await expect(page.locator("figcaption")).to_contain_text("away")
        await drive(driver, page, trip)
        await driver.command("collect", trip=trip, by="cash")
        await expect(page.get_by_role("heading", name="Paid: cash")).to_be_visible(timeout=WITHIN_MS)
        assert not any("ride_map" in url or "maplibre" in url for url in asked)


async def test_in_chinese_and_in_the_dark(company: Company) -> None:
    """The browser's language and theme are taken up, and axe finds nothing serious."""
    async with (
        launched() as browser,
        ride_page(browser, company, locale="zh-CN", color_scheme="dark") as (page, _),
    ):
        await page.goto(f"{company.served.http}/ride/")
        await expect(page.get_by_role("heading", name="登录")).to_be_visible()
        assert await page.locator("html").get_attribute("data-theme") == "dark"
        assert await found_by_axe(page) == []
        await page.get_by_role("link", name="支付宝登录").click()
        await page.fill("input[name=buyer_id]", BUYER)
        await page.click("#choose")
        await expect(page.get_by_role("button", name="立即叫车")).to_be_visible(timeout=WITHIN_MS)
        assert page.url.rpartition("/ride/")[2] == ""
        assert await found_by_axe(page) == []


async def test_the_first_load_is_light(company: Company) -> None:
    """All that is fetched before somebody has signed in, as it comes over the wire, and without the map."""
    async with drawing() as browser, ride_page(browser, company) as (page, _):
        await page.goto(f"{company.served.http}/ride/")
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        sizes = await page.evaluate(
            "['navigation', 'resource'].flatMap(each => performance.getEntriesByType(each))"
            ".map(each => [each.name, each.transferSize])"
        )
        assert sum(size for _, size in sizes) < FIRST_LOAD_BYTES, sizes
        assert not any("map" in name for name, _ in sizes)

"""One ride in three browsers: the passenger books, the driver drives, the console watches, the sandbox is paid."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, expect

from sim.demo.oracle import captures, sandbox_orders
from sim.demo.sandbox_process import SandboxProcess
from tests.integration.apps import WITHIN_MS, launched, phone
from tests.integration.conftest import Company, enrol, settings_with
from tests.integration.serving import Served
from tests.integration.test_drive_app import Dashboard, dashboard
from tests.integration.test_ride_app import (
    accept,
    choose,
    kill_gateway,
    known_to_alipay,
    pay_at_alipay,
    ride_page,
    sign_in_by_code,
)
from tests.integration.test_rides import driver_of, driver_token

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

DESKTOP = {"width": 1440, "height": 900}
SPEED = 2.0
FAST = 20.0
AWAY_S = 300
"""City seconds that the passenger's phone is away."""
MARKET_AND_5TH = (37.7841, -122.4076)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A system at twice the wall's pace: slow enough for thumbs."""
    yield from _system(tmp_path_factory, {"clock": {"speed": SPEED}})


@pytest.fixture(scope="module")
def fast_city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A system in which five minutes are soon over."""
    patient: dict[str, dict[str, object]] = {"offer": {"countdown_s": 200.0}, "vehicle": {"stale_after_s": 300.0}}
    yield from _system(tmp_path_factory, {"clock": {"speed": FAST}, **patient})


def _system(factory: pytest.TempPathFactory, settings: dict[str, dict[str, object]]) -> Iterator[Company]:
    folder = factory.mktemp("three")
    sandbox = SandboxProcess(folder / "alipay")
    asyncio.run(sandbox.start())
    served = Served(folder, {**settings_with(sandbox), **settings})
    try:
        enrol(served)
        served.start()
        yield Company(served, sandbox)
    finally:
        served.stop()
        asyncio.run(sandbox.stop())


@asynccontextmanager
async def console_page(browser: Browser, city: Company) -> AsyncIterator[Page]:
    """A signed-in console on a desktop."""
    async with phone(browser, city.served.http, city.served.ws, viewport=DESKTOP) as watched:
        page = await watched.context.new_page()
        await page.goto(f"{city.served.http}/console/")
        await page.get_by_label("Name").fill("desk")
        await page.get_by_label("Password").fill("a long password")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("tab", name=re.compile("^Requests"))).to_be_visible()
        yield page


async def book_to_valencia(page: Page) -> str:
    """From Market and 5th to 16th and Valencia, now: the trip."""
    await choose(page, "Pick-up", "Market & 5th", "Market St & 5th St")
    await choose(page, "Destination", "16th/Valencia", "16th St & Valencia St")
    await page.get_by_role("button", name="Order now").click()
    await page.wait_for_url(re.compile("#trip="))
    return page.url.rpartition("#trip=")[2]


async def watch_trip(console: Page, state: str) -> None:
    """The console's list shows the one open trip in this state."""
    await console.get_by_role("tab", name=re.compile("^Trips")).click()
    await expect(console.get_by_role("row", name=re.compile(state))).to_be_visible(timeout=WITHIN_MS)


async def ride_through(city: Company, browser: Browser, number: str, *, kill: bool) -> None:
    """The whole ride; with ``kill`` the gateway dies after the accept, and once more on the way."""
    async with (
        console_page(browser, city) as console,
        ride_page(browser, city) as (rider, _),
        dashboard(browser, city, city.car(), MARKET_AND_5TH) as driver,
    ):
        await driver.sign_in()
        await driver.scene("off")
        await driver.start_shift()
        await known_to_alipay(rider, city)
        await sign_in_by_code(rider, city, number)
        trip = await book_to_valencia(rider)
        await driver.accept_offer()
        await expect(rider.get_by_role("heading", name="Your car is coming")).to_be_visible(timeout=WITHIN_MS)
        await watch_trip(console, "Car on its way")
        if kill:
            kill_gateway(city)
        await _fetch(driver, rider, console)
        if kill:
            kill_gateway(city)
        await _bring(driver, rider)
        await pay_at_alipay(rider)
        await expect(rider.get_by_role("heading", name="Paid: Alipay")).to_be_visible(timeout=WITHIN_MS)
        await expect(driver.page.get_by_role("region", name="Paid")).to_be_visible(timeout=WITHIN_MS)
        await _look_back(console)
    assert captures(await sandbox_orders(city.sandbox.url))[trip] == 1


async def _fetch(driver: Dashboard, rider: Page, console: Page) -> None:
    """To the passenger, and in with the code on the passenger's page."""
    await driver.press("I have arrived")
    await driver.scene("waiting")
    await expect(rider.get_by_role("heading", name="Your car is here")).to_be_visible(timeout=WITHIN_MS)
    code = await rider.locator("[data-code]").inner_text()
    await driver.page.get_by_label("Ride code, 4 digits").fill(code.strip())
    await driver.press("Start the ride")
    await driver.scene("ride")
    await watch_trip(console, "On the way")


async def _bring(driver: Dashboard, rider: Page) -> None:
    """Some way, and the fare."""
    await driver.drive(12)
    await driver.finish()
    await expect(rider.get_by_role("heading", name="Please pay")).to_be_visible(timeout=WITHIN_MS)


async def _look_back(console: Page) -> None:
    """The console finds the ended trip, and its panel tells all of it."""
    await console.get_by_label("Which trips").select_option(label="Ended within the hour")
    await console.get_by_role("row", name=re.compile("Paid")).first.get_by_role("button").first.click()
    panel = console.get_by_role("complementary", name="Trip")
    await expect(panel.get_by_text("Why this car")).to_be_visible(timeout=WITHIN_MS)
    await expect(panel.get_by_text("Payments", exact=True)).to_be_visible()


async def test_a_whole_ride(city: Company) -> None:
    """Booked, accepted, driven, paid; every app tells each step, and the passenger is charged once."""
    async with launched() as browser:
        await ride_through(city, browser, "+14155550901", kill=False)


async def test_a_whole_ride_with_the_gateway_killed_twice(city: Company) -> None:
    """The same while the gateway dies in the middle: each app says so, comes back and has missed nothing."""
    async with launched() as browser:
        await ride_through(city, browser, "+14155550902", kill=True)


async def test_a_phone_that_was_away_for_five_minutes(fast_city: Company) -> None:
    """The car comes, the ride begins and ends while the phone has no network; back again, it knows the fare."""
    car = fast_city.car()
    async with (
        driver_of(fast_city, car, await driver_token(fast_city, car), MARKET_AND_5TH) as driver,
        launched() as browser,
        ride_page(browser, fast_city) as (rider, watched),
    ):
        await driver.command("online")
        await driver.wait(lambda m: m["t"] == "heard")
        await sign_in_by_code(rider, fast_city, "+14155550903")
        trip = await book_to_valencia(rider)
        await accept(driver)
        await expect(rider.get_by_role("heading", name="Your car is coming")).to_be_visible(timeout=WITHIN_MS)
        assigned = await driver.wait(lambda m: m["t"] == "update" and m["event"] == "offer_accepted")
        code = await rider.locator("[data-code]").inner_text()
        await watched.context.set_offline(True)
        await expect(rider.get_by_text(re.compile("Connection lost"))).to_be_visible(timeout=WITHIN_MS)
        await driver.command("arrived", trip=trip)
        await driver.command("start", trip=trip, code=code.strip())
        await driver.wait(lambda m: m["t"] == "update" and m["at"] > assigned["at"] + AWAY_S)
        await driver.command("finish", trip=trip)
        await watched.context.set_offline(False)
        await expect(rider.get_by_role("heading", name="Please pay")).to_be_visible(timeout=WITHIN_MS)
        await expect(rider.locator(".fare tfoot td")).to_contain_text("$")

"""One ride in three browsers: the passenger books, the driver drives, the console watches, the sandbox is paid."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, expect

from sim.demo.run_checks import captures, sandbox_orders
from tests.integration.apps import WITHIN_MS, drawing, launched, phone
from tests.integration.conftest import Company, company_at
from tests.integration.drive_app_samples import Dashboard, dashboard
from tests.integration.ride_app_samples import (
    choose,
    kill_gateway,
    known_to_alipay,
    pay_at_alipay,
    ride_page,
    sign_in_by_code,
)

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

DESKTOP = {"width": 1440, "height": 900}
SPEED = 2.0
CARS = 5
MARKET_AND_5TH = (37.7841, -122.4076)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A system at twice the wall's pace: slow enough for thumbs."""
    with company_at(SPEED, tmp_path_factory.mktemp("three"), CARS) as company:
        yield company


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
    await driver.drive(5)
    await driver.finish()
    await expect(rider.get_by_role("heading", name="Please pay")).to_be_visible(timeout=WITHIN_MS)


async def _look_back(console: Page) -> None:
    """The console finds the ended trip, and its panel tells all of it."""
    await console.get_by_label("Which trips").select_option(label="Ended in the last hour")
    await console.get_by_role("row", name=re.compile("Paid")).first.get_by_role("button").first.click()
    panel = console.get_by_role("complementary", name="Trip")
    await expect(panel.get_by_text("Why this car")).to_be_visible(timeout=WITHIN_MS)
    await expect(panel.get_by_text("Payments", exact=True)).to_be_visible()


async def test_a_whole_ride(city: Company) -> None:
    """Booked, accepted, driven, paid; every app tells each step, and the passenger is charged once."""
    async with drawing() as browser:
        await ride_through(city, browser, "+14155550901", kill=False)


async def test_a_whole_ride_with_the_gateway_killed_twice(city: Company) -> None:
    """The same while the gateway dies in the middle: each app says so, comes back and has missed nothing."""
    async with launched() as browser:
        await ride_through(city, browser, "+14155550902", kill=True)

"""Figure 2 of Alipay's taxi guide in a real browser: from the code in the car to the driver's confirmation.

The browser is Chromium with the Alipay app's User-Agent, the bridge of the app is played by the sandbox's cashier page.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import BrowserContext, Page, expect

from sim.demo.run_checks import captures, sandbox_orders
from tests.integration.app import DROPOFF, PICKUP, App, Driver
from tests.integration.apps import launched
from tests.integration.conftest import Company
from tests.integration.rides_samples import driver_of, driver_token, passenger_token

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

ALIPAY_APP = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 9_2_1 like Mac OS X) AppleWebKit/601.1.46 (KHTML, like Gecko) Mobile/13D15 "
    "AliApp(AP/9.5.3.030408) AlipayClient/9.5.3.030408 Language/zh-Hans"
)
BUYER = "2088102146225199"
WITHIN_MS = 30_000


@asynccontextmanager
async def browsing(user_agent: str | None = None) -> AsyncIterator[BrowserContext]:
    """A phone with a browser; whatever its script throws fails the test."""
    async with launched() as browser:
        context = await browser.new_context(user_agent=user_agent, viewport={"width": 390, "height": 780})
        context.set_default_timeout(WITHIN_MS)
        thrown: list[str] = []
        context.on("weberror", lambda error: thrown.append(str(error.error)))
        yield context
    assert thrown == []


async def phone_with_alipay(context: BrowserContext, company: Company) -> Page:
    """A page whose owner is known to Alipay."""
    page = await context.new_page()
    await page.goto(f"{company.sandbox.url}/wallet")
    await page.fill("input[name=buyer_id]", BUYER)
    await page.click("#choose")
    return page


async def pay_in_the_cashier(page: Page) -> None:
    """The order is confirmed in the cashier that lies over the page."""
    cashier = page.frame_locator("#alipay-cashier")
    await cashier.locator("#pay").click()


async def word_on_the_drivers_screen(driver: Driver) -> str:
    answer = await driver.command("word")
    return str(answer["result"]["zh"])


async def hail(driver: Driver) -> str:
    """Somebody gets in on the street and is driven for a while; the trip, with its fare due."""
    await driver.command("online")
    await driver.wait(lambda m: m["t"] == "heard")
    return str((await driver.command("hail"))["result"]["trip"])


async def test_a_street_hail_is_paid_by_whoever_scans_the_car(company: Company) -> None:
    """Scan, authorization, fare, order, cashier, paid; the word of the minute is on both screens; charged once."""
    car = company.car()
    async with (
        driver_of(company, car, await driver_token(company, car)) as driver,
        browsing(ALIPAY_APP) as context,
    ):
        trip = await hail(driver)
        page = await phone_with_alipay(context, company)
        await page.goto(f"{company.served.http}/pay/V{car}")
        await expect(page.locator("#ride")).to_have_attribute("data-step", "riding", timeout=WITHIN_MS)

        await driver.command("finish", trip=trip)
        await expect(page.locator("#ride")).to_have_attribute("data-step", "pay", timeout=WITHIN_MS)
        await page.click("#pay-now")
        await pay_in_the_cashier(page)

        await expect(page.locator("#ride")).to_have_attribute("data-step", "paid", timeout=WITHIN_MS)
        told = await driver.wait(lambda m: m["t"] == "update" and m.get("event") == "payment_told")
        assert (told["vehicle"]["paid"]["state"], told["vehicle"]["paid"]["method"]) == ("paid", "alipay_page")
        await expect(page.locator("#moving")).to_be_visible()
        await page.reload()
        before = await word_on_the_drivers_screen(driver)
        shown = await page.locator("#word").inner_text()
        assert shown in (before, await word_on_the_drivers_screen(driver))  # the minute may end in between
        await page.click("#bill")
        await expect(page.locator("#page")).to_have_attribute("data-page", "bill")
    assert captures(await sandbox_orders(company.sandbox.url))[trip] == 1


async def test_a_booked_ride_is_left_and_paid_after_all(company: Company) -> None:
    """The passenger leaves the cashier, reloads, and pays: it is the same order, and the app is told too."""
    car = company.car()
    async with (
        driver_of(company, car, await driver_token(company, car)) as driver,
        App(company.served.ws, passenger_token(company, "+14155550171")) as passenger,
        browsing(ALIPAY_APP) as context,
    ):
        await driver.command("online")
        trip, code = await booked(driver, passenger)
        await driver.command("arrived", trip=trip)
        await driver.command("start", trip=trip, code=code)
        await driver.command("finish", trip=trip)
        page = await phone_with_alipay(context, company)
        await page.goto(f"{company.served.http}/pay/V{car}?lang=en")
        await page.click("#pay-now")
        cashier = page.frame_locator("#alipay-cashier")
        await cashier.locator("#leave").click()
        await expect(page.locator("#status")).to_have_text(re.compile("left the payment"))

        await page.reload()
        await page.click("#open-cashier")
        await pay_in_the_cashier(page)

        await expect(page.locator("#title")).to_have_text("Paid", timeout=WITHIN_MS)
        paid = await passenger.wait(lambda m: m["t"] == "update" and m.get("event") == "fare_paid")
        assert paid["trip"]["payment"]["method"] == "alipay_page"
    assert captures(await sandbox_orders(company.sandbox.url))[trip] == 1


async def test_another_browser_is_told_what_to_do(company: Company) -> None:
    """Not the Alipay app: a page with the code to scan, and nothing that could be paid."""
    car = company.car()
    async with browsing() as context:
        page = await context.new_page()
        await page.goto(f"{company.served.http}/pay/V{car}")
        await expect(page.locator("#page")).to_have_attribute("data-page", "browser")
        await expect(page.locator("#code svg")).to_be_visible()
        assert await page.locator("#pay-now").count() == 0


async def booked(driver: Driver, passenger: App) -> tuple[str, str]:
    """A ride that this driver has accepted: the trip and its ride code."""
    asked = await passenger.command("request", pickup=PICKUP, dropoff=DROPOFF)
    trip, code = str(asked["result"]["trip"]), str(asked["result"]["code"])
    offer = (await driver.update("offer_made"))["vehicle"]["offer"]
    accepted = await driver.command("accept", offer=offer["offer"])
    assert accepted["t"] == "accepted"
    return trip, code

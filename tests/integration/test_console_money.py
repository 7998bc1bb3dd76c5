"""Money in the dispatchers' console: refunds at the sandbox, fares settled outside of the system, who may."""

from __future__ import annotations

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from tests.integration.app import Driver
from tests.integration.apps import found_by_axe, launched
from tests.integration.collecting_samples import BUYER, fare_due, in_state, money_of
from tests.integration.conftest import Company
from tests.integration.console_app_samples import LONG_MS, console
from tests.integration.ride_app_samples import sandbox_faults
from tests.integration.rides_samples import driver_of, driver_token

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

PART_MINOR = 100


async def scan(company: Company, driver: Driver, trip: str) -> None:
    """The driver scans the passenger's code."""
    async with httpx.AsyncClient(timeout=20, trust_env=False) as http:
        shown = (await http.get(f"{company.sandbox.url}/sandbox/buyers/{BUYER}/code")).json()
    await driver.command("collect", trip=trip, by="scan", auth_code=shown["code"])


async def open_trip(page: Page, trip: str) -> Locator:
    """The trip's panel, found by its number."""
    await page.get_by_role("button", name="Search").click()
    await page.get_by_label("Trip, plate, driver or phone").fill(trip)
    await page.get_by_role("dialog").locator(".hit").first.click()
    return page.get_by_role("complementary", name="Trip")


async def test_a_fare_is_refunded_in_part_and_then_whole(company: Company) -> None:
    """A dispatcher who may gives a part back, then the rest, and Alipay's books say the same."""
    car = company.car()
    async with (
        driver_of(company, car, await driver_token(company, car)) as driver,
        launched() as browser,
        console(browser, company, "chief") as page,
    ):
        trip = await fare_due(driver)
        await scan(company, driver, trip)
        fare = (await in_state(driver, trip, "paid"))["fare"]["total"]["minor"]
        panel = await open_trip(page, trip)
        await panel.get_by_role("button", name="Refund").click()
        await page.get_by_label("Amount").fill(f"{PART_MINOR / 100:.2f}")
        await page.get_by_label("Reason").fill("Detour")
        assert await found_by_axe(page) == []
        await page.get_by_role("button", name="Refund $1.00").click()
        await in_state(driver, trip, "part_refunded")
        await expect(panel.get_by_role("heading", name="Partly refunded")).to_be_visible()
        await expect(panel.get_by_text("reason: Detour").first).to_be_visible()
        assert await money_of(company, trip) == (fare, PART_MINOR)
        await panel.get_by_role("button", name="Refund").click()
        await page.get_by_label("Reason").fill("All of it")
        await page.get_by_role("button", name="Refund all").click()
        await expect(panel.get_by_role("heading", name="Refunded", exact=True)).to_be_visible()
        await expect(panel.get_by_role("button", name="Refund")).to_have_count(0)
    assert await money_of(company, trip) == (fare, fare)


async def settle(page: Page, panel: Locator) -> None:
    """The fare is said to be paid at the office."""
    await panel.get_by_role("button", name="Settle the fare").click()
    await page.get_by_label("Reason").fill("Paid at the office")
    await page.get_by_role("dialog").get_by_role("button", name="Settle the fare").click()


async def test_a_fare_is_settled_by_those_who_may(company: Company) -> None:
    """Who lacks the permission is told so in words; to whom it is given, the fare is no longer due."""
    car = company.car()
    async with driver_of(company, car, await driver_token(company, car)) as driver, launched() as browser:
        trip = await fare_due(driver)
        async with console(browser, company) as page:
            await settle(page, await open_trip(page, trip))
            await expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("no permission")
        async with console(browser, company, "chief") as page:
            panel = await open_trip(page, trip)
            await settle(page, panel)
            await expect(panel.get_by_role("heading", name="Settled at the office")).to_be_visible()
            await expect(panel.get_by_text("reason: Paid at the office")).to_be_visible()


@pytest.mark.chaos
async def test_a_payment_that_nobody_knows_of_is_settled(company: Company) -> None:
    """Alipay answers nothing clear: the console says that it is being checked; the fare is settled at the office.

    A minute long: so long is Alipay asked again before the fare counts as unclear."""
    car = company.car()
    async with (
        driver_of(company, car, await driver_token(company, car)) as driver,
        launched() as browser,
        console(browser, company, "chief") as page,
    ):
        trip = await fare_due(driver)
        try:
            await sandbox_faults(company, [{"name": "system-error-before", "call": "*"}])
            await scan(company, driver, trip)
            panel = await open_trip(page, trip)
            await expect(panel.get_by_role("heading", name="Payment being checked")).to_be_visible(timeout=LONG_MS)
            await settle(page, panel)
            await expect(panel.get_by_role("heading", name="Settled at the office")).to_be_visible()
            await expect(panel.get_by_text("reason: Paid at the office")).to_be_visible()
            assert await found_by_axe(page) == []
        finally:
            await sandbox_faults(company, [])
    assert await money_of(company, trip) == (0, 0)

"""The dispatchers' console in a real browser on a real system; drivers are played by the test client."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import msgpack
import numpy as np
import pytest
from PIL import Image
from playwright.async_api import Page, expect

from tests.integration.app import START, Driver, sign_in
from tests.integration.apps import drawing, found_by_axe, launched, phone
from tests.integration.conftest import Company
from tests.integration.console_app_samples import LONG_MS, console
from tests.integration.drive_app_samples import dashboard
from tests.integration.rides_samples import driver_of, driver_token

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

PAGE = Path(__file__).parents[2] / "ws_gateway" / "web" / "console" / "index.html"
FAR_AWAY = "Judah St & 46th Ave"
"""By the ocean: no car of these tests is near enough to be matched there."""
FAR_CORNER = "Judah & 46th"
FREE = (20, 138, 74)
"""The colour of free cars on light ground (``web/src/map/car_colours.ts``)."""


@pytest.fixture(autouse=True)
def _built() -> None:
    assert PAGE.exists(), "make web"


@asynccontextmanager
async def free_car(company: Company) -> AsyncIterator[tuple[int, Driver]]:
    """A car that is online and heard."""
    car = company.car()
    async with driver_of(company, car, await driver_token(company, car)) as driver:
        await driver.command("online")
        await driver.wait(lambda m: m["t"] == "heard")
        yield car, driver


async def book_by_keyboard(page: Page, number: str, typed: str, name: str) -> None:
    """A phone booking without a mouse: the trip is open beside the map."""
    await expect(
        page.get_by_text("No waiting requests").or_(page.get_by_role("table", name="Requests"))
    ).to_be_visible()
    await page.keyboard.press("b")
    await expect(page.get_by_role("heading", name="Phone booking")).to_be_focused()
    await tab_to(page, "Phone of the caller")
    await page.keyboard.type(number)
    await tab_to(page, "Pick-up")
    await page.keyboard.type(typed)
    await expect(page.get_by_role("option", name=name, exact=True)).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("combobox", name="Pick-up")).to_have_value(name)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("complementary", name="Trip")).to_contain_text("Looking for a car")


async def tab_to(page: Page, label: str) -> None:
    """Press Tab until the control with this label has the focus."""
    for _ in range(12):
        await page.keyboard.press("Tab")
        focused = await page.evaluate("document.activeElement.labels?.[0]?.innerText ?? ''")
        if focused.strip() == label:
            return
    raise AssertionError(f"no way by keyboard to {label}")


async def test_cars_are_shown_in_both_languages_and_themes(company: Company) -> None:
    """Sign-in, the fleet by state beside the map, help; axe finds nothing serious in either theme and language."""
    async with drawing() as browser, free_car(company), console(browser, company) as page:
        legend = page.get_by_role("list", name="Cars in view, by state")
        await expect(legend).to_contain_text("Free", timeout=LONG_MS)
        await expect(page.locator(".map canvas").first).to_be_visible()
        await drawn_in(page, FREE)
        await page.get_by_role("tab", name="Cars").click()
        await expect(page.get_by_role("table", name="Cars")).to_contain_text("Driver ")
        assert await found_by_axe(page) == []
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="Help")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.get_by_role("button", name="中文").click()
        await page.get_by_role("button", name="深色").click()
        await expect(page.get_by_role("tab", name="车辆")).to_be_visible()
        await page.keyboard.press("b")
        await expect(page.get_by_role("heading", name="电话订车")).to_be_focused()
        assert await found_by_axe(page) == []


async def test_a_wrong_password_is_said(company: Company) -> None:
    """The refusal in words, with its number; nobody is signed in."""
    async with launched() as browser, phone(browser, company.served.http) as watched:
        page = await watched.context.new_page()
        await page.goto(f"{company.served.http}/console/")
        await page.get_by_label("Name").fill("desk")
        await page.get_by_label("Password").fill("not this one")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("alert")).to_contain_text("(2004)")
        assert await found_by_axe(page) == []


async def test_a_booking_by_keyboard_that_finds_no_car_ends_in_an_alarm_that_is_settled(company: Company) -> None:
    """Booked without a mouse, found by the caller's number, unserved in time, and settled with a note."""
    async with launched() as browser, console(browser, company) as page:
        await book_by_keyboard(page, "+14155550188", FAR_CORNER, FAR_AWAY)
        await expect(page.get_by_role("table", name="Requests")).to_contain_text(FAR_AWAY)
        await page.keyboard.press("/")
        await page.get_by_label("Trip, plate, driver or phone").fill("5550188")
        await expect(page.get_by_role("dialog").get_by_text(FAR_AWAY)).to_be_visible()
        await page.keyboard.press("Escape")
        await page.keyboard.press("4")
        waiting = page.get_by_role("list", name="Open alarms")
        alarm = waiting.get_by_role("listitem").filter(has_text="No car was found").first
        await expect(alarm).to_be_visible(timeout=LONG_MS)
        await alarm.get_by_role("button", name="Settle").click()
        await page.get_by_label("Outcome").fill("Called back <b>twice</b>")
        await page.get_by_role("dialog").get_by_role("button", name="Settle").click()
        await expect(page.get_by_text("Called back <b>twice</b>")).to_be_visible()
        await page.reload()
        await page.get_by_role("tab", name="Alarms").click()
        await expect(page.get_by_text("Called back <b>twice</b>")).to_be_visible()


async def test_a_car_is_assigned_by_hand_and_the_trip_is_cancelled(company: Company) -> None:
    """What the matcher would not do a dispatcher can; the driver is asked, the trip is cancelled with a reason."""
    async with launched() as browser, free_car(company) as (car, driver), console(browser, company) as page:
        await book_by_keyboard(page, "+14155550189", FAR_CORNER, FAR_AWAY)
        await page.keyboard.press("a")
        await page.get_by_label("Find a car").fill(f"P{car}")
        await page.get_by_role("radio", name=f"P{car} ").check()
        await page.get_by_role("button", name="Offer the trip to this car").click()
        made = await driver.update("offer_made")
        await driver.command("accept", offer=made["vehicle"]["offer"]["offer"])
        trip = page.get_by_role("complementary", name="Trip")
        await expect(trip).to_contain_text("Car on its way")
        await expect(trip).to_contain_text("A dispatcher assigned a car")
        assert await found_by_axe(page) == []
        await page.keyboard.press("c")
        await page.get_by_label("Reason").fill("Passenger no longer needs it")
        dialog = page.get_by_role("dialog")
        await dialog.get_by_role("button", name="Cancel the trip").click()
        agreed = dialog.get_by_role("button", name="Cancel for")
        await expect(agreed.or_(page.get_by_text("Cancelled.", exact=True))).to_be_visible()
        if await agreed.is_visible():
            await agreed.click()
        await expect(trip).to_contain_text("Passenger no longer needs it")
        await driver.update("trip_released")


async def test_a_car_is_found_taken_out_and_told_something(company: Company) -> None:
    """Search by plate, a message to its driver, out of service with a reason and back again."""
    async with launched() as browser, free_car(company) as (car, driver), console(browser, company) as page:
        await page.get_by_role("button", name="Search").click()
        await page.get_by_label("Trip, plate, driver or phone").fill(f"P{car}")
        await page.get_by_role("dialog").get_by_role("button", name=f"P{car} ").first.click()
        panel = page.get_by_role("complementary", name="Car")
        await expect(panel).to_contain_text("Offers in the last hour")
        await panel.get_by_role("button", name="Message").click()
        await page.get_by_role("textbox", name="Message").fill("Come to the office")
        await page.get_by_role("button", name="Send").click()
        told = await driver.wait(lambda m: m["t"] == "notice")
        assert told["text"] == "Come to the office"
        await panel.get_by_role("button", name="Take out of service").click()
        await page.get_by_label("Reason").fill("Inspection")
        await page.get_by_role("dialog").get_by_role("button", name="Take out of service").click()
        await expect(panel.get_by_role("button", name="Return to service")).to_be_visible()
        await panel.get_by_role("button", name="Return to service").click()
        await expect(panel.get_by_role("button", name="Take out of service")).to_be_visible()


async def test_the_past_is_played_and_marked_as_past(company: Company) -> None:
    """A time gone by: it runs, tells what happened to trips, and one key leads back to now."""
    async with launched() as browser, free_car(company), console(browser, company) as page:
        await book_by_keyboard(page, "+14155550190", FAR_CORNER, FAR_AWAY)
        await page.keyboard.press("Escape")
        await page.keyboard.press("r")
        begin = page.get_by_label("From (city time")
        await begin.fill(await begin.get_attribute("max") or "")
        await page.get_by_role("dialog").get_by_role("button", name="Open").click()
        await expect(page.get_by_text("REPLAY", exact=True)).to_be_visible()
        moments = page.get_by_role("list", name="Events")
        await expect(moments).to_contain_text("Requested", timeout=LONG_MS)
        at = page.get_by_role("slider", name="Time")
        before = await at.input_value()
        await page.get_by_role("button", name="Play", exact=True).click()
        await expect(at).not_to_have_value(before)
        assert await found_by_axe(page) == []
        await page.get_by_role("button", name="Pause").focus()
        await page.keyboard.press("n")
        await expect(page.get_by_text("REPLAY", exact=True)).to_have_count(0)


async def test_without_webgl_the_lists_do_all(company: Company) -> None:
    """No map: it is said, cars are heard all the same, and a trip can be booked."""
    async with (
        launched() as browser,
        free_car(company) as (car, _),
        console(browser, company) as page,
    ):
        await expect(page.get_by_text("This browser has no WebGL")).to_be_visible()
        await book_by_keyboard(page, "+14155550191", FAR_CORNER, FAR_AWAY)
        await page.keyboard.press("3")
        await page.get_by_label("Plate, number or driver").fill(f"P{car}")
        cars = page.get_by_role("tabpanel", name="Cars")
        await cars.get_by_role("button", name=f"P{car}", exact=True).click()
        await expect(page.get_by_role("complementary", name="Car")).to_contain_text("Last position")


async def test_a_message_to_the_cars_in_view_reaches_the_drivers_app(company: Company) -> None:
    """Sent to those whom the map shows; the driver's app puts it in front until it is read."""
    async with drawing() as browser, dashboard(browser, company, company.car(), START) as driver:
        await driver.sign_in()
        await driver.start_shift()
        async with console(browser, company) as page:
            await expect(page.get_by_role("list", name="Cars in view, by state")).to_contain_text("Free")
            await page.get_by_role("button", name="Message").click()
            await page.get_by_role("textbox", name="Message").fill("Fog on <the> bridge")
            await page.get_by_role("radio", name=re.compile("in view")).check()
            await page.get_by_role("button", name="Send").click()
            notice = driver.page.get_by_role("dialog", name="Message from the office")
            await expect(notice).to_contain_text("Fog on <the> bridge")
            await driver.press("I have read it")
            await expect(notice).to_be_hidden()


async def test_cars_of_the_past_move_on_the_map(company: Company) -> None:
    """What the archive has is played: cars are counted by state, and the map changes while it plays."""
    async with drawing() as browser, free_car(company) as (_, driver), console(browser, company) as page:
        since = await archived_since(company, driver)
        await page.keyboard.press("r")
        begin = page.get_by_label("From (city time")
        zone = re.findall(r"city time, ([^)]+)\)", await page.get_by_role("dialog").inner_text())[0]
        await begin.fill(datetime.fromtimestamp(since, ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M"))
        await page.get_by_role("dialog").get_by_role("button", name="Open").click()
        await expect(page.get_by_text("REPLAY", exact=True)).to_be_visible()
        await page.get_by_role("slider", name="Time").fill(str(round(since / 5) * 5))
        legend = page.get_by_role("list", name="Cars in view, by state")
        await expect(legend).to_contain_text(re.compile("Free [1-9]"))
        before = await middle_of_map(page)
        await page.get_by_label("Speed").select_option("60")
        await page.get_by_role("button", name="Play", exact=True).click()
        async with asyncio.timeout(LONG_MS / 1000):
            while await middle_of_map(page) == before:
                pass


async def archived_since(company: Company, driver: Driver) -> float:
    """A city time from which on the archive knows cars: those of tests before, or in the end this driver's."""
    token = await sign_in(company.served.http, "dispatcher", name="desk", password="a long password")
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/msgpack"}
    async with httpx.AsyncClient(base_url=company.served.http, headers=headers, timeout=20, trust_env=False) as http:
        while True:
            now = driver.city_time()
            answer = await http.get("/v1/replay", params={"since": now - 890, "until": now})
            tracks = msgpack.unpackb(answer.raise_for_status().content)["tracks"]
            if tracks:
                return max(float(track["since"]) for track in tracks) + 10
            await driver.wait(lambda m: m["t"] == "heard", len(driver.received))


async def drawn_in(page: Page, colour: tuple[int, int, int]) -> None:
    """Until a dot of a colour is on the map."""
    async with asyncio.timeout(LONG_MS / 1000):
        while not has_colour(await middle_of_map(page), colour):
            pass


def has_colour(picture: bytes, colour: tuple[int, int, int]) -> bool:
    points = np.asarray(Image.open(BytesIO(picture)).convert("RGB"))
    return bool((points == colour).all(axis=2).any())


async def middle_of_map(page: Page) -> bytes:
    """A picture of where cars of these tests are, without what lies over the map."""
    box = await page.locator(".map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2 - 50, box["y"] + box["height"] / 2 - 250
    return await page.screenshot(clip={"x": x, "y": y, "width": 300, "height": 300})

"""Pictures of the three apps at work, in both languages and themes: ``make screenshots``.

A demonstration city runs with its simulated fleet; a dispatcher, a driver and a passenger sign in with real browsers
and take one ride to its end. Pictures go to ``docs/pictures``.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
LOOKS = [("en", "light"), ("en", "dark"), ("zh", "light"), ("zh", "dark")]
WITHIN_MS = 90_000
PASSENGER = "+14155550123"
BUYER = "2088102146225135"
PICKUP = (37.7841, -122.4076)
JOURNEY = (("Market & 5th", "Market St & 5th St"), ("16th/Valencia", "16th St & Valencia St"))
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


class City:
    """A running demonstration, and what it said of where to sign in."""

    def __init__(self, said: dict[str, str], folder: Path) -> None:
        self.console, login = said["console"].split(" ", 1)
        self.dispatcher, self.password = re.findall(r"(\w+), password (\w+)", login)[0]
        self.drive, login = said["driver"].split(" ", 1)
        self.driver, self.pin, self.car = re.findall(r"(\w+), PIN (\w+), car (\w+)", login)[0]
        self.ride = said["passenger"].split(" ", 1)[0]
        self.sms = folder / "sms.jsonl"

    def code(self, phone: str) -> str:
        """The last code that was sent to a phone."""
        sent = [json.loads(line) for line in self.sms.read_text("utf-8").splitlines()]
        found = [each["code"] for each in sent if each["phone"] == phone]
        if not found:
            raise SystemExit(f"no code was sent to {phone}; to: {sorted({each['phone'] for each in sent})[:5]}")
        return str(found[-1])


@contextmanager
def city_at_work() -> Iterator[City]:
    """``taxi demo``, until the end of the block."""
    folder = Path(tempfile.mkdtemp(prefix="taxi-pictures-"))
    command = [sys.executable, "-m", "dispatch.cli", "demo", "--port", "0", "--cars", "240", "--speed", "2"]
    child = subprocess.Popen([*command, "--data-dir", str(folder)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    said: dict[str, str] = {}
    try:
        for line in child.stdout:
            name, colon, what = line.partition(": ")
            if colon:
                said[name] = what.strip()
            if name == "data":
                break
        yield City(said, folder)
    finally:
        child.terminate()
        child.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


class Studio:
    """Browsers, one for each person, and the pictures that are taken in them."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    def page(self, viewport: dict[str, int], **options: object) -> Page:
        """A browser of one's own."""
        scale = 2 if viewport is PHONE else 1
        context: BrowserContext = self._browser.new_context(
            viewport=viewport, locale="en-US", device_scale_factor=scale, **options
        )
        context.set_default_timeout(WITHIN_MS)
        return context.new_page()

    def take(self, page: Page, name: str, prepare: Callable[[Page], None] = lambda _: None) -> None:
        """The page in each look: the app comes back to where it was, ``prepare`` does what it forgets."""
        for language, theme in LOOKS:
            set_look(page, language, theme)
            prepare(page)
            page.wait_for_timeout(4000)  # the map draws its tiles anew
            path = PICTURES / f"{name}-{language}-{theme}.png"
            page.screenshot(path=path)
            sys.stdout.write(f"{path}\n")
        set_look(page, "en", "light")
        page.wait_for_timeout(2000)


def set_look(page: Page, language: str, theme: str) -> None:
    """As if the person had chosen so. The apps come back to where they were."""
    page.evaluate(
        "look => { localStorage.setItem('taxi.language', look[0]); localStorage.setItem('taxi.theme', look[1]) }",
        [language, theme],
    )
    page.reload()
    page.wait_for_selector("main, [role=main]")


def sign_in_console(page: Page, city: City) -> None:
    """The dispatcher."""
    page.goto(city.console)
    page.get_by_label("Name").fill(city.dispatcher)
    page.get_by_label("Password").fill(city.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("tab", name=re.compile("^Requests"))).to_be_visible()


def sign_in_driver(page: Page, city: City) -> None:
    """The driver of the car that nobody simulates."""
    page.goto(city.drive)
    page.get_by_label("Driver number").fill(city.driver)
    page.get_by_label("PIN").fill(city.pin)
    page.get_by_label("Vehicle", exact=True).fill(city.car)
    page.get_by_role("button", name="Sign in").click()


def sign_in_passenger(page: Page, city: City) -> None:
    """The passenger, by a code to the phone."""
    page.goto(city.ride)
    page.get_by_label("Phone number").fill(PASSENGER)
    page.get_by_role("button", name="Send code").click()
    expect(page.get_by_label("Code", exact=True)).to_be_visible()
    page.get_by_label("Code", exact=True).fill(city.code(PASSENGER))
    page.get_by_role("button", name="Sign in").click()


def choose_places(page: Page) -> None:
    """From Market and 5th to 16th and Valencia, in whatever language the page is."""
    for place, (typed, name) in enumerate(JOURNEY):
        page.get_by_role("combobox").nth(place).fill(typed)
        page.get_by_role("option", name=name, exact=True).click()
    page.wait_for_selector("[data-estimate]")


def main() -> None:
    """Everything, from sign-in to receipt."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    chromium = next(path for path in map(shutil.which, CHROMIUM) if path)
    arguments = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader"]
    with city_at_work() as city, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        take_all(Studio(browser), city)
        browser.close()


def take_all(studio: Studio, city: City) -> None:
    """One ride, watched from three sides."""
    console = studio.page(DESKTOP)
    sign_in_console(console, city)
    console.wait_for_timeout(20_000)  # so that the city is at work
    studio.take(console, "console")
    at = {"latitude": PICKUP[0], "longitude": PICKUP[1], "accuracy": 5}
    driver = studio.page(PHONE, geolocation=at, permissions=["geolocation"])
    sign_in_driver(driver, city)
    driver.get_by_role("button", name="Start shift").click()
    driver.wait_for_selector("main.scene[data-scene=free]")
    passenger = studio.page(PHONE)
    sign_in_passenger(passenger, city)
    studio.take(passenger, "ride-book", choose_places)
    choose_places(passenger)
    take_a_ride(studio, console, driver, passenger)


def take_a_ride(studio: Studio, console: Page, driver: Page, passenger: Page) -> None:
    """Offer, way, ride, fare: each where it looks best."""
    for step in range(3):  # a phone that lies still is not heard of after a while
        moved = {"latitude": PICKUP[0] + step * 1e-5, "longitude": PICKUP[1], "accuracy": 5}
        driver.context.set_geolocation(moved)
        driver.wait_for_timeout(700)
    passenger.get_by_role("button", name="Order now").click()
    driver.wait_for_selector("main.scene[data-scene=offer]")
    driver.screenshot(path=PICTURES / "drive-offer-en-light.png")
    driver.get_by_role("button", name="Accept", exact=True).click()
    driver.wait_for_selector("main.scene[data-scene=to_pickup]")
    expect(passenger.get_by_role("heading", name="Your car is coming")).to_be_visible()
    studio.take(passenger, "ride-coming")
    studio.take(driver, "drive-way")
    console.get_by_role("tab", name=re.compile("^Trips")).click()
    console.get_by_role("row", name=re.compile("Car on its way")).first.get_by_role("button").first.click()
    console.wait_for_timeout(4000)
    console.screenshot(path=PICTURES / "console-trip-en-light.png")
    driver.get_by_role("button", name="I have arrived", exact=True).click()
    code = passenger.locator("[data-code]").inner_text()
    driver.get_by_label("Ride code, 4 digits").fill(code.strip())
    driver.get_by_role("button", name="Start the ride", exact=True).click()
    driver.wait_for_selector("main.scene[data-scene=ride]")
    driver.wait_for_timeout(4000)
    studio.take(driver, "drive-ride")
    driver.get_by_role("button", name="Finish the ride", exact=True).click()
    driver.get_by_role("dialog").get_by_role("button", name="Finish the ride").click()
    expect(passenger.get_by_role("heading", name="Please pay")).to_be_visible()
    studio.take(passenger, "ride-pay")
    driver.get_by_role("button", name="Show a code", exact=True).click()
    driver.wait_for_timeout(3000)
    studio.take(driver, "drive-code")


if __name__ == "__main__":
    main()

"""Screenshots of the three apps in both languages and themes: ``make screenshots``, about five minutes.

A demonstration city runs with its simulated fleet; a dispatcher, a driver and a passenger sign in with real browsers
and complete one ride, which is paid in the sandbox. The files go to ``docs/pictures``, with few colours to be small.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
LOOKS = [("en", "light"), ("en", "dark"), ("zh", "light"), ("zh", "dark")]
COLOURS = 256
WITHIN_MS = 90_000
SETTLED_MS = 1000
"""Panels have opened, and cars have reached their positions."""
OFFER_STANDS_S = 60
"""Long enough for screenshots of an offer."""
PASSENGER = "+14155550123"
BUYER = "2088102146225135"
WAITS_AT = (37.76361, -122.48120)
"""The driver, four blocks from the pick-up, where few other cars are."""
PICKUP_AT = (37.76373, -122.47710)
ON_THE_WAY = ((37.76373, -122.47710), (37.76403, -122.47050))
JOURNEY = (("Irving & 19th", "Irving St & 19th Ave"), ("16th/Valencia", "16th St & Valencia St"))
STEP_DEG = 1.7e-4
"""About 15 m in each ``STEP_MS``, the speed of a car."""
STEP_MS = 700
BLANK = "about:blank"
"""The page of the console meanwhile: its map would slow down the other browsers."""
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")

Point = tuple[float, float]


class City:
    """A running demonstration, with the addresses and accounts that it printed."""

    def __init__(self, said: dict[str, str], folder: Path) -> None:
        self.console, login = said["console"].split(" ", 1)
        self.dispatcher, self.password = re.findall(r"(\w+), password (\w+)", login)[0]
        self.drive, login = said["driver"].split(" ", 1)
        self.driver, self.pin, self.car = re.findall(r"(\w+), PIN (\w+), car (\w+)", login)[0]
        self.ride = said["passenger"].split(" ", 1)[0]
        self.sms = folder / "sms.jsonl"

    def code(self, phone: str) -> str:
        """The last sign-in code for a phone."""
        sent = [json.loads(line) for line in self.sms.read_text("utf-8").splitlines()]
        found = [each["code"] for each in sent if each["phone"] == phone]
        if not found:
            raise SystemExit(f"no code for {phone}; codes exist for {sorted({each['phone'] for each in sent})[:5]}")
        return str(found[-1])


@contextmanager
def city_at_work() -> Iterator[City]:
    """Run ``taxi demo`` until the end of the block."""
    folder = Path(tempfile.mkdtemp(prefix="taxi-pictures-"))
    command = [sys.executable, "-m", "taxi_cli", "demo", "--port", "0", "--cars", "240", "--speed", "1"]
    longer = {**os.environ, "TAXI_OFFER__COUNTDOWN_S": str(OFFER_STANDS_S)}
    child = subprocess.Popen([*command, "--data-dir", str(folder)], stdout=subprocess.PIPE, text=True, env=longer)
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


class Shot(NamedTuple):
    """A screenshot to take in each look. ``prepare`` restores what a reload loses; ``map``: wait for the map."""

    page: Page
    name: str
    prepare: Callable[[Page], None] = lambda _: None
    map: bool = True


class Studio:
    """One browser for each person, and their screenshots."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser

    def page(self, viewport: dict[str, int], **options: object) -> Page:
        scale = 2 if viewport is PHONE else 1
        context: BrowserContext = self._browser.new_context(
            viewport=viewport, locale="en-US", device_scale_factor=scale, **options
        )
        context.set_default_timeout(WITHIN_MS)
        return context.new_page()

    def take(self, *shots: Shot) -> None:
        """Take all pages in each look; at the end they have the first look again."""
        for look in LOOKS:
            for shot in shots:
                set_look(shot.page, *look)
            for shot in shots:
                shot.prepare(shot.page)
            for shot in shots:
                if shot.map:
                    shot.page.wait_for_selector(".maplibregl-map[data-drawn]")
            shots[0].page.wait_for_timeout(SETTLED_MS)
            for shot in shots:
                _save(shot.page, PICTURES / f"{shot.name}-{look[0]}-{look[1]}.png")
        for shot in shots:
            set_look(shot.page, *LOOKS[0])


def _save(page: Page, path: Path) -> None:
    """Save with few colours: a third of Chromium's file size."""
    page.screenshot(path=path)
    with Image.open(path) as picture:
        few = picture.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    sys.stdout.write(f"{path.name} {path.stat().st_size // 1000} kB\n")
    sys.stdout.flush()


def set_look(page: Page, language: str, theme: str) -> None:
    """Choose language and theme, and reload; the apps return to the same view."""
    page.evaluate(
        "look => { localStorage.setItem('taxi.language', look[0]); localStorage.setItem('taxi.theme', look[1]) }",
        [language, theme],
    )
    page.reload()
    page.wait_for_selector("main, [role=main]")


def sign_in_console(page: Page, city: City) -> None:
    page.goto(city.console)
    page.get_by_label("Name").fill(city.dispatcher)
    page.get_by_label("Password").fill(city.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("tab", name=re.compile("^Requests"))).to_be_visible()


def sign_in_driver(page: Page, city: City) -> None:
    """The driver of the car that is not simulated."""
    page.goto(city.drive)
    page.get_by_label("Driver number").fill(city.driver)
    page.get_by_label("PIN").fill(city.pin)
    page.get_by_label("Vehicle", exact=True).fill(city.car)
    page.get_by_role("button", name="Sign in").click()


def sign_in_passenger(page: Page, city: City) -> None:
    """The passenger, with a code sent to the phone."""
    page.goto(city.ride)
    page.get_by_label("Phone number").fill(PASSENGER)
    page.get_by_role("button", name="Send code").click()
    expect(page.get_by_label("Code", exact=True)).to_be_visible()
    page.get_by_label("Code", exact=True).fill(city.code(PASSENGER))
    page.get_by_role("button", name="Sign in").click()


def choose_places(page: Page) -> None:
    """Choose the ends of ``JOURNEY``, in any language of the page."""
    for place, (typed, name) in enumerate(JOURNEY):
        page.get_by_role("combobox").nth(place).fill(typed)
        page.get_by_role("option", name=name, exact=True).click()
    page.wait_for_selector("[data-estimate]")


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    chromium = next(path for path in map(shutil.which, CHROMIUM) if path)
    arguments = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader"]
    with city_at_work() as city, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        take_all(Studio(browser), city)
        browser.close()


def take_all(studio: Studio, city: City) -> None:
    """One ride, seen in all three apps."""
    console, passenger = studio.page(DESKTOP), studio.page(PHONE)
    driver = studio.page(PHONE, geolocation=geolocation(WAITS_AT), permissions=["geolocation"])
    sign_in_console(console, city)
    sign_in_passenger(passenger, city)
    sign_in_driver(driver, city)
    driver.get_by_role("button", name="Start shift").click()
    driver.wait_for_selector("main.scene[data-scene=free]")
    studio.take(
        Shot(console, "console"), Shot(passenger, "ride-book", choose_places), Shot(driver, "drive-free", map=False)
    )
    console.goto(BLANK)
    choose_places(passenger)
    drive(driver, WAITS_AT, WAITS_AT, least=3)
    passenger.get_by_role("button", name="Order now").click()
    accept_offer(studio, driver, passenger)
    drive_to_passenger(studio, driver, passenger)
    look_at_trip(studio, console, city, "console-trip", ".timeline")
    pay(studio, driver, passenger)
    look_at_trip(studio, console, city, "console-paid", ".payment")


def accept_offer(studio: Studio, driver: Page, passenger: Page) -> None:
    """Take the offer in each look, and accept it before it expires."""
    driver.wait_for_selector("main.scene[data-scene=offer]")
    studio.take(Shot(driver, "drive-offer", map=False))
    driver.get_by_role("button", name="Accept", exact=True).click()
    driver.wait_for_selector("main.scene[data-scene=to_pickup]")
    expect(passenger.get_by_role("heading", name="Your car is coming")).to_be_visible()


def drive_to_passenger(studio: Studio, driver: Page, passenger: Page) -> None:
    """Drive to the passenger, then some of the route with the meter running."""
    studio.take(Shot(passenger, "ride-coming"), Shot(driver, "drive-way"))
    drive(driver, WAITS_AT, PICKUP_AT)
    driver.get_by_role("button", name="I have arrived", exact=True).click()
    code = passenger.locator("[data-code]").inner_text()
    driver.get_by_label("Ride code, 4 digits").fill(code.strip())
    driver.get_by_role("button", name="Start the ride", exact=True).click()
    driver.wait_for_selector("main.scene[data-scene=ride]")
    drive(driver, *ON_THE_WAY)
    studio.take(Shot(passenger, "ride-riding"), Shot(driver, "drive-ride"))


def pay(studio: Studio, driver: Page, passenger: Page) -> None:
    """The fare is paid in the sandbox with the code on the driver's screen."""
    driver.get_by_role("button", name="Finish the ride", exact=True).click()
    driver.get_by_role("dialog").get_by_role("button", name="Finish the ride").click()
    expect(passenger.get_by_role("heading", name="Please pay")).to_be_visible()
    studio.take(Shot(passenger, "ride-pay", map=False), Shot(driver, "drive-fare", map=False))
    driver.get_by_role("button", name="Show a code", exact=True).click()
    driver.wait_for_selector("[data-code]")
    studio.take(Shot(driver, "drive-code", map=False))
    pay_in_sandbox(str(driver.locator("[data-code]").get_attribute("data-code")))
    driver.wait_for_selector(".minute-word")
    studio.take(Shot(passenger, "ride-paid", map=False), Shot(driver, "drive-paid", map=False))


def look_at_trip(studio: Studio, console: Page, city: City, name: str, part: str) -> None:
    """The trip beside the map of the console, with the first ``part`` of its panel (a CSS selector) in view."""

    def choose(page: Page) -> None:
        page.wait_for_selector(".map canvas")
        page.keyboard.press("/")
        dialog = page.get_by_role("dialog")
        dialog.locator("input").fill(PASSENGER)
        dialog.get_by_role("button").filter(has_text=JOURNEY[0][1]).first.click()
        page.locator(part).first.evaluate("it => it.closest('section')?.scrollIntoView()")

    console.goto(city.console)
    studio.take(Shot(console, name, choose))
    console.goto(BLANK)


def pay_in_sandbox(code: str) -> None:
    """Scan and confirm the code as the passenger's Alipay app does."""
    at = urlsplit(code)
    with httpx.Client(base_url=f"{at.scheme}://{at.netloc}", timeout=20, trust_env=False) as http:
        trade = http.post("/sandbox/scan", json={"code": code, "buyer_id": BUYER}).raise_for_status().json()
        confirmed = {"trade_no": trade["trade_no"], "buyer_id": BUYER}
        http.post("/sandbox/tradepay", json=confirmed).raise_for_status()


def geolocation(at: Point) -> dict[str, float]:
    return {"latitude": at[0], "longitude": at[1], "accuracy": 5}


def drive(driver: Page, start: Point, end: Point, least: int = 1) -> None:
    """Move the phone along a straight street, in at least ``least`` steps."""
    steps = max(least, round(max(abs(end[0] - start[0]), abs(end[1] - start[1])) / STEP_DEG))
    for step in range(1, steps + 1):
        at = tuple(begin + (stop - begin) * step / steps for begin, stop in zip(start, end, strict=True))
        stir = step % 2 * 1e-6  # a phone that does not move at all is soon reported as silent
        driver.context.set_geolocation(geolocation((at[0] + stir, at[1])))
        driver.wait_for_timeout(STEP_MS)


if __name__ == "__main__":
    main()

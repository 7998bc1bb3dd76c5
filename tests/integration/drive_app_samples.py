"""The drive app's dashboard, shared by tests of the apps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgpack
from playwright.async_api import Browser, Geolocation, Locator, Page, WebSocket, expect

from tests.integration.app import WITHIN_S, Message
from tests.integration.apps import WITHIN_MS, Watched, phone
from tests.integration.conftest import Company

STEP_DEG = 2e-4
"""About 20 m: at one fix in half a second a car's pace."""


class Wire:
    """What the page says and hears over its sockets."""

    def __init__(self, page: Page) -> None:
        self.said: list[Message] = []
        self.heard: list[Message] = []
        self._came = asyncio.Event()
        page.on("websocket", self._opened)

    def _opened(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: self._note(self.said, frame))
        socket.on("framereceived", lambda frame: self._note(self.heard, frame))

    def _note(self, notes: list[Message], frame: bytes | str) -> None:
        if isinstance(frame, bytes):
            notes.append(msgpack.unpackb(frame, strict_map_key=False))
            self._came.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds of what was said and heard."""
        async with asyncio.timeout(WITHIN_S):
            while not holds():
                self._came.clear()
                await self._came.wait()

    def fixes(self) -> list[list[Any]]:
        """Each fix in the order of sending, alone or with others after a lost connection."""
        sent: list[list[Any]] = []
        for message in self.said:
            sent.extend([message["fix"]] if message["t"] == "fix" else message.get("fixes", []))
        return sent

    def numbers_sent(self) -> list[int]:
        """The number of each fix, in the order of sending."""
        return [fix[0] for fix in self.fixes()]

    def safe(self) -> int:
        """Up to which number the server has called fixes safe."""
        return max((m["n"] for m in self.heard if m["t"] == "heard"), default=-1)

    def was_at(self, lat: float) -> bool:
        """Whether the last fix that was sent is of this latitude."""
        sent = self.fixes()
        return bool(sent) and abs(sent[-1][2] - lat) < 1e-9


class Dashboard:
    """The driver's app on a phone, as its driver sees and presses it."""

    def __init__(self, city: Company, watched: Watched, page: Page, car: int, at: tuple[float, float]) -> None:
        self.city = city
        self.watched = watched
        self.page = page
        self.wire = Wire(page)
        self.car = car
        self.at = at

    def button(self, name: str) -> Locator:
        """The button that reads exactly so."""
        return self.page.get_by_role("button", name=name, exact=True)

    async def press(self, name: str) -> None:
        """Press a button."""
        await self.button(name).click()

    async def scene(self, name: str) -> None:
        """Wait until this fills the screen."""
        await expect(self.page.locator("main.scene")).to_have_attribute("data-scene", name, timeout=WITHIN_MS)

    async def sign_in(self, number: str = "", vehicle: str = "") -> None:
        """Number, PIN and car."""
        await self.page.goto(f"{self.city.served.http}/drive/")
        await self.page.get_by_label("Driver number").fill(number or str(100 + self.car))
        await self.page.get_by_label("PIN").fill("1234")
        await self.page.get_by_label("Vehicle", exact=True).fill(vehicle or f"V{self.car}")
        await self.press("Sign in")

    async def start_shift(self) -> None:
        """Online, and heard."""
        await self.press("Start shift")
        await self.scene("free")
        await self.wire.until(lambda: bool(self.wire.numbers_sent()))
        await self.be_heard()

    async def be_heard(self) -> None:
        """Drive on until the server has called the fix from here safe."""
        here = self.wire.numbers_sent()[-1]
        while self.wire.safe() < here:
            await self.drive(1)

    async def drive(self, steps: int) -> None:
        """The phone moves north, step by step, each as soon as the last was sent."""
        for _ in range(steps):
            self.at = (self.at[0] + STEP_DEG, self.at[1])
            await self.watched.context.set_geolocation(geolocation(self.at))
            await self.wire.until(lambda: self.wire.was_at(self.at[0]))

    async def hail_and_finish(self) -> str:
        """Somebody gets in on the street and out again; the trip whose fare is due."""
        await self.press("Start a street ride")
        await self.scene("ride")
        await self.drive(3)
        await self.finish()
        stream = [m["stream"] for m in self.wire.heard if str(m.get("stream", "")).startswith("trip:")][-1]
        return str(stream).removeprefix("trip:")

    async def finish(self) -> None:
        """End the ride, and confirm it."""
        await self.press("Finish the ride")
        await self.page.get_by_role("dialog").get_by_role("button", name="Finish the ride").click()
        await self.scene("fare")
        await expect(self.page.locator(".fare-lines")).to_be_visible()

    async def accept_offer(self) -> None:
        """Take what rings."""
        await self.scene("offer")
        await self.press("Accept")
        await self.scene("to_pickup")


def geolocation(at: tuple[float, float]) -> Geolocation:
    return {"latitude": at[0], "longitude": at[1], "accuracy": 5}


@asynccontextmanager
async def dashboard(
    browser: Browser, city: Company, car: int, at: tuple[float, float], **options: Any
) -> AsyncIterator[Dashboard]:
    """A phone with the app not yet opened."""
    where = {"geolocation": geolocation(at), "permissions": ["geolocation"], **options}
    async with phone(browser, city.served.http, city.served.ws, **where) as watched:
        yield Dashboard(city, watched, await watched.context.new_page(), car, at)

"""The web apps in a real browser: phones whose every request, error and policy breach is watched."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.integration.chromium import chromium

WITHIN_MS = 60_000
PHONE = {"width": 390, "height": 844}
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")
expect.set_options(timeout=WITHIN_MS)


class Watched:
    """A browser's context, and what went wrong in it: script errors, breaches of the policy, requests to others."""

    def __init__(self, context: BrowserContext, origins: Sequence[str]) -> None:
        self.context = context
        self.wrong: list[str] = []
        self._hosts = {urlsplit(origin).netloc for origin in origins}
        context.set_default_timeout(WITHIN_MS)
        context.on("weberror", lambda error: self.wrong.append(f"thrown: {error.error}"))
        context.on("console", lambda said: self._said(said.text))
        context.on("request", lambda request: self._asked(request.url))

    def _said(self, text: str) -> None:
        if "Content Security Policy" in text or "Permissions policy" in text:
            self.wrong.append(text)

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.netloc not in self._hosts:
            self.wrong.append(f"asked {url}")


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """Chromium without WebGL, to the end of the block: without a graphics card a map costs most of a processor."""
    async with _chromium("--disable-gpu", "--disable-3d-apis") as browser:
        yield browser


@asynccontextmanager
async def drawing() -> AsyncIterator[Browser]:
    """Chromium that draws maps, for the tests that are about them."""
    async with _chromium("--use-gl=angle", "--use-angle=swiftshader") as browser:
        yield browser


@asynccontextmanager
async def _chromium(*arguments: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        options = ["--no-sandbox", *arguments]
        browser = await playwright.chromium.launch(executable_path=chromium(), args=options)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def phone(browser: Browser, *origins: str, **options: Any) -> AsyncIterator[Watched]:
    """A phone with a context of its own, which may speak to these origins only; what went wrong fails the test."""
    context = await browser.new_context(**{"viewport": PHONE, "locale": "en-US", **options})
    watched = Watched(context, origins)
    try:
        yield watched
    finally:
        await context.close()
    assert watched.wrong == []


async def found_by_axe(page: Page) -> list[str]:
    """What axe finds serious on the page as it stands: rule and element."""
    await page.evaluate(AXE.read_text() + ";undefined")
    found: list[dict[str, Any]] = (await page.evaluate("axe.run()"))["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in SERIOUS]

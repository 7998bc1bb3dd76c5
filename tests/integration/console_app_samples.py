"""The console in a browser, shared by tests of the apps."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page, expect

from tests.integration.apps import phone
from tests.integration.conftest import Company

DESKTOP = {"width": 1440, "height": 900}


LONG_MS = 120_000


@asynccontextmanager
async def console(browser: Browser, company: Company, name: str = "desk", **options: Any) -> AsyncIterator[Page]:
    """A dispatcher at work; no error, no breach of the policy, no request to others."""
    async with phone(browser, company.served.http, viewport=DESKTOP, **options) as watched:
        page = await watched.context.new_page()
        await page.goto(f"{company.served.http}/console/")
        await page.get_by_label("Name").fill(name)
        await page.get_by_label("Password").fill("a long password")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("tab", name="Requests")).to_be_visible()
        yield page

"""Steps in the ride app, shared by tests of the apps."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
from playwright.async_api import Browser, Page, expect

from tests.integration.apps import WITHIN_MS, Watched, phone
from tests.integration.conftest import Company

BUYER = "2088102146225199"


@asynccontextmanager
async def ride_page(browser: Browser, company: Company, **options: Any) -> AsyncIterator[tuple[Page, Watched]]:
    """A phone that may speak to us and to the sandbox."""
    async with phone(browser, company.served.http, company.sandbox.url, **options) as watched:
        yield await watched.context.new_page(), watched


async def sign_in_by_code(page: Page, company: Company, number: str) -> None:
    """A phone number, the code that was sent to it."""
    await page.goto(f"{company.served.http}/ride/")
    await page.get_by_label("Phone number").fill(number)
    await page.get_by_role("button", name="Send code").click()
    await expect(page.get_by_label("Code", exact=True)).to_be_visible()
    lines = (company.served.data_dir / "sms.jsonl").read_text().splitlines()
    sent = [msgspec.json.decode(line) for line in lines]
    code = next(each["code"] for each in reversed(sent) if each["phone"] == number)
    await page.get_by_label("Code", exact=True).fill(code)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.locator(".sheet")).to_be_visible()


async def choose(page: Page, label: str, typed: str, name: str) -> None:
    """A place by its name."""
    box = page.get_by_role("combobox", name=label)
    await box.fill(typed)
    await page.get_by_role("option", name=name, exact=True).click()
    await expect(box).to_have_value(name)


async def known_to_alipay(page: Page, company: Company) -> None:
    """The browser's owner has an account at the sandbox."""
    await page.goto(f"{company.sandbox.url}/wallet")
    await page.fill("input[name=buyer_id]", BUYER)
    await page.click("#choose")


async def pay_at_alipay(page: Page) -> None:
    """From the fare through the payment's pages and the cashier, and back."""
    await page.get_by_role("link", name="Pay with Alipay").click()
    await page.click("#pay-now")
    await page.frame_locator("#alipay-cashier").locator("#pay").click()
    await expect(page.locator("#title")).to_have_text("Paid", timeout=WITHIN_MS)
    await page.click("#home")


async def sandbox_faults(company: Company, faults: list[dict[str, object]]) -> None:
    """What goes wrong at the sandbox, from now on."""
    async with httpx.AsyncClient(timeout=20, trust_env=False) as http:
        answer = await http.put(f"{company.sandbox.url}/sandbox/faults", json=faults)
        assert answer.status_code == 200, answer.text


def kill_gateway(company: Company) -> None:
    """``kill -9`` of the gateway; the supervisor starts another."""
    for pid in company.served.below():
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if b"ws_gateway" in command:
            os.kill(pid, signal.SIGKILL)

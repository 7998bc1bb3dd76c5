"""Every way to collect a fare on the real system, another way in the middle, and money that goes back."""

from __future__ import annotations

import httpx
import pytest

from tests.integration.app import App, Message, sign_in
from tests.integration.collecting_samples import BUYER, fare_due, in_state, money_of
from tests.integration.conftest import Company
from tests.integration.rides_samples import driver_of, driver_token

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


def has_code(message: Message) -> bool:
    """Whether it brings the code for the driver's screen."""
    return message["t"] == "update" and bool(message.get("trip", {}).get("payment", {}).get("code"))


async def test_cash_after_a_code_that_nobody_scanned(company: Company) -> None:
    """The code is on the driver's screen; cash is wanted after all: the code dies first, and nobody is charged."""
    car = company.car()
    async with driver_of(company, car, await driver_token(company, car)) as driver:
        trip = await fare_due(driver)
        await driver.command("collect", trip=trip, by="code")
        shown = await driver.wait(
            lambda m: m["t"] == "update" and bool(m.get("trip", {}).get("payment", {}).get("code"))
        )
        assert shown["trip"]["payment"]["code"].startswith("http")
        assert (await driver.command("collect", trip=trip, by="cash"))["code"] == 5001

        since = len(driver.received)
        await driver.command("stop_pay", trip=trip)
        await in_state(driver, trip, "due", since)
        await driver.command("collect", trip=trip, by="cash")
        paid = await in_state(driver, trip, "paid", since)

        assert paid["payment"]["method"] == "cash"
    assert await money_of(company, trip) == (0, 0)


async def test_a_code_is_scanned_and_paid(company: Company) -> None:
    """The passenger scans the driver's screen and confirms."""
    car = company.car()
    async with driver_of(company, car, await driver_token(company, car)) as driver:
        trip = await fare_due(driver)
        await driver.command("collect", trip=trip, by="code")
        shown = await driver.wait(
            lambda m: m["t"] == "update" and bool(m.get("trip", {}).get("payment", {}).get("code"))
        )
        async with httpx.AsyncClient(timeout=20, trust_env=False) as http:
            scan = {"code": shown["trip"]["payment"]["code"], "buyer_id": BUYER}
            trade = (await http.post(f"{company.sandbox.url}/sandbox/scan", json=scan)).json()
            confirm = {"trade_no": trade["trade_no"], "buyer_id": BUYER}
            assert (await http.post(f"{company.sandbox.url}/sandbox/tradepay", json=confirm)).status_code == 200

        paid = await in_state(driver, trip, "paid")
        assert paid["payment"]["method"] == "alipay_code"
    took, back = await money_of(company, trip)
    assert (took, back) == (paid["fare"]["total"]["minor"], 0)


async def test_a_passengers_code_is_scanned_and_the_fare_given_back_in_parts(company: Company) -> None:
    """The driver scans; the dispatcher refunds a part, then the rest; more is refused before Alipay is asked."""
    car = company.car()
    desk = await sign_in(company.served.http, "dispatcher", name="chief", password="a long password")
    clerk = await sign_in(company.served.http, "dispatcher", name="desk", password="a long password")
    async with (
        driver_of(company, car, await driver_token(company, car)) as driver,
        App(company.served.ws, desk) as chief,
        App(company.served.ws, clerk) as nobody,
    ):
        trip = await fare_due(driver)
        async with httpx.AsyncClient(timeout=20, trust_env=False) as http:
            shown = (await http.get(f"{company.sandbox.url}/sandbox/buyers/{BUYER}/code")).json()
        await driver.command("collect", trip=trip, by="scan", auth_code=shown["code"])
        paid = await in_state(driver, trip, "paid")
        fare = paid["fare"]["total"]["minor"]
        assert paid["payment"]["method"] == "alipay_scan"

        assert (await nobody.command("refund", trip=trip, reason="complaint"))["code"] == 2002
        part = {"trip": trip, "reason": "detour", "amount": 100, "currency": "USD"}
        assert (await chief.command("refund", "refund-1", **part))["t"] == "accepted"
        assert (await chief.command("refund", "refund-1", **part))["t"] == "accepted"
        await in_state(driver, trip, "part_refunded")
        assert (await chief.command("refund", trip=trip, reason="more", amount=fare, currency="USD"))["code"] == 5008
        await chief.command("refund", trip=trip, reason="the rest")
        back = await in_state(driver, trip, "refunded")

        assert back["payment"]["refunded"]["minor"] == fare
    assert await money_of(company, trip) == (fare, fare)


async def test_a_refused_scan_is_said_in_plain_words(company: Company) -> None:
    """An old code: the fare is due again, and the driver reads what to do."""
    car = company.car()
    async with driver_of(company, car, await driver_token(company, car)) as driver:
        trip = await fare_due(driver)
        since = len(driver.received)
        await driver.command("collect", trip=trip, by="scan", auth_code="289999999999999999")
        failed = await driver.wait(lambda m: m["t"] == "update" and m.get("event") == "payment_failed", since)

        phrase = failed["trip"]["payment"]["phrase"]
        assert phrase["en"]
        assert phrase["do_zh"]
        assert (await driver.command("collect", trip=trip, by="cash"))["t"] == "accepted"

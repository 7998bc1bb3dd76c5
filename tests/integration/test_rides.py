"""Rides on the real system: over real sockets, from the wish to the fare that is paid at Alipay's side."""

from __future__ import annotations

import asyncio

import pytest

from sim.demo.run_checks import captures, sandbox_orders
from tests.integration.app import DROPOFF, PICKUP, App, sign_in
from tests.integration.conftest import Company
from tests.integration.rides_samples import BUYER, confirm_at_alipay, driver_of, driver_token, offer_to, passenger_token
from tests.integration.serving import taxi

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


async def test_a_ride_from_wish_to_paid(company: Company) -> None:
    """Estimate, request, offer, accept, arrive, ride code, ride, fare, Alipay, paid: told to all three sides."""
    car = company.car()
    device = await sign_in(company.served.http, "device", device="M1", key="a device key")
    async with (
        driver_of(company, car, await driver_token(company, car)) as driver,
        App(company.served.ws, passenger_token(company, "+14155550101")) as passenger,
        App(company.served.ws, device) as meter,
    ):
        assert (await driver.command("online"))["state"] == "idle"
        estimate = await passenger.command("estimate", pickup=PICKUP, dropoff=DROPOFF)
        assert estimate["result"]["fare"]["total"]["currency"] == "USD", estimate
        asked = await passenger.command("request", pickup=PICKUP, dropoff=DROPOFF)
        trip = asked["result"]["trip"]
        offer = await offer_to(driver)
        assert (offer["trip"], offer["pickup"]["text"]) == (trip, "Union Square")
        assert (await driver.command("accept", offer=offer["offer"]))["state"] == "to_pickup"
        assigned = (await passenger.update("trip_assigned"))["trip"]
        assert (assigned["car"]["vehicle"], assigned["car"]["driver"]) == (f"V{car}", f"Driver {car}")
        position = await passenger.wait(lambda m: m["t"] == "car")
        assert position["trip"] == trip
        await driver.command("arrived", trip=trip)
        wrong = "0000" if assigned["code"] != "0000" else "1111"
        assert (await driver.command("start", trip=trip, code=wrong))["code"] == 4002
        assert (await driver.command("start", trip=trip, code=assigned["code"]))["state"] == "on_trip"
        await driver.update("meter_checkpointed")
        await driver.command("finish", trip=trip)
        due = (await passenger.update("ride_ended"))["trip"]
        assert due["fare"]["total"]["minor"] >= 350
        assert sum(line["minor"] for line in due["fare"]["lines"]) == due["fare"]["total"]["minor"]
        await passenger.command("pay", trip=trip, buyer=BUYER)
        ordered = await passenger.update("payment_ordered")
        await confirm_at_alipay(company, ordered["trip"]["payment"]["trade"])
        assert (await passenger.update("fare_paid"))["trip"]["state"] == "paid"
        told = await driver.update("payment_told")
        assert told["vehicle"]["paid"]["state"] == "paid"
        if car == 1:
            assert (await meter.update("payment_told"))["vehicle"]["paid"]["amount"] == due["fare"]["total"]
            today = await meter.command("today")
            assert today["result"]["payments"], today
        assert (await passenger.command("rate", trip=trip, stars=5))["t"] == "accepted"
        assert (await passenger.command("rate", trip=trip, stars=4))["code"] == 4009
    assert captures(await sandbox_orders(company.sandbox.url))[trip] == 1


async def test_a_street_hail_is_paid_by_whoever_scans(company: Company) -> None:
    """The scan binds to the car's present ride, and to nothing once that is paid."""
    car = company.car()
    async with (
        driver_of(company, car, await driver_token(company, car), (37.75, -122.45)) as driver,
        App(company.served.ws, passenger_token(company, "+14155550102")) as rider,
    ):
        await driver.command("online")
        await driver.wait(lambda m: m["t"] == "heard")
        trip = (await driver.command("hail"))["result"]["trip"]
        early = await rider.command("pay", vehicle=f"V{car}", buyer=BUYER)
        assert early["code"] == 5000
        await driver.command("finish", trip=trip)
        paid = await rider.command("pay", vehicle=f"V{car}", buyer=BUYER)
        assert paid["result"]["trip"] == trip
        ordered = await rider.wait(lambda m: bool((m.get("trip") or {}).get("payment", {}).get("trade")))
        await confirm_at_alipay(company, ordered["trip"]["payment"]["trade"])
        await driver.update("payment_told")
        assert (await rider.command("pay", vehicle=f"V{car}", buyer=BUYER))["code"] == 5000


async def test_a_cancel_reaches_the_driver(company: Company) -> None:
    """The passenger cancels after the accept: one outcome, told to both; the car is free again."""
    car = company.car()
    async with (
        driver_of(company, car, await driver_token(company, car), (37.77, -122.39)) as driver,
        App(company.served.ws, passenger_token(company, "+14155550103")) as passenger,
    ):
        await driver.command("online")
        near = {"lat": 37.771, "lng": -122.391}
        trip = (await passenger.command("request", pickup=near))["result"]["trip"]
        offer = await offer_to(driver)
        await driver.command("accept", offer=offer["offer"])
        assert (await passenger.command("cancel", trip=trip, reason="changed my mind"))["t"] == "accepted"
        released = await driver.update("trip_released")
        assert released["vehicle"]["state"] == "idle"
        ended = (await passenger.update("trip_cancelled"))["trip"]
        assert (ended["cancelled_by"], ended["cancel_reason"]) == ("passenger", "changed my mind")
        assert (await driver.command("arrived", trip=trip))["t"] == "rejected"


async def test_a_reconnecting_client_gets_what_it_missed(company: Company) -> None:
    """Cursors named in the hello bring exactly the updates after them."""
    car = company.car()
    token = await driver_token(company, car)
    async with driver_of(company, car, token) as driver:
        await driver.command("online")
        first = await driver.update("shift_started")
        await driver.command("break")
        await driver.update("break_started")
    again = App(company.served.ws, token)
    again.resume = [{"stream": f"vehicle:V{car}", "seq": first["seq"]}]
    async with again:
        missed = await again.update("break_started")
        assert missed["seq"] == first["seq"] + 1
        updates = [m["seq"] for m in again.received if m["t"] == "update"]
        assert updates == list(range(first["seq"] + 1, first["seq"] + 1 + len(updates)))


async def test_why_answers_for_trip_and_vehicle(company: Company) -> None:
    """``taxi why`` says how many cars were left out by cause; a trip without cars says so."""
    car = company.car()
    async with (
        driver_of(company, car, await driver_token(company, car), (37.73, -122.40)) as driver,
        App(company.served.ws, passenger_token(company, "+14155550104")) as passenger,
    ):
        await driver.command("online")
        trip = (await passenger.command("request", pickup={"lat": 37.731, "lng": -122.401}))["result"]["trip"]
        await offer_to(driver)
        for name in (trip, f"V{car}"):
            done = await asyncio.to_thread(taxi, "why", name, "--config", str(company.served.config), "--json")
            assert done.returncode == 0, done.stderr
            assert "matcher-0" in done.stdout or f"V{car}" in done.stdout
        await passenger.command("cancel", trip=trip, reason="only asked why")

"""What is looked up over HTTP, on the real system, beside a ride over real sockets: each role what is its business."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.integration.app import DROPOFF, PICKUP, App, Driver, sign_in
from tests.integration.conftest import Company
from tests.integration.rides_samples import BUYER, confirm_at_alipay, driver_of, driver_token, offer_to, passenger_token

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

PHONE = "+14155550301"


class Reads:
    """Looks things up with one token."""

    def __init__(self, company: Company, token: str) -> None:
        self._url = company.served.http
        self._headers = {"Authorization": f"Bearer {token}"}

    async def get(self, path: str, status: int = 200) -> Any:
        return await self._ask("GET", path, None, status)

    async def post(self, path: str, body: dict[str, object] | None = None, status: int = 200) -> Any:
        return await self._ask("POST", path, body, status)

    async def _ask(self, method: str, path: str, body: dict[str, object] | None, status: int) -> Any:
        async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
            answer = await http.request(method, f"{self._url}{path}", headers=self._headers, json=body)
        assert answer.status_code == status, (path, answer.text)
        assert answer.headers["cache-control"] == "no-store"
        return answer.json()


async def dispatcher_token(company: Company, name: str = "desk") -> str:
    return await sign_in(company.served.http, "dispatcher", name=name, password="a long password")


async def _ride(driver: Driver, passenger: App) -> str:
    """Requested, accepted, arrived."""
    await driver.command("online")
    trip: str = (await passenger.command("request", pickup=PICKUP, dropoff=DROPOFF))["result"]["trip"]
    offer = await offer_to(driver)
    await driver.command("accept", offer=offer["offer"])
    await driver.command("arrived", trip=trip)
    return trip


async def test_a_ride_is_looked_up_by_all_sides(company: Company) -> None:
    """Lists, stories, search, receipt and shift tell the ride; nothing secret is in what is told of the past."""
    car = company.car()
    token, own = await driver_token(company, car), passenger_token(company, PHONE)
    desk, rider, cab = Reads(company, await dispatcher_token(company)), Reads(company, own), Reads(company, token)
    async with driver_of(company, car, token) as driver, App(company.served.ws, own) as passenger:
        trip = await _ride(driver, passenger)
        code = (await passenger.update("trip_assigned"))["trip"]["code"]
        (listed,) = [each for each in (await desk.get("/v1/trips"))["trips"] if each["trip"] == trip]
        assert (listed["state"], listed["car"]["plate"], listed["pickup"]["text"]) == (
            "arrived",
            f"P{car}",
            "Union Square",
        )
        await rider.get(f"/v1/my/trips/{trip}/receipt", 400)
        await driver.command("start", trip=trip, code=code)
        await driver.update("meter_checkpointed")
        await driver.command("finish", trip=trip)
        await passenger.update("ride_ended")
        await passenger.command("pay", trip=trip, buyer=BUYER)
        ordered = await passenger.update("payment_ordered")
        await confirm_at_alipay(company, ordered["trip"]["payment"]["trade"])
        await driver.update("payment_told")
    story = await desk.get(f"/v1/trips/{trip}")
    assert story["trip"]["state"] == "paid"
    assert [each["seq"] for each in story["timeline"]] == list(range(1, story["seq"] + 1))
    events = [each["event"] for each in story["timeline"]]
    assert events[0] == "trip_requested"
    assert {"trip_offered", "trip_assigned", "ride_began", "ride_ended", "fare_paid"} <= set(events)
    (payment,) = story["payments"]
    assert (payment["state"], payment["amount"]) == ("paid", story["trip"]["fare"]["total"])
    assert payment["said"], "what Alipay said is told"
    assert story["why"][0]["matched"] == f"V{car}"
    past = json.dumps([story["timeline"], story["payments"]])
    assert BUYER not in past
    assert f'"{code}"' not in past

    car_story = await desk.get(f"/v1/vehicles/V{car}")
    assert (car_story["car"]["driver_name"], car_story["shift_since"] > 0) == (f"Driver {car}", True)
    assert (car_story["offers"][0]["trip"], car_story["offers"][0]["outcome"]) == (trip, "accepted")
    assert car_story["why"]
    fleet = {each["vehicle"]: each for each in (await desk.get("/v1/vehicles"))["cars"]}
    assert fleet[f"V{car}"]["driver"] == str(100 + car)

    for text in (trip, trip[3:12], PHONE, PHONE[-5:], f"P{car}"):
        found = await desk.post("/v1/search", {"text": text})
        assert trip in [each["trip"] for each in found["trips"]], text
    assert f"V{car}" in [each["vehicle"] for each in (await desk.post("/v1/search", {"text": f"Driver {car}"}))["cars"]]

    (mine,) = [each for each in (await rider.get("/v1/my/trips"))["trips"] if each["trip"] == trip]
    assert sum(line["minor"] for line in mine["fare"]["lines"]) == mine["fare"]["total"]["minor"]
    receipt = await rider.get(f"/v1/my/trips/{trip}/receipt")
    assert (receipt["company"], receipt["trip"]["fare"]) == ("Test Cabs", mine["fare"])
    shift = await cab.get("/v1/my/shift")
    assert [each["trip"] for each in shift["rides"]] == [trip]
    assert sum(each["amount"]["minor"] for each in shift["sums"]) == mine["fare"]["total"]["minor"]
    assert {each["method"] for each in shift["sums"]} == {payment["method"]}


async def test_what_is_not_yours_is_unknown(company: Company) -> None:
    """Another passenger's trip, another role's lists, no token, what there is not: a number each, and nothing told."""
    passenger, stranger = passenger_token(company, "+14155550302"), passenger_token(company, "+14155550303")
    async with App(company.served.ws, passenger) as app:
        far = {"lat": 37.70, "lng": -122.47}
        asked = await app.command("request", pickup=far, at=app.welcome["city_time"] + 7_200)
        trip = asked["result"]["trip"]
        for path in (f"/v1/my/trips/{trip}/receipt", "/v1/my/trips/nothing/receipt"):
            assert (await Reads(company, stranger).get(path, 404))["code"] == 4000
        assert (await Reads(company, stranger).post(f"/v1/my/trips/{trip}/share", status=404))["code"] == 4000
        assert (await Reads(company, stranger).get(f"/v1/trips/{trip}", 403))["code"] == 2002
        assert (await Reads(company, "none").get("/v1/vehicles", 401))["code"] == 2000
        desk = Reads(company, await dispatcher_token(company))
        assert (await desk.get("/v1/trips/nothing", 404))["code"] == 4000
        assert (await desk.get("/v1/vehicles/nothing", 404))["code"] == 3000
        assert (await desk.post("/v1/search", {"text": " x "}, 400))["code"] == 1001
        assert (await desk.get("/v1/my/trips", 403))["code"] == 2002
        await app.command("cancel", trip=trip, reason="test")


async def test_an_alarm_is_settled(company: Company) -> None:
    """A trip that no car was found for is an alarm; who settles it first is told to all, and it stays so."""
    desk, chief = await dispatcher_token(company), await dispatcher_token(company, "chief")
    async with App(company.served.ws, desk) as first, App(company.served.ws, chief) as second:
        far = {"lat": 37.70, "lng": -122.47}
        asked = await second.command("book", phone="+14155550304", pickup=far, needs=["wheelchair"])
        trip = asked["result"]["trip"]
        raised = await first.wait(lambda m: m["t"] == "alarm" and m["fields"].get("trip") == trip)
        assert raised["name"] == "trip_unserved"
        settled = await second.command("settle_alarm", alarm=raised["alarm"], note="called back")
        assert settled["result"]["settled_by"] == "chief"
        for console in (first, second):
            told = await console.wait(lambda m: m["t"] == "alarm" and m.get("settled_by") is not None)
            assert (told["alarm"], told["note"]) == (raised["alarm"], "called back")
        again = await first.command("settle_alarm", alarm=raised["alarm"], note="seen")
        assert (again["result"]["settled_by"], again["result"]["note"]) == ("chief", "called back")
        assert (await first.command("settle_alarm", alarm="nothing"))["code"] == 4011
    (kept,) = [it for it in (await Reads(company, desk).get("/v1/alarms"))["alarms"] if it["alarm"] == raised["alarm"]]
    assert (kept["settled_by"], kept["fields"]["trip"]) == ("chief", trip)


async def test_a_message_to_drivers(company: Company) -> None:
    """Pushed to the drivers of the named cars; who was away reads it on return."""
    there, away = company.car(), company.car()
    token, later = await driver_token(company, there), await driver_token(company, away)
    async with (
        driver_of(company, there, token) as driver,
        App(company.served.ws, await dispatcher_token(company)) as desk,
    ):
        text = f"Call the desk, {there}"
        sent = await desk.command("broadcast", text=text, vehicles=[f"V{there}", f"V{away}"])
        told = await driver.wait(lambda m: m["t"] == "notice")
        assert (told["notice"], told["by"], told["text"]) == (sent["result"]["notice"], "desk", text)
    for each in (token, later):
        assert text in [it["text"] for it in (await Reads(company, each).get("/v1/my/notices"))["notices"]]
    other = await driver_token(company, company.car())
    assert text not in [it["text"] for it in (await Reads(company, other).get("/v1/my/notices"))["notices"]]


async def test_a_guest_follows_one_trip(company: Company) -> None:
    """By the link: where the car is, and that it is over; no code, no money, no other trip, no command, no list."""
    car = company.car()
    own = passenger_token(company, "+14155550305")
    async with (
        driver_of(company, car, await driver_token(company, car)) as driver,
        App(company.served.ws, own) as passenger,
    ):
        trip = await _ride(driver, passenger)
        shared = await Reads(company, own).post(f"/v1/my/trips/{trip}/share")
        async with App(company.served.ws, shared["token"]) as guest:
            assert guest.welcome["role"] == "guest"
            assert (await guest.command("attach", stream=f"trip:{trip}"))["t"] == "accepted"
            seen = (await guest.wait(lambda m: m["t"] == "snapshot"))["trip"]
            assert (seen["state"], seen["car"]["vehicle"]) == ("arrived", f"V{car}")
            position = await guest.wait(lambda m: m["t"] == "car")
            assert position["trip"] == trip
            for message, code in (
                ({"name": "attach", "stream": f"vehicle:V{car}"}, 2002),
                ({"name": "attach", "stream": "trip:t1"}, 2002),
                ({"name": "cancel", "trip": trip, "reason": "no"}, 2002),
                ({"name": "rate", "trip": trip, "stars": 1}, 2002),
                ({"name": "watch", "cells": []}, 2002),
                ({"name": "pay", "trip": trip}, 2002),
                ({"name": "route", "start": PICKUP, "end": DROPOFF}, 2002),
            ):
                assert (await guest.command(**message))["code"] == code, message
            for path in ("/v1/trips", "/v1/vehicles", "/v1/my/trips", "/v1/my/notices", "/v1/alarms"):
                assert (await Reads(company, shared["token"]).get(path, 403))["code"] == 2002
            code = (await passenger.update("trip_assigned"))["trip"]["code"]
            await driver.command("start", trip=trip, code=code)
            await driver.command("finish", trip=trip)
            over = await guest.update("ended")
            assert set(over["trip"]) == {"trip", "state", "origin", "vehicle_class", "requested_at"}
            told = json.dumps([m for m in guest.received if m["t"] in ("update", "snapshot")])
            assert f'"{code}"' not in told
            assert "fare" not in told
            assert "payment" not in told
        assert (await Reads(company, own).post(f"/v1/my/trips/{trip}/share", status=400))["code"] == 4003
        await driver.command("collect", trip=trip, by="cash")

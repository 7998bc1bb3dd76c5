"""What the web apps need of the real system beside lists: their files, the city, places, the way, fees, Alipay."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest

from dispatch.api.http_bodies import CityFacts
from tests.integration.app import App
from tests.integration.conftest import GRACE_S, SPEED, Company
from tests.integration.rides_samples import driver_of, driver_token, offer_to, passenger_token

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

BUYER = "2088102146225135"
IN_THE_WEST = (37.7500, -122.4900)
"""No other test has a car here."""


@asynccontextmanager
async def browser(company: Company) -> AsyncIterator[httpx.AsyncClient]:
    """Keeps cookies; follows no redirect by itself."""
    async with httpx.AsyncClient(base_url=company.served.http, timeout=30, trust_env=False) as client:
        yield client


async def test_the_apps_and_the_city_are_served(company: Company) -> None:
    """The root answers, built or not; everybody may know the city, and its map is packed and kept."""
    async with browser(company) as http:
        assert (await http.get("/")).status_code == 200
        assert (await http.get("/ride")).headers["location"] == "/ride/"
        facts = msgspec.json.decode((await http.get("/v1/city")).content, type=CityFacts)
        assert (facts.title, facts.currency, facts.speed) == ("San Francisco", "USD", SPEED)
        assert (facts.tiles, facts.development, facts.alipay) == ("", True, True)
        for layer in ("land", "streets"):
            answer = await http.get(f"/v1/city/{layer}")
            assert answer.headers["content-encoding"] == "gzip"
            assert answer.json()["type"] == "FeatureCollection"
            again = await http.get(f"/v1/city/{layer}", headers={"if-none-match": answer.headers["etag"]})
            assert again.status_code == 304


async def test_places_and_the_way_between_them(company: Company) -> None:
    """A crossing is found by name and named again by its point; a way between two leads along streets."""
    token = passenger_token(company, "+14155550401")
    bearer = {"Authorization": f"Bearer {token}"}
    async with browser(company) as http, App(company.served.ws, token) as passenger:
        found: list[dict[str, Any]] = []
        for typed in ("Market & 5th", "16th/Valencia"):
            answer = await http.post("/v1/places", json={"text": typed, "near": [37.78, -122.41]}, headers=bearer)
            found.append(answer.json()["places"][0])
        assert [place["text"] for place in found] == ["Market St & 5th St", "16th St & Valencia St"]
        point = {name: found[0][name] for name in ("lat", "lng")}
        named = await http.post("/v1/places/at", json=point, headers=bearer)
        assert named.json()["places"] == [found[0]]
        assert (await http.post("/v1/places", json={"text": "market"})).status_code == 401
        way = (await passenger.command("route", start=found[0], end=found[1]))["result"]
        assert way["by_road"] is True
        assert len(way["points"]) > 5
        assert 2_000 < way["meters"] < 5_000


async def test_a_cancel_never_costs_more_than_agreed(company: Company) -> None:
    """After the grace a cancel that agrees to nothing is refused with the fee; one that agrees to it is done."""
    car = company.car()
    async with (
        driver_of(company, car, await driver_token(company, car), IN_THE_WEST) as driver,
        App(company.served.ws, passenger_token(company, "+14155550402")) as passenger,
    ):
        await driver.command("online")
        near = {"lat": IN_THE_WEST[0] + 0.002, "lng": IN_THE_WEST[1]}
        trip = (await passenger.command("request", pickup=near))["result"]["trip"]
        offer = await offer_to(driver)
        await driver.command("accept", offer=offer["offer"])
        assigned = await passenger.update("trip_assigned")
        over = float(assigned["at"]) + GRACE_S + 1
        await passenger.wait(lambda m: m["t"] == "car" and m["at"] > over)
        refused = await passenger.command("cancel", trip=trip, reason="too late", fee_up_to=0)
        assert (refused["t"], refused["code"]) == ("rejected", 4010)
        fee = refused["amount"]
        assert fee["minor"] > 0
        done = await passenger.command("cancel", trip=trip, reason="too late", fee_up_to=fee["minor"])
        assert (done["t"], done["state"]) == ("accepted", "fare_due")
        ended = (await passenger.update("cancelled_with_fee"))["trip"]
        assert ended["fare"]["total"] == fee


async def _signed_in(company: Company, http: httpx.AsyncClient) -> str:
    """To the sandbox's authorization page and back; the code of the passenger's app for a token."""
    await http.post(f"{company.sandbox.url}/wallet", data={"buyer_id": BUYER})
    left = await http.get("/v1/auth/alipay")
    told = await http.get(left.headers["location"])
    arrived = await http.get(told.headers["location"])
    code = re.fullmatch(r"/ride/#alipay=(.+)", arrived.headers["location"])
    assert code is not None, arrived.headers["location"]
    issued = await http.post("/v1/auth/passenger/alipay", json={"code": code[1]})
    assert issued.status_code == 200, issued.text
    assert (await http.post("/v1/auth/passenger/alipay", json={"code": code[1]})).status_code == 401
    return str(issued.json()["token"])


async def test_a_passenger_who_came_by_alipay_rides_and_pays(company: Company) -> None:
    """The account is one passenger each time; its fare is paid in the browser without a second authorization."""
    car = company.car()
    async with browser(company) as http:
        token = await _signed_in(company, http)
        async with (
            driver_of(company, car, await driver_token(company, car), IN_THE_WEST) as driver,
            App(company.served.ws, token) as passenger,
            App(company.served.ws, await _signed_in(company, http)) as again,
        ):
            assert again.welcome["subject"] == passenger.welcome["subject"]
            await driver.command("online")
            near = {"lat": IN_THE_WEST[0] + 0.001, "lng": IN_THE_WEST[1]}
            trip = (await passenger.command("request", pickup=near))["result"]["trip"]
            offer = await offer_to(driver)
            await driver.command("accept", offer=offer["offer"])
            await driver.command("arrived", trip=trip)
            code = (await passenger.update("trip_assigned"))["trip"]["code"]
            await driver.command("start", trip=trip, code=code)
            await driver.command("finish", trip=trip)
            await passenger.update("ride_ended")
            page = await http.get(f"/pay/V{car}/{trip}")
            assert page.status_code == 200, page.text
            assert 'data-step="pay"' in page.text
            assert 'id="home" href="/ride/"' in page.text

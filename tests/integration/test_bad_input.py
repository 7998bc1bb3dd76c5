"""Bad input over real sockets to the real system: each gets its numbered error, and other clients go on."""

from __future__ import annotations

import time
from contextlib import suppress

import msgpack
import pytest
from websockets.exceptions import ConnectionClosed

from dispatch.config.loader import load_settings
from dispatch.config.secrets import token_secret
from dispatch.values.units import WallTime
from tests.integration.app import DROPOFF, PICKUP, App, Driver, Message
from tests.integration.conftest import Company
from tests.integration.rides_samples import driver_token, passenger_token
from ws_gateway.auth.tokens import Tokens

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


async def test_what_is_no_message_or_not_allowed(company: Company) -> None:
    """Garbage, another role's message, impossible values: an error each, and the socket stays open."""
    async with App(company.served.ws, passenger_token(company, "+14155550201")) as passenger:
        cases: list[tuple[Message, int]] = [
            ({"t": "no such thing", "id": "b1"}, 1002),
            ({"t": "online", "id": "b2"}, 2002),
            ({"t": "request", "id": "b3", "pickup": {"lat": 91, "lng": 0}}, 1001),
            ({"t": "rate", "id": "b4", "trip": "t1", "stars": 9}, 1001),
            ({"t": "request", "id": "b5", "pickup": PICKUP, "surprise": 1}, 1001),
            ({"t": "request", "id": "b6", "pickup": PICKUP, "note": "a\x00b"}, 1001),
            ({"t": "cancel", "id": "b7", "trip": "t1", "reason": "\x1b[2J"}, 1001),
        ]
        for message, code in cases:
            since = len(passenger.received)
            await passenger.send(message)
            answer = await passenger.wait(lambda m: m["t"] == "rejected", since)
            assert (answer["code"], answer["retryable"]) == (code, False), (message, answer)
        since = len(passenger.received)
        await passenger.send_bytes(b"\xc1 this is no message")
        assert (await passenger.wait(lambda m: m["t"] == "rejected", since))["code"] == 1000
        assert (await passenger.command("estimate", pickup=PICKUP, dropoff=DROPOFF))["t"] == "accepted"


async def test_tokens(company: Company) -> None:
    """Missing, wrong, expired: refused with a number, and closed with a code that says whether to come back."""
    secret = token_secret(load_settings(company.served.config)).get_secret_value().encode()
    expired = Tokens(secret, 60.0).issue("passenger", "P1", session="s", wall=WallTime(time.time() - 3600.0))
    for hello, number, code in (
        ({"t": "hello", "token": "wrong"}, 2000, 4500),
        ({"t": "hello", "token": expired}, 2001, 4501),
        ({"t": "online", "id": "x"}, 1006, 4503),
    ):
        async with App(company.served.ws, "", hello=hello) as stranger:
            assert stranger.welcome["code"] == number
            assert await stranger.wait_closed() == code


async def test_commands_that_change_nothing(company: Company) -> None:
    """Somebody else's trip, a negative fare, next week's fix, a command id with another body, a command sent twice."""
    car = company.car()
    async with (
        Driver(company.served.ws, await driver_token(company, car)) as driver,
        App(company.served.ws, passenger_token(company, "+14155550202")) as passenger,
        App(company.served.ws, passenger_token(company, "+14155550203")) as stranger,
    ):
        await driver.command("online", "on-1")
        again = await driver.command("online", "on-1")
        assert (again["seq"], again["t"]) == ((await driver.command("online", "on-1"))["seq"], "accepted")
        assert (await driver.command("break", "on-1"))["code"] == 1005
        far = {"lat": 37.70, "lng": -122.47}
        reserved = await passenger.command("request", pickup=far, at=driver.city_time() + 7200)
        trip = reserved["result"]["trip"]
        assert reserved["state"] == "reserved"
        assert (await stranger.command("cancel", trip=trip, reason="not mine"))["code"] == 2003
        assert (await stranger.command("attach", stream=f"trip:{trip}"))["code"] == 2003
        assert (await driver.command("meter", amount=-5, currency="USD"))["code"] == 1001
        since = len(driver.received)
        await driver.send({"t": "fix", "fix": [9999, driver.city_time() + 7 * 86400, 37.7, -122.4, None, None]})
        assert (await driver.wait(lambda m: m["t"] == "rejected", since))["code"] == 1007
        assert (await driver.command("accept", offer="of-nobody"))["code"] == 3002
        assert (await passenger.command("cancel", trip=trip, reason="done"))["state"] == "cancelled"
        assert (await passenger.command("cancel", trip=trip, reason="done"))["code"] == 4003


async def test_padding_and_floods_hurt_only_their_sender(company: Company) -> None:
    """A mebibyte closes its own socket; ten thousand messages a second are refused, then closed; others go on."""
    async with App(company.served.ws, passenger_token(company, "+14155550204")) as bystander:
        fat = App(company.served.ws, passenger_token(company, "+14155550205"))
        async with fat:
            await fat.send({"t": "estimate", "id": "fat", "pickup": {"lat": 1, "lng": 1, "text": "x" * 2**20}})
            assert await fat.wait_closed() == 4504
        async with Driver(company.served.ws, await driver_token(company, company.car())) as flood:
            message = msgpack.packb({"t": "fix", "fix": [1, flood.city_time(), 37.7, -122.4, None, None]})
            with suppress(ConnectionClosed):  # in the middle of the flood
                for _ in range(10_000):
                    await flood.send_bytes(message)
            assert await flood.wait_closed() == 4505
            codes = {m["code"] for m in flood.received if m["t"] == "rejected"}
            assert 1004 in codes
            flood._driving.cancel()  # type: ignore[union-attr]
        assert (await bystander.command("estimate", pickup=PICKUP, dropoff=DROPOFF))["t"] == "accepted"


async def test_a_second_socket_replaces_the_first(company: Company) -> None:
    """The newest socket of a driver wins; the older one is told and closed with its own code."""
    car = company.car()
    token = await driver_token(company, car)
    async with App(company.served.ws, token) as first, App(company.served.ws, token) as second:
        assert await first.wait_closed() == 4502
        assert any(m["t"] == "replaced" for m in first.received)
        assert (await second.command("online"))["state"] == "idle"

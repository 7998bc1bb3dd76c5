"""Drivers, passengers and offers of a whole system, shared by integration tests."""

from __future__ import annotations

import httpx

from tests.integration.app import START, Driver, Message, sign_in
from tests.integration.conftest import Company
from tests.integration.serving import taxi_here

BUYER = "2088102146225135"


def driver_of(company: Company, number: int, token: str, start: tuple[float, float] = START) -> Driver:
    """The app of the driver of car ``number``."""
    return Driver(company.served.ws, token, start)


async def driver_token(company: Company, number: int) -> str:
    """Signed in with number and PIN."""
    body = {"number": str(100 + number), "pin": "1234", "vehicle": f"V{number}"}
    return await sign_in(company.served.http, "driver", **body)


def passenger_token(company: Company, phone: str) -> str:
    """A passenger's token, from the command line."""
    return taxi_here("token", "passenger", phone, "--config", str(company.served.config)).split()[-1]


async def confirm_at_alipay(company: Company, trade: str) -> None:
    """The passenger confirms the order in Alipay's app."""
    async with httpx.AsyncClient(timeout=20, trust_env=False) as http:
        body = {"trade_no": trade, "buyer_id": BUYER}
        answer = await http.post(f"{company.sandbox.url}/sandbox/tradepay", json=body)
        assert answer.json()["resultCode"] == "9000"


async def offer_to(driver: Driver) -> Message:
    """The offer that the driver gets."""
    update = await driver.update("offer_made")
    offer: Message = update["vehicle"]["offer"]
    return offer

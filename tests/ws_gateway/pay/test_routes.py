"""The way of a payment from the code in the car to the paid fare, through the real gateway clients and the sandbox."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import httpx
import pytest

from dispatch.domain.commands import AcceptOffer, ArriveAtPickup, FinishRide, MakeOffer, StartRide
from tests.dispatch.domain.builders import CODE, DRIVER, HERE
from tests.ws_gateway.conftest import eventually
from tests.ws_gateway.pay.page_client import BUYER, step, text
from tests.ws_gateway.pay.qr_codes import Street

pytestmark = pytest.mark.integration
PROTOCOLS: tuple[dict[str, str], ...] = ({}, {"protocol": "openapi"})
OTHER = "2088102146225999"


def hailed(street: Street) -> None:
    """Somebody gets in on the street, and out again."""
    street.booth.hail()
    arrived(street)


def booked(street: Street) -> None:
    """A passenger of our app rides, and pays by the code in the car all the same."""
    stage = street.stage
    stage.requested()
    stage.send(stage.car, MakeOffer("o1", "t1", stage.trip.seq, HERE, 120.0))
    stage.send(stage.car, AcceptOffer("o1"), DRIVER)
    stage.send(stage.car, ArriveAtPickup("t1"), DRIVER)
    stage.send(stage.car, StartRide("t1", CODE), DRIVER)
    arrived(street)


def arrived(street: Street) -> None:
    """The ride is over, a kilometre on."""
    street.stage.now += 60
    street.stage.fix(1000)
    street.stage.send(street.stage.car, FinishRide("t1"), DRIVER)


async def submit(browser: httpx.AsyncClient, page: httpx.Response, form_id: str) -> httpx.Response:
    """Send a form of a page."""
    found = re.search(rf'<form id="{form_id}" method="post" action="([^"]+)">\s*<input [^>]*value="([^"]+)"', page.text)
    assert found is not None, page.text
    return await browser.post(unescape(found[1]), data={"form": found[2]})


def trade_of(page: httpx.Response) -> str:
    """The trade that the page would hand to the app."""
    found = re.search(r'data-trade="(\d+)"', page.text)
    assert found is not None, page.text
    return found[1]


@pytest.mark.parametrize("ride", [hailed, booked])
@pytest.mark.parametrize("given", PROTOCOLS)
async def test_a_ride_is_paid(folder: Path, given: dict[str, str], ride: Callable[[Street], None]) -> None:
    """Scan, authorization, fare, order, cashier, notification, result and bill; Alipay charged the buyer once."""
    async with Street(folder, **given) as street, street.browser(BUYER) as browser:
        ride(street)
        page = await browser.get("/pay/V1")
        assert (step(page), page.url.path) == ("pay", "/pay/V1/t1")

        page = await submit(browser, page, "pay")
        assert step(page) == "open"
        trade = trade_of(page)
        assert await street.tells_the_app(trade, BUYER) == "9000"
        await eventually(lambda: street.stage.trip.state == "paid")

        page = await browser.get("/pay/V1/t1")
        assert step(page) == "paid"
        bill = await browser.get("/pay/bill/t1")
        assert text(bill, "trade") == trade
        [order] = (await street.accounts())["orders"]
        assert order["trade_no"] == trade


async def test_left_then_paid_by_another(folder: Path) -> None:
    """Who leaves the cashier may give the order up; then somebody else pays, and the first one is charged nothing."""
    async with Street(folder) as street, street.browser(BUYER) as first, street.browser(OTHER) as second:
        hailed(street)
        page = await submit(first, await first.get("/pay/V1"), "pay")
        left = trade_of(page)
        assert await street.tells_the_app(left, BUYER, confirm=False) == "6001"
        assert step(await second.get("/pay/V1")) == "busy"

        await submit(first, page, "stop")
        assert street.stage.trip.state == "fare_due"
        assert await street.tells_the_app(left, BUYER) == "4000"

        page = await submit(second, await second.get("/pay/V1"), "pay")
        assert await street.tells_the_app(trade_of(page), OTHER) == "9000"
        await eventually(lambda: street.stage.trip.state == "paid")
        assert step(await first.get("/pay/V1/t1")) == "paid_else"
        assert step(await second.get("/pay/V1/t1")) == "paid"


async def test_an_order_that_alipay_refuses(folder: Path) -> None:
    """What Alipay refuses is told in words with what to do, and the fare stays due."""
    async with Street(folder, seller_id="2088000000000009") as street, street.browser(BUYER) as browser:
        hailed(street)
        page = await submit(browser, await browser.get("/pay/V1"), "pay")
        assert (step(page), street.stage.trip.state) == ("pay", "fare_due")
        assert text(page, "failed")
        assert text(page, "advice")

"""Lists, stories, receipts, shifts and links, from a journal in which a ride was written."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from dispatch.api.alarms import DriverBroadcast
from dispatch.api.fields import MoneyView
from dispatch.api.http_bodies import ShiftSum
from dispatch.api.server_messages import Alarm, Notice
from dispatch.domain.commands import (
    AcceptOffer,
    ArriveAtPickup,
    DeclineOffer,
    FinishRide,
    PayFare,
    ReportOutcome,
    StartRide,
)
from dispatch.domain.entity import Row
from dispatch.domain.errors import ErrorCode
from dispatch.payment.core.rules import CASH
from dispatch.store.journal import Batch, Committed
from dispatch.store.queries.alarms import SqlAlarms, SqlNotices
from dispatch.store.queries.lists import RideRow
from dispatch.values.units import WallTime
from tests.dispatch.domain.builders import CODE, DRIVER, NOON
from tests.ws_gateway.http.reads.fixtures import SHARE_TTL_S, Library
from ws_gateway.http.reads.driver import account

pytestmark = pytest.mark.integration


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[Library]:
    """A journal with a registry and nothing else."""
    async with Library(tmp_path) as library:
        yield library


async def ride(library: Library) -> None:
    """From the request to the fare that is paid in cash."""
    stage = library.stage.assigned()
    for command in (ArriveAtPickup("t1"), StartRide("t1", CODE)):
        stage.now += 60
        stage.send(stage.car, command, DRIVER)
    stage.now += 300
    stage.fix(600)
    stage.send(stage.car, FinishRide("t1"), DRIVER)
    stage.send(stage.trip, PayFare(CASH), DRIVER)
    assert stage.trip.data.fare is not None
    stage.send(stage.trip, ReportOutcome("paid", "t1_1_1", CASH, stage.trip.data.fare))
    await library.write()


async def test_a_trips_story(library: Library) -> None:
    """The trip as it stands, each event once, its payment and what was said, and why this car."""
    await ride(library)
    said = {"payment": "t1", "order_no": "o1", "kind": "notification", "at": NOON, "body": '{"trade_status":"T"}'}
    payment = {"state": "paid", "seq": 1, "trip": "t1", "method": CASH, "amount_minor": 405, "currency": "USD"}
    rows = [Row("payment_said", "t1:1", said), Row("payment", "t1", payment)]
    assert await library.journal.commit(Batch(rows=rows)) == Committed()
    nearest = [{"vehicle_id": "V1", "meters": 80.0, "pickup_s": 30.0, "cause": "matched"}]
    why = {"trip_id": "t1", "at": NOON, "windows": 2, "matched": "V1", "counts": {"matched": 1}, "nearest": nearest}
    library.answers = {"matcher-0": why}
    story = await library.get("/v1/trips/t1")
    assert (story["seq"], story["trip"]["state"]) == (library.stage.trip.seq, "paid")
    assert [it["seq"] for it in story["timeline"]] == list(range(1, story["seq"] + 1))
    assert story["payments"][0]["said"] == [
        {"at": NOON, "kind": "notification", "order": "o1", "facts": {"trade_status": "T"}}
    ]
    assert story["why"][0]["nearest"] == [{"vehicle": "V1", "meters": 80.0, "pickup_s": 30.0, "cause": "matched"}]
    assert CODE not in json.dumps(story["timeline"])


async def test_a_story_stands_without_the_matchers(library: Library) -> None:
    """Where no matcher answers, only the reasons are missing."""
    await ride(library)
    library.answers = None
    assert "why" not in await library.get("/v1/trips/t1")
    assert "why" not in await library.get("/v1/vehicles/V1")


async def test_a_list_shows_what_the_stream_shows(library: Library) -> None:
    """Made from rows alone, but for the ride code and the lines of the fare."""
    for wanted in ("requested", "offered", "assigned", "paid"):
        if wanted == "paid":
            await ride_on(library)
        elif wanted == "offered":
            library.stage.on_shift()
            library.stage.send(library.stage.car, library.stage.offer())
        else:
            library.stage.requested() if wanted == "requested" else assign(library)
        await library.write()
        (listed,) = (await library.get("/v1/trips"))["trips"]
        whole = (await library.get("/v1/trips/t1"))["trip"]
        whole.pop("code")
        if "car" in whole:
            whole["car"]["plate"] = "PL-V1"
        if "fare" in whole:
            whole["fare"]["lines"] = []
            whole["payment"] = {name: whole["payment"][name] for name in ("state", "method", "amount")}
        assert listed == whole, wanted


def assign(library: Library) -> None:
    """The driver takes the offer."""
    library.stage.send(library.stage.car, AcceptOffer("o1"), DRIVER)


async def ride_on(library: Library) -> None:
    """From the assignment to the fare that is paid."""
    stage = library.stage
    for command in (ArriveAtPickup("t1"), StartRide("t1", CODE), FinishRide("t1")):
        stage.now += 60
        stage.fix(300)
        stage.send(stage.car, command, DRIVER)
    stage.send(stage.trip, PayFare(CASH), DRIVER)
    assert stage.trip.data.fare is not None
    stage.send(stage.trip, ReportOutcome("paid", "t1_1_1", CASH, stage.trip.data.fare))


async def test_trips_of_the_last_hour(library: Library) -> None:
    """What ended longer ago is listed where it is asked for, a day back at most."""
    await ride(library)
    library.stage.now += 4_000
    await library.write()
    assert (await library.get("/v1/trips"))["trips"] == []
    assert [it["trip"] for it in (await library.get(f"/v1/trips?since={NOON}"))["trips"]] == ["t1"]
    library.stage.now += 90_000
    await library.write()
    assert (await library.get(f"/v1/trips?since={NOON}"))["trips"] == []


async def test_a_cars_story(library: Library) -> None:
    """Its shift, its offers of the last hour with their ends, and why it got nothing."""
    stage = library.stage.offered()
    stage.now += 5
    stage.send(stage.car, DeclineOffer("o1", "too far"), DRIVER)
    await library.write()
    library.answers = {"matcher-0": {"vehicle_id": "V1", "spans": [{"since": 1.0, "cause": "no_request"}]}}
    story = await library.get("/v1/vehicles/V1")
    assert (story["seq"], story["shift_since"], story["view"]["state"]) == (stage.car.seq, NOON, "idle")
    assert (story["car"]["plate"], story["car"]["driver_name"]) == ("PL-V1", "Ann")
    assert [(it["outcome"], it["reason"]) for it in story["offers"]] == [("declined", "too far")]
    assert story["why"] == [{"since": 1.0, "cause": "no_request"}]
    stage.now += 4_000
    await library.write()
    assert "offers" not in await library.get("/v1/vehicles/V1")
    assert (await library.get("/v1/vehicles/V2"))["view"]["state"] == "offline"
    assert (await library.get("/v1/vehicles/V9", status=404))["code"] == ErrorCode.UNKNOWN_VEHICLE


async def test_the_board_of_alarms(library: Library) -> None:
    """What waits, however old, and what was settled in the last day."""
    alarms = SqlAlarms(library.journal.database)
    await alarms.record_alarms([Alarm(f"a{n}", "fire", NOON - n, {}) for n in (1, 2, 3)])
    await alarms.settle_alarm("a2", by="anna", at=NOON - 1, note="")
    await alarms.settle_alarm("a3", by="anna", at=NOON - 90_000, note="")
    listed = (await library.get("/v1/alarms"))["alarms"]
    assert [(it["alarm"], it.get("settled_by")) for it in listed] == [("a1", None), ("a2", "anna")]


async def test_a_passengers_own(library: Library) -> None:
    """Own trips with fare lines, a receipt once there is a fare; of others' trips nothing, not even that they are."""
    library.stage.assigned()
    await library.write()
    none_yet = await library.get("/v1/my/trips/t1/receipt", "passenger", "P1", status=400)
    assert none_yet["code"] == ErrorCode.NO_TRIP_TO_PAY
    await ride_on(library)
    await library.write()
    (mine,) = (await library.get("/v1/my/trips", "passenger", "P1"))["trips"]
    assert mine["fare"]["lines"]
    assert "passenger" not in mine
    receipt = await library.get("/v1/my/trips/t1/receipt", "passenger", "P1")
    assert receipt["trip"] == mine
    assert (await library.get("/v1/my/trips", "passenger", "P2"))["trips"] == []
    for trip in ("t1", "t9"):
        other = await library.get(f"/v1/my/trips/{trip}/receipt", "passenger", "P2", status=404)
        assert other["code"] == ErrorCode.UNKNOWN_TRIP


async def test_a_link_to_follow(library: Library) -> None:
    """Names the trip and nothing else, holds two hours of the wall, and is given for one's own open trip only."""
    library.stage.assigned()
    await library.write()
    path = "/v1/my/trips/t1/share"
    link = await library.ask("POST", path, "passenger", "P1")
    wall = library.clock.wall()
    guest = library.tokens.verify(link["token"], WallTime(wall))
    assert (guest.role, guest.subject, guest.vehicle) == ("guest", "t1", None)
    assert guest.expires_at == link["expires_at"] == wall + SHARE_TTL_S
    assert (await library.ask("POST", path, "passenger", "P2", 404))["code"] == ErrorCode.UNKNOWN_TRIP
    await ride_on(library)
    await library.write()
    assert (await library.ask("POST", path, "passenger", "P1", 400))["code"] == ErrorCode.TRIP_ENDED


async def test_a_drivers_shift_and_messages(library: Library) -> None:
    """Rides since the shift began, else since midnight; what was told to the car or to all."""
    await ride(library)
    shift = await library.get("/v1/my/shift", "driver", "D1")
    assert (shift["since"], [it["trip"] for it in shift["rides"]]) == (NOON, ["t1"])
    assert [(it["method"], it["rides"]) for it in shift["sums"]] == [(CASH, 1)]
    other = await library.get("/v1/my/shift", "driver", "D2")
    assert (other["since"], other["rides"]) == (NOON - 12 * 3_600, [])
    notices = SqlNotices(library.journal.database)
    await notices.record_notice(DriverBroadcast(Notice("n1", NOON, "anna", "Fog")))
    await notices.record_notice(DriverBroadcast(Notice("n2", NOON, "anna", "Only you"), ("V2",)))
    await notices.record_notice(DriverBroadcast(Notice("n3", NOON - 50_000, "anna", "Old")))
    assert [it["notice"] for it in (await library.get("/v1/my/notices", "driver", "D1"))["notices"]] == ["n1"]


def test_sums_of_a_shift() -> None:
    """By method, what is not paid last; what went back is taken off."""
    rides = [
        RideRow("t1", 1.0, "paid", 500, "USD", "cash", None),
        RideRow("t2", 2.0, "part_refunded", 900, "USD", "alipay_app", 200),
        RideRow("t3", 3.0, "unknown", 700, "USD", "alipay_app", None),
        RideRow("t4", 4.0, "paid", 300, "USD", "cash", None),
    ]
    assert account(0.0, 9.0, rides).sums == [
        ShiftSum("alipay_app", 1, MoneyView(700, "USD")),
        ShiftSum("cash", 2, MoneyView(800, "USD")),
        ShiftSum("", 1, MoneyView(700, "USD")),
    ]

"""Lists, stories, receipts, shifts and links, from a journal in which a ride was written."""

from __future__ import annotations

import json

import pytest

from dispatch.api.server_messages import Alarm
from dispatch.domain.entity import Row
from dispatch.payment.core.rules import CASH
from dispatch.store.journal import Batch, Committed
from dispatch.store.queries.alarms import SqlAlarms
from tests.dispatch.domain.builders import CODE, NOON
from tests.ws_gateway.http.reads.fixtures import Library, ride

pytestmark = pytest.mark.integration


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


async def test_the_board_of_alarms(library: Library) -> None:
    """What waits, however old, and what was settled in the last day."""
    alarms = SqlAlarms(library.journal.database)
    await alarms.record_alarms([Alarm(f"a{n}", "fire", NOON - n, {}) for n in (1, 2, 3)])
    await alarms.settle_alarm("a2", by="anna", at=NOON - 1, note="")
    await alarms.settle_alarm("a3", by="anna", at=NOON - 90_000, note="")
    listed = (await library.get("/v1/alarms"))["alarms"]
    assert [(it["alarm"], it.get("settled_by")) for it in listed] == [("a1", None), ("a2", "anna")]

"""What is written of dispatchers' acts: all that took effect, without secrets and phone numbers."""

from __future__ import annotations

import msgspec

from dispatch.domain.commands import CancelTrip, RequestTrip, TakeOutOfService
from dispatch.domain.entity import Principal
from tests.dispatch.actors.core.harness import CODE, DISPATCHER, PICKUP, City, trip_key, vehicle_key


def test_every_act_of_a_dispatcher_is_written_with_it() -> None:
    """With its transaction, once, also when the command is repeated; passengers' and refused ones are not."""
    city = City()
    city.request("T1")
    booked = RequestTrip("", "phone", PICKUP, CODE, contact="+14155550123")
    city.do(trip_key("T2"), booked, DISPATCHER)
    for _ in range(2):
        city.ask(trip_key("T1"), CancelTrip("called"), DISPATCHER, name="dispatcher:D1:c1")
    city.ask(trip_key("T1"), CancelTrip("again"), DISPATCHER)
    city.online("V1")
    city.do(vehicle_key("V1"), TakeOutOfService("brakes"), Principal("dispatcher", "bert"))
    rows = city.tables.rows["audit"]
    told = sorted((str(row["who"]), str(row["act"]), str(row["target"])) for row in rows.values())
    assert told == [
        ("D1", "cancel_ride", "trip:T1"),
        ("D1", "request_trip", "trip:T2"),
        ("bert", "take_out", "vehicle:V1"),
    ]
    assert "dispatcher:D1:c1" in rows
    (request,) = (row for row in rows.values() if row["act"] == "request_trip")
    facts = str(request["facts"])
    assert msgspec.json.decode(facts)["contact"] == "…123"
    assert CODE not in facts

"""The worker process of ``bench offer``."""

from __future__ import annotations

import pytest

from bench.offer.apps import AppsSetup, SpanTally, world_config
from dispatch.clock import ManualClock
from dispatch.geo.straight_line import StraightLine
from dispatch.values.ids import CommandId, TripId
from sim.time.server_clock import ServerClock


def tally_at(clock: ManualClock) -> SpanTally:
    """A tally whose first request has been sent and offered before the span."""
    tally = SpanTally(ServerClock(clock))
    ask(tally, "early")
    tally.offer_received(TripId("T-early"))
    return tally


def ask(tally: SpanTally, name: str) -> None:
    """A request that is accepted at once."""
    tally.request_sent(CommandId(name))
    tally.request_acknowledged(CommandId(name), TripId(f"T-{name}"), "matching")


def test_only_requests_of_the_span_count() -> None:
    """Who asked before is not timed, even if the offer comes in it; who asked in it is, even if it comes after."""
    clock = ManualClock(1000.0)
    tally = tally_at(clock)
    ask(tally, "waits")
    tally.measuring = True
    tally.offer_received(TripId("T-waits"))
    ask(tally, "in")
    tally.request_sent(CommandId("refused"))
    tally.measuring = False
    ask(tally, "after")
    clock.advance(2.0)
    tally.offer_received(TripId("T-in"))
    tally.offer_received(TripId("T-after"))
    assert tally.requested == {"T-in": 1000.0}
    assert tally.requests == 2
    assert tally.offered[TripId("T-in")] == 1002.0


def test_the_world_is_what_was_asked_for(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Cars with tokens, a fix a second, so many requests an hour, nobody pays or hails."""
    folder = tmp_path_factory.getbasetemp()
    setup = AppsSetup(
        part=0,
        parts=1,
        url="http://127.0.0.1:1",
        city="san_francisco",
        cache_dir=str(folder / "cache"),
        sms_file=str(folder / "sms.jsonl"),
        tokens={"V1": "t1", "V2": "t2"},
        requests_per_s=20,
        think_s=1,
        pickup_s=20,
        ride_s=60,
        passenger_tokens=["p1"],
        seed=1,
    )
    found = world_config(setup, StraightLine())
    assert (found.ws_url, found.demand.per_hour, found.fix_interval_s) == ("ws://127.0.0.1:1/v1/ws", 72_000, 1.0)
    assert [(car.vehicle, car.token) for car in found.fleet] == [("V1", "t1"), ("V2", "t2")]
    assert (found.passenger_tokens, found.warm_passengers) == (("p1",), 1)
    assert (found.behaviour.driver.think_s, found.behaviour.passenger.pays) == ((1, 1), False)

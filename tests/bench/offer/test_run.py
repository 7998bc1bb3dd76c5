"""The pure parts of ``bench offer``."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import msgspec
import pytest

from bench.offer.apps import Setup, SpanTally, Told, world
from bench.offer.results import figures_of, percentile_ms
from bench.offer.run import Plan, cores
from dispatch.clock import ManualClock
from dispatch.geo.straight_line import StraightLine
from dispatch.values.ids import CommandId, TripId, VehicleId
from sim.metrics.assignment_log import Assignment
from sim.time.server_clock import ServerClock


def tally_at(clock: ManualClock) -> SpanTally:
    """A tally whose first request has been sent and offered before the span."""
    tally = SpanTally(ServerClock(clock))
    ask(tally, "early")
    tally.offer_told(TripId("T-early"))
    return tally


def ask(tally: SpanTally, name: str) -> None:
    """A request that is accepted at once."""
    tally.request_sent(CommandId(name))
    tally.request_acknowledged(CommandId(name), TripId(f"T-{name}"), "matching")


def part(
    asked: dict[str, float] | None = None,
    offered: dict[str, float] | None = None,
    refused: int = 0,
    assignments: Sequence[Assignment] = (),
) -> Told:
    """What one process's apps were told."""
    return Told(
        requests=len(asked or {}) + refused,
        asked={TripId(trip): at for trip, at in (asked or {}).items()},
        offered={TripId(trip): at for trip, at in (offered or {}).items()},
        assignments=list(assignments),
        began=0.0,
        ended=60.0,
        gps_per_s=1000.0,
        completed=1,
        errors={},
        violations={},
    )


def test_only_requests_of_the_span_count() -> None:
    """Who asked before is not timed, even if the offer comes in it; who asked in it is, even if it comes after."""
    clock = ManualClock(1000.0)
    tally = tally_at(clock)
    ask(tally, "waits")
    tally.measuring = True
    tally.offer_told(TripId("T-waits"))
    ask(tally, "in")
    tally.request_sent(CommandId("refused"))
    tally.measuring = False
    ask(tally, "after")
    clock.advance(2.0)
    tally.offer_told(TripId("T-in"))
    tally.offer_told(TripId("T-after"))
    assert tally.asked == {"T-in": 1000.0}
    assert tally.requests == 2
    assert tally.offered[TripId("T-in")] == 1002.0


def test_a_request_may_be_offered_in_another_process() -> None:
    """A passenger of one process and a driver of the other make one figure."""
    found = figures_of([part(asked={"T1": 10.0, "T2": 11.0}), part(offered={"T1": 10.5, "T2": 12.0, "T0": 1.0})])
    assert (found["p50_ms"], found["p99_ms"]) == (500.0, 1000.0)
    assert (found["requests"], found["never_offered"], found["gps_per_s"], found["completed"]) == (2, 0, 2000.0, 2)


def test_a_request_without_an_offer_is_never_forgotten() -> None:
    """Refused, given up, or still waiting: all were never offered."""
    assert figures_of([part(asked={"T1": 1.0}, refused=2), part()])["never_offered"] == 3


@pytest.mark.parametrize(("never", "p50", "p99"), [(0, 50.0, 99.0), (60, 80.0, inf), (200, inf, inf)])
def test_one_never_offered_is_infinitely_late(never: int, p50: float, p99: float) -> None:
    """It pushes the percentiles up."""
    waits = [float(ms) for ms in range(1, 101)]
    assert (percentile_ms(waits, never, 0.5), percentile_ms(waits, never, 0.99)) == (p50, p99)


def test_no_request_is_no_good_figure() -> None:
    """A span in which nothing was measured does not look fast."""
    assert figures_of([part()])["p50_ms"] == inf


def test_doubles_are_found_over_all_processes() -> None:
    """One trip with two drivers at a time, each told by another process; one after the other is no double."""
    first = Assignment(TripId("T1"), VehicleId("V1"), 1.0, 3.0)
    beside = Assignment(TripId("T1"), VehicleId("V2"), 2.0, None)
    after = Assignment(TripId("T1"), VehicleId("V2"), 3.0, None)
    assert figures_of([part(assignments=[first]), part(assignments=[beside])])["double_assignments"] == 1
    assert figures_of([part(assignments=[first]), part(assignments=[after])])["double_assignments"] == 0


def test_cores_are_those_of_the_span() -> None:
    """Processor seconds between the first and the last sample, by what a process is."""
    commands = {1: "python -m ws_gateway --fd 6", 2: "ray::HostActor", 3: "ray::HostActor", 4: "bash"}
    samples = [{1: 10.0, 2: 1.0, 4: 5.0}, {1: 10.2, 2: 1.0, 4: 9.0}, {1: 10.5, 2: 1.2, 3: 0.7, 4: 9.0}]
    found = cores(samples, commands)
    assert (found["gateway_cores"], found["hosts_cores"], found["matcher_cores"]) == (0.25, 0.1, 0.0)
    assert cores(samples[:1], commands) == {}


def test_options_are_checked() -> None:
    """A misspelt option is refused, before anything starts."""
    assert msgspec.convert({"cars": 10, "requests_per_s": 2}, Plan).passengers > 0
    with pytest.raises(ValueError, match="carz"):
        msgspec.convert({"carz": 10}, Plan)


def test_the_world_is_what_was_asked_for(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Cars with tokens, a fix a second, so many requests an hour, nobody pays or hails."""
    folder = tmp_path_factory.getbasetemp()
    setup = Setup(
        part=0,
        parts=1,
        folder=str(folder),
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
        warm_up_s=0,
        seconds=1,
        settle_s=0,
        seed=1,
    )
    found = world(setup, StraightLine())
    assert (found.ws_url, found.demand.per_hour, found.fix_interval_s) == ("ws://127.0.0.1:1/v1/ws", 72_000, 1.0)
    assert [(car.vehicle, car.token) for car in found.fleet] == [("V1", "t1"), ("V2", "t2")]
    assert (found.passenger_tokens, found.warm_passengers) == (("p1",), 1)
    assert (found.habits.driver.think_s, found.habits.passenger.pays) == ((1, 1), False)

"""Fixes: what is metered, told and kept, over rollbacks and deaths."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dispatch.actors.core.position_ingest import HEARD_EVERY_S, KEPT_WHILE_LOADING
from dispatch.domain.commands import ArriveAtPickup, FinishRide, StartHail, StartRide
from dispatch.domain.entity import Principal
from dispatch.domain.vehicle.position_tracker import FixRow
from dispatch.domain.vehicle.vehicle import Vehicle
from dispatch.geo.gps_filter import FixVerdict
from tests.dispatch.actors.core.harness import CODE, City, Poller, driver, following, vehicle_key

V = vehicle_key()
DEVICE = Principal("device", "meter of V1", "V1")


@pytest.fixture
def city() -> City:
    return City()


def on_trip(city: City) -> None:
    """A ride has just begun."""
    city.assign()
    city.do(V, ArriveAtPickup("T1"), driver())
    city.do(V, StartRide("T1", CODE), driver())


def car(city: City) -> Vehicle:
    """The vehicle in its host's memory."""
    vehicle = city.vehicles.entity(V)
    assert isinstance(vehicle, Vehicle)
    return vehicle


def drive(city: City, steps: range, before: Callable[[int], object] = lambda _: None) -> list[FixRow]:
    """A fix every 2 s and 25 m, each heard at once; ``before`` each step something may happen."""
    rows = []
    for step in steps:
        city.clock.advance(2)
        before(step)
        rows.append(city.fix(north_m=25.0 * step))
    return rows


def heard(poller: Poller, audience: str = "driver") -> int:
    """Up to which number the app was told that its fixes are safe."""
    return max((message["n"] for message in poller.said("heard", audience)), default=-1)


def reading(city: City) -> tuple[float, float]:
    """The whole ride's distance and waiting, after it has ended."""
    city.do(V, FinishRide("T1"), driver())
    data = city.trip().data
    return data.meters, data.waiting_s


def undisturbed() -> tuple[float, float]:
    """What the meter says of the drive when nothing goes wrong."""
    city = City()
    on_trip(city)
    drive(city, range(1, 40))
    return reading(city)


def test_heard_is_told_every_few_seconds_to_a_free_car(city: City) -> None:
    """Without a ride, fixes are safe at once, and the app is told so now and then."""
    city.online()
    city.vehicles.subscribe(V, driver())
    poller = Poller(city.vehicles)
    rows = drive(city, range(1, int(HEARD_EVERY_S / 2)))
    assert heard(poller) == -1
    rows += drive(city, range(int(HEARD_EVERY_S / 2), int(HEARD_EVERY_S)))

    assert [message["n"] for message in poller.said("heard", "driver")] == [rows[int(HEARD_EVERY_S / 2) - 1].n]


def test_each_source_is_told_by_itself(city: City) -> None:
    """A device beside the phone does not take its turns."""
    city.online()
    city.vehicles.subscribe(V, driver())
    city.vehicles.subscribe(V, DEVICE)
    poller = Poller(city.vehicles)
    for step in range(1, 20):
        drive(city, range(step, step + 1))
        city.fix(north_m=25.0 * step, source=1)
        poller.poll()

    assert [len(poller.said("heard", audience)) for audience in ("driver", "device")] == [4, 5]


def test_heard_only_up_to_the_committed_checkpoint(city: City) -> None:
    """During a ride the app keeps its fixes until the journal has the checkpoint after them."""
    on_trip(city)
    city.vehicles.subscribe(V, driver())
    poller = Poller(city.vehicles)
    first = car(city).tracker.gps.n
    drive(city, range(1, 4))
    assert heard(poller) == -1

    city.vehicles.faults.extend(["down"])
    city.vehicles.reads = False
    drive(city, range(4, 10))
    assert heard(poller) == -1

    city.vehicles.reads = True
    city.settle()
    drive(city, range(10, 12))
    checkpoint = city.vehicle().data.meter
    assert checkpoint is not None
    assert heard(poller) == checkpoint.fix_n > first


def test_heard_after_the_ride(city: City) -> None:
    """With the end of the ride committed, all its fixes are safe."""
    on_trip(city)
    city.vehicles.subscribe(V, driver())
    poller = Poller(city.vehicles)
    rows = drive(city, range(1, 13))
    city.do(V, FinishRide("T1"), driver())

    assert heard(poller) == rows[-1].n
    assert car(city).tracker.unacked == []


def test_attachment_says_what_is_heard(city: City) -> None:
    """Who comes back is told up to where its fixes are safe, and nobody else is."""
    on_trip(city)
    drive(city, range(1, 9))
    checkpoint = city.vehicle().data.meter
    assert checkpoint is not None
    city.bear("vehicle")
    tokens = [city.vehicles.subscribe(V, principal) for principal in (driver(), DEVICE)]
    city.settle()

    assert [following(city.vehicles.attached[token]).heard for token in tokens] == [checkpoint.fix_n, 0]


def test_death_in_mid_ride_costs_nothing(city: City) -> None:
    """A host dies between two checkpoints; with the unheard fixes sent again the meter is the same to the bit."""
    on_trip(city)
    rows = drive(city, range(1, 18))
    checkpoint = city.vehicle().data.meter
    assert checkpoint is not None
    unheard = [row for row in rows if row.n > checkpoint.fix_n]
    assert unheard

    city.bear("vehicle")
    city.hear(unheard)
    drive(city, range(18, 40))

    assert reading(city) == undisturbed()


@pytest.mark.parametrize("fault", ["down", "lost"])
@pytest.mark.parametrize("step", range(5, 11))
def test_rolled_back_checkpoint_costs_nothing(city: City, fault: str, step: int) -> None:
    """A checkpoint whose commit fails is taken again: the fixes since the last one were kept."""
    on_trip(city)

    def fail(now: int) -> None:
        if now == step:
            city.vehicles.faults.append(fault)  # type: ignore[arg-type]

    drive(city, range(1, 40), fail)

    assert reading(city) == undisturbed()


def test_rolled_back_end_of_ride_costs_nothing(city: City) -> None:
    """The ride's end meets a journal that is away: the fixes of its last stretch still count."""
    on_trip(city)
    drive(city, range(1, 40))
    city.vehicles.faults.extend(["down"] * 3)

    assert reading(city) == undisturbed()
    assert car(city).tracker.unacked == []


def test_fixes_that_come_while_the_car_is_loaded_are_kept(city: City) -> None:
    """What comes too early for a host that was just born is heard when the car is there; too much is unheard."""
    on_trip(city)
    rows = drive(city, range(1, 18))
    checkpoint = city.vehicle().data.meter
    assert checkpoint is not None
    host = city.bear("vehicle")
    host.desk.ingest([row for row in rows if row.n > checkpoint.fix_n], city.clock.city())
    drive(city, range(18, 40))
    assert reading(city) == undisturbed()

    late = City()
    late.vehicles.desk.ingest([rows[0]] * (KEPT_WHILE_LOADING + 1), late.clock.city())
    late.settle()
    assert sum(late.vehicles.desk.take_verdicts().values()) == KEPT_WHILE_LOADING


def test_second_source_counts_only_while_the_first_is_silent(city: City) -> None:
    """The taximeter's fixes do not disturb the phone's; each is told about its own numbers."""
    on_trip(city)
    city.vehicles.subscribe(V, driver())
    city.vehicles.subscribe(V, DEVICE)
    poller = Poller(city.vehicles)
    for step in range(1, 40):
        city.clock.advance(2)
        city.fix(north_m=25.0 * step)
        meter_row = FixRow("V1", 1, 1000 + step, city.clock.city(), 37.9, -122.5)
        city.hear([meter_row])

    assert 1000 <= heard(poller, "device") <= 1039
    assert 0 < heard(poller) < 1000
    assert reading(city) == undisturbed()


def test_positions_for_matcher_and_map(city: City) -> None:
    """The matcher gets free cars that moved, the map all that moved; each once."""
    city.online("V1")
    city.online("V2")
    desk = city.vehicles.desk
    assert {p.vehicle for p in desk.take_free_moved()} == {"V1", "V2"}
    city.do(V, StartHail("T7"), driver())
    desk.take_moved()
    city.clock.advance(2)
    city.fix("V1", 20)
    city.fix("V2", 20)

    assert [p.vehicle for p in desk.take_free_moved()] == ["V2"]
    assert {(p.vehicle, p.state) for p in desk.take_moved()} == {("V1", "on_trip"), ("V2", "idle")}
    assert desk.take_free_moved() == []
    assert desk.take_moved() == []


def test_fix_from_the_future_changes_nothing(city: City) -> None:
    """A fix beyond the tolerance is counted and dropped."""
    city.online()
    before = car(city).tracker.gps.n
    city.vehicles.desk.ingest([FixRow("V1", 0, 99, city.clock.city() + 60, 37.0, -122.0)], city.clock.city())

    assert car(city).tracker.gps.n == before
    assert city.vehicles.desk.take_verdicts()[FixVerdict.FUTURE] == 1

"""What is left out under overload, and when."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.actors.core.protocol import Push
from dispatch.api.fields import CarView, TripView, VehicleView
from dispatch.api.server_messages import CarPosition
from tests.ws_gateway.conftest import Running, Start, eventually
from ws_gateway.session.load_shedding import CALM_AFTER_S, RISES_AFTER_S, THROTTLE_S, LoadShedder, ShedLevel, Throttle

CELL = "872830828ffffff"

LATE = 0.5


def _levels(shedding: LoadShedder, lag: float, seconds: float, start: float = 0.0) -> list[ShedLevel]:
    """The level after each quarter of a second with this lag."""
    found = []
    for quarter in range(int(4 * seconds) + 1):
        shedding.lagged(lag, start + quarter / 4)
        found.append(shedding.level)
    return found


def test_the_cheapest_goes_first() -> None:
    """The map, then positions, and nothing after that however late it gets."""
    levels = _levels(LoadShedder(LATE), 2 * LATE, 10 * RISES_AFTER_S)
    assert sorted(levels) == levels
    assert levels[int(4 * RISES_AFTER_S)] is ShedLevel.MAP
    assert levels[int(8 * RISES_AFTER_S)] is ShedLevel.POSITIONS
    assert levels[-1] is ShedLevel.POSITIONS


def test_a_hiccup_sheds_nothing() -> None:
    """Late for less than the time, again and again, changes nothing."""
    shedding = LoadShedder(LATE)
    for second in range(60):
        shedding.lagged(10.0 if second % 2 else 0.0, float(second))
    assert shedding.level is ShedLevel.NOTHING


def test_calm_brings_back_one_after_the_other() -> None:
    """Positions first, then the map."""
    shedding = LoadShedder(LATE)
    _levels(shedding, 2 * LATE, 3 * RISES_AFTER_S)
    levels = _levels(shedding, 0.0, 3 * CALM_AFTER_S, start=100.0)
    assert sorted(levels, reverse=True) == levels
    assert levels[int(4 * CALM_AFTER_S)] is ShedLevel.MAP
    assert levels[-1] is ShedLevel.NOTHING


def test_in_between_all_stays() -> None:
    """Neither late nor calm: no step."""
    shedding = LoadShedder(LATE)
    _levels(shedding, 2 * LATE, RISES_AFTER_S)
    assert set(_levels(shedding, 0.5 * LATE, 60, start=100.0)) == {ShedLevel.MAP}


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0.01, 3)), max_size=60))
def test_a_step_at_a_time(lags: list[tuple[float, float]]) -> None:
    """Whatever comes: the level moves by one at most, and says so."""
    shedding, now = LoadShedder(LATE), 0.0
    for lag, later in lags:
        now += later
        before = shedding.level
        changed = shedding.lagged(lag, now)
        assert abs(shedding.level - before) == (1 if changed else 0)


@given(st.lists(st.floats(0, 100), max_size=50))
def test_one_position_in_a_while(times: list[float]) -> None:
    """Of fixes in order, those let through lie apart; the first passes; another car's do not count."""
    seldom = Throttle()
    passed = [at for at in sorted(times) if seldom.passes("V1", at)]
    assert passed[:1] == sorted(times)[:1]
    assert all(later - earlier >= THROTTLE_S for earlier, later in pairwise(passed))
    assert seldom.passes("V2", 0.0)


def _shed(gateway: Running, level: ShedLevel) -> None:
    """As if it lagged."""
    inside = gateway.app.hub
    inside._shedder.level = level
    inside._apply_shed_level(1.0)


def _count(gateway: Running, what: str) -> float:
    value: float = gateway.metrics.shed.labels(what)._value.get()
    return value


@pytest.mark.integration
async def test_consoles_are_told_that_the_map_stands_still(gateway: Running) -> None:
    """Once when it begins and once when it ends; who looks meanwhile is told as well."""
    console = await gateway.client("dispatcher", "anna")
    await console.ask(t="watch", id="c1", cells=[CELL])
    _shed(gateway, ShedLevel.MAP)
    assert (await console.until("map_stale"))["stale"] is True
    _shed(gateway, ShedLevel.POSITIONS)
    late = await gateway.client("dispatcher", "anna")
    await late.send(t="watch", id="c1", cells=[CELL])
    assert (await late.until("map_stale"))["stale"] is True
    _shed(gateway, ShedLevel.NOTHING)
    assert (await console.until("map_stale"))["stale"] is False
    assert gateway.metrics.shedding._value.get() == 0


@pytest.mark.integration
async def test_only_free_cars_are_heard_less(gateway: Running) -> None:
    """Every fix of a car with a trip is taken; of a free one one in some seconds."""
    _shed(gateway, ShedLevel.POSITIONS)
    wall = gateway.clock.wall()
    cars = {"V1": VehicleView("V1", "idle"), "V2": VehicleView("V2", "on_trip", trip="t1")}
    for number, (vehicle, view) in enumerate(cars.items(), 1):
        driver = await gateway.client("driver", f"D{number}", vehicle)
        await driver.until("snapshot")
        gateway.hosts.happen(f"vehicle:{vehicle}", "driver", "e", vehicle=view)
        await driver.until("update")
        for n in range(10):
            await driver.send(t="fix", fix=[n, wall + n / 100, 37.7, -122.4, 0.0, 0.0])
        assert (await driver.ask(t="ping", id="c1"))["t"] == "accepted"
    await eventually(lambda: len(gateway.hosts.rows) == 1 + 10)
    assert _count(gateway, "fix") == 9


@pytest.mark.integration
async def test_events_go_on_where_positions_do_not(gateway: Running) -> None:
    """A passenger hears every event of the trip, and of the car's way one position in some seconds."""
    passenger = await gateway.client("passenger", "P1")
    accepted = await passenger.ask(t="request", id="c1", pickup={"lat": 37.7, "lng": -122.4})
    stream = accepted["stream"]
    trip = TripView(stream[5:], "assigned", "app", "standard", 0.0, car=CarView("V1", "PL1", "Ann"))
    await passenger.until("snapshot")
    gateway.hosts.happen(stream, "passenger", "trip_assigned", trip=trip)
    await passenger.until("update")
    await eventually(lambda: ("vehicle:V1", "passenger") in gateway.hosts.followed)
    _shed(gateway, ShedLevel.POSITIONS)
    for n in range(10):
        told = CarPosition(trip=stream[5:], n=n, at=1.0 + n, lat=37.7, lng=-122.4)
        gateway.hosts.push(Push("vehicle:V1", "passenger", 0, msgspec.msgpack.encode(told)))
        gateway.hosts.happen(stream, "passenger", f"e{n}")
    seen = [await passenger.receive() for _ in range(11)]
    assert [message["event"] for message in seen if message["t"] == "update"] == [f"e{n}" for n in range(10)]
    assert [message["at"] for message in seen if message["t"] == "car"] == [1.0]
    assert _count(gateway, "car_position") == 9


@pytest.mark.integration
async def test_a_loop_that_lags_sheds_and_recovers_by_itself(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is measured is what decides: any lag is too late at first, and none later."""
    monkeypatch.setattr("ws_gateway.session.load_shedding.RISES_AFTER_S", 0.0)
    monkeypatch.setattr("ws_gateway.session.load_shedding.CALM_AFTER_S", 0.0)
    gateway = await start(shed_after_lag_s=-1.0)
    inside = gateway.app.hub
    await eventually(lambda: inside._shedder.level is ShedLevel.POSITIONS)
    inside._shedder._late_s = 1e9
    await eventually(lambda: inside._shedder.level is ShedLevel.NOTHING)
    assert not inside._map.halted

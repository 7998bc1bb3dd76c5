"""City time and wall time keep their relation."""

from types import SimpleNamespace

import pytest

from dispatch.clock import CityClock, Clock, ManualClock
from dispatch.values.units import CityTime


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The machine's clock, set by hand through its only element."""
    now = [1000.0]
    monkeypatch.setattr("dispatch.clock.time", SimpleNamespace(time=lambda: now[0]))
    return now


def test_at_speed_one_city_time_is_wall_time(machine: list[float]) -> None:
    """In production both clocks show the same."""
    now = CityClock()

    assert [machine[0]] * 2 == [now.city(), now.wall()]
    assert now.speed == 1.0


def test_city_runs_faster_from_the_anchor(machine: list[float]) -> None:
    """At speed 10 the city lives ten seconds in each second of the wall, from the common anchor on."""
    fast = CityClock(speed=10, wall_anchor=1000, city_anchor=5000)
    machine[0] = 1006.0

    assert float(fast.city()) == 5060
    assert float(fast.wall()) == 1006
    assert fast.anchors == (1000, 5000)


def test_wall_until_counts_wall_seconds(machine: list[float]) -> None:
    """A timer in city time is waited for in wall time, and never a negative time."""
    fast = CityClock(speed=10, wall_anchor=1000, city_anchor=5000)

    assert fast.wall_until(CityTime(5030)) == pytest.approx(3)
    assert fast.wall_until(CityTime(4000)) == 0


@pytest.mark.usefixtures("machine")
def test_two_processes_with_one_anchor_agree() -> None:
    """Every process of a system sees the same city time."""
    first = CityClock(speed=7, wall_anchor=900, city_anchor=0)
    wall, city = first.anchors

    assert first.city() == CityClock(speed=7, wall_anchor=wall, city_anchor=city).city()


@pytest.mark.parametrize("speed", [0, -1])
def test_time_must_pass(speed: float) -> None:
    """A clock that stands or runs backwards is refused."""
    with pytest.raises(ValueError, match="above zero"):
        CityClock(speed=speed)


def test_manual_clock_moves_only_by_hand() -> None:
    """The simulator's clock stands still until it is moved, and never runs backwards."""
    hand: Clock = (manual := ManualClock(100, speed=10))
    assert float(hand.city()) == 100
    assert float(hand.wall()) == 10

    manual.advance(50)

    assert float(hand.city()) == 150
    assert hand.speed == 10
    assert hand.wall_until(CityTime(170)) == 2
    assert hand.wall_until(CityTime(140)) == 0
    with pytest.raises(ValueError, match="backwards"):
        manual.advance(-1)

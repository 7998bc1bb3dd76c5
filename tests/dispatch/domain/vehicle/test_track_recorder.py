"""What is kept of cars' ways."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from dispatch.domain.vehicle.track_recorder import (
    MAX_SECTION_S,
    POINT,
    STILL_EVERY_S,
    TrackRecorder,
    TrackRules,
    TrackSection,
)
from dispatch.values.units import CityTime
from dispatch.values.vehicle_states import MAP_STATES

SETTINGS = TrackRules(every_s=5.0, chunk_s=120.0)
START = 1_212_188_400.0


class TrackPoint(NamedTuple):
    """A decoded point; ``state`` is the index in ``MAP_STATES``."""

    at: float
    lat: float
    lng: float
    state: int


def points_of(section: TrackSection) -> list[TrackPoint]:
    """The points of a section."""
    return [
        TrackPoint(section.since + tenths / 10, lat / 1e6, lng / 1e6, state)
        for tenths, lat, lng, state in POINT.iter_unpack(section.points)
    ]


def recorder_of(*fixes: tuple[float, float, str]) -> TrackRecorder:
    """One car's fixes: seconds after the start, metres northward, state."""
    recorder = TrackRecorder(SETTINGS)
    for at, north_m, state in fixes:
        recorder.record("V1", state, START + at, 37.7 + north_m / 111_195, -122.4)
    return recorder


def kept(recorder: TrackRecorder) -> list[tuple[float, str]]:
    points = [point for stretch in recorder.take_all() for point in points_of(stretch)]
    return [(round(point.at - START, 1), MAP_STATES[point.state]) for point in points]


def test_a_point_every_few_seconds() -> None:
    """Of a fix a second one in five is kept."""
    recorder = recorder_of(*((float(second), 10.0 * second, "idle") for second in range(21)))
    assert kept(recorder) == [(0.0, "idle"), (5.0, "idle"), (10.0, "idle"), (15.0, "idle"), (20.0, "idle")]


def test_another_state_is_kept_at_once() -> None:
    """However soon it comes."""
    assert kept(recorder_of((0, 0, "idle"), (1, 9, "offered"), (2, 18, "to_pickup"), (3, 27, "to_pickup"))) == [
        (0.0, "idle"), (1.0, "offered"), (2.0, "to_pickup"),
    ]  # fmt: skip


def test_a_parked_car_is_kept_seldom() -> None:
    """Every half a minute, so that it is seen to be there."""
    recorder = recorder_of(*((float(second), second % 2, "idle") for second in range(0, 100, 5)))
    times = [at for at, _ in kept(recorder)]
    assert times[0] == 0.0
    assert 100 / STILL_EVERY_S < len(times) <= 5  # one more where a stretch ends


def test_off_shift_nobody_is_followed() -> None:
    """The way ends with the fix that is off shift, and begins with the next shift."""
    fixes = [(0, 0, "offline"), (10, 90, "idle"), (20, 180, "offline"), (30, 300, "offline"), (40, 400, "idle")]
    assert kept(recorder_of(*fixes)) == [(10.0, "idle"), (20.0, "offline"), (40.0, "idle")]


def test_what_is_older_than_the_last_point_is_left_out() -> None:
    """A late fix does not make a way go back."""
    assert [at for at, _ in kept(recorder_of((10, 0, "idle"), (5, 90, "offered"), (16, 90, "idle")))] == [10.0, 16.0]


def test_stretches_end_by_themselves() -> None:
    """A car that fell silent gives its stretch when the time is over, not before; at a stop all are given."""
    recorder = recorder_of((0, 0, "idle"), (5, 50, "idle"))
    assert recorder.take_full(CityTime(START + 5)) == []
    (stretch,) = recorder.take_full(CityTime(START + SETTINGS.chunk_s))
    assert (stretch.since, stretch.until) == (START, START + 5)
    assert recorder.take_all() == []


def test_cars_take_turns() -> None:
    """The stretches of cars that start together do not all end together."""
    recorder = TrackRecorder(SETTINGS)
    for car in range(100):
        recorder.record(f"V{car}", "idle", START, 37.7, -122.4)
    given_ = [len(recorder.take_full(CityTime(START + second))) for second in range(0, 121, 10)]
    assert sum(given_) == 100
    assert max(given_) < 30


fixes = st.lists(
    st.tuples(st.floats(0, 40), st.floats(-1e-3, 1e-3), st.floats(-1e-3, 1e-3), st.sampled_from(MAP_STATES)),
    max_size=80,
)


@given(fixes)
def test_a_way_is_whole(steps: list[tuple[float, float, float, str]]) -> None:
    """Stretches follow one another, none longer than allowed; each point is where a fix was, in the order of time."""
    recorder = TrackRecorder(SETTINGS)
    at, heard = START, []
    for gap, north, east, state in steps:
        at += gap
        heard.append((at, 37.7 + north, -122.4 + east, MAP_STATES.index(state)))
        recorder.record("V1", state, at, 37.7 + north, -122.4 + east)
    stretches: list[TrackSection] = recorder.take_all()
    points = [point for stretch in stretches for point in points_of(stretch)]
    assert all(stretch.until - stretch.since <= MAX_SECTION_S for stretch in stretches)
    assert all(len(stretch.points) % POINT.size == 0 for stretch in stretches)
    assert [point.at for point in points] == sorted(point.at for point in points)
    for point in points:
        assert any(
            -0.001 <= was_at - point.at <= 0.101
            and abs(point.lat - lat) < 1e-6
            and abs(point.lng - lng) < 1e-6
            and point.state == state
            for was_at, lat, lng, state in heard
        )

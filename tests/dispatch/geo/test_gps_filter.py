"""Which fixes are believed, and what distance they add."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.geo.distance import haversine_m
from dispatch.geo.gps_filter import METERS_PER_DEGREE, Fix, Trace, Verdict, short_way_m
from dispatch.values.units import CityTime, LatLng

LAT, LNG = 37.7793, -122.4193
LATER = CityTime(1e9)


def fix(n: int, at: float, north_m: float = 0.0) -> Fix:
    """A fix ``north_m`` metres north of the city hall."""
    return Fix(n, CityTime(at), LAT + north_m / METERS_PER_DEGREE, LNG)


def verdicts(trace: Trace, *fixes: Fix, now: CityTime = LATER) -> list[Verdict]:
    """What the trace says of each fix in turn."""
    return [trace.feed(one, now) for one in fixes]


def test_first_fix_is_believed_and_adds_nothing() -> None:
    """The first fix is the anchor."""
    trace = Trace()

    assert not trace.anchored
    assert Verdict.ACCEPTED is trace.feed(fix(4, 100), LATER)
    assert (trace.n, float(trace.at), trace.moved_m, trace.elapsed_s) == (4, 100, 0, 0)
    assert trace.anchored


def test_next_fix_adds_its_way_and_time() -> None:
    """A believed fix says how far the car moved since the last, and in what time."""
    trace = Trace()

    verdicts(trace, fix(0, 100), fix(1, 110, 50))

    assert trace.moved_m == pytest.approx(50, abs=0.01)
    assert trace.elapsed_s == 10


@pytest.mark.parametrize("at", [99, 100])
def test_fix_that_is_not_newer_is_old(at: float) -> None:
    """An old or repeated fix changes nothing."""
    trace = Trace()

    assert verdicts(trace, fix(0, 100), fix(1, at, 20)) == [Verdict.ACCEPTED, Verdict.OLD]
    assert (trace.n, trace.moved_m) == (0, 0)


def test_fix_from_the_future_is_refused() -> None:
    """Beyond the tolerance a fix is from the future; up to it, it is believed."""
    trace = Trace(future_tolerance_s=5)
    now = CityTime(100)

    assert Verdict.FUTURE is trace.feed(fix(0, 105.1), now)
    assert not trace.anchored
    assert Verdict.ACCEPTED is trace.feed(fix(1, 105), now)


def test_phone_clock_offset_is_taken_off() -> None:
    """A phone whose clock is an hour ahead is judged by city time."""
    trace = Trace(offset_s=3600)
    now = CityTime(100)

    assert Verdict.ACCEPTED is trace.feed(fix(0, 3700), now)
    assert float(trace.at) == 100
    assert Verdict.FUTURE is trace.feed(fix(1, 3706), now)


def test_speed_limit_is_exact() -> None:
    """150 km/h is driven, a little more is a jump."""
    trace = Trace()

    assert Verdict.ACCEPTED is verdicts(trace, fix(0, 0), fix(1, 10, 416.6))[-1]
    assert Verdict.JUMP is trace.feed(fix(2, 20, 416.6 + 416.8), LATER)
    assert (trace.n, trace.moved_m, trace.elapsed_s) == (1, 0, 0)


def test_one_glitch_leaves_no_mark() -> None:
    """After a single wild fix the way goes on from the last believed one."""
    trace = Trace()

    assert verdicts(trace, fix(0, 0), fix(1, 1, 9000), fix(2, 2, 20)) == [
        Verdict.ACCEPTED,
        Verdict.JUMP,
        Verdict.ACCEPTED,
    ]
    assert trace.moved_m == pytest.approx(20, abs=0.01)
    assert trace.elapsed_s == 2


def test_three_agreeing_fixes_make_a_new_anchor() -> None:
    """Where the car really is elsewhere, the third fix is believed, and the gap counts for nothing."""
    trace = Trace()

    said = verdicts(trace, fix(0, 0), fix(1, 1, 9000), fix(2, 2, 9010), fix(3, 3, 9020))

    assert said == [Verdict.ACCEPTED, Verdict.JUMP, Verdict.JUMP, Verdict.ACCEPTED]
    assert (trace.n, trace.moved_m, trace.elapsed_s) == (3, 0, 0)
    trace.feed(fix(4, 4, 9030), LATER)
    assert trace.moved_m == pytest.approx(10, abs=0.01)


def test_glitches_that_disagree_never_make_an_anchor() -> None:
    """Wild fixes far from each other are counted anew each time."""
    trace = Trace()

    said = verdicts(trace, fix(0, 0), *(fix(n, n, 9000 * (1 + n % 2)) for n in range(1, 12)))

    assert said[1:] == [Verdict.JUMP] * 11
    assert trace.n == 0


def test_repeated_jump_does_not_count_twice() -> None:
    """A jump sent again agrees with itself, which proves nothing."""
    trace = Trace()

    said = verdicts(trace, fix(0, 0), fix(1, 1, 9000), fix(1, 1, 9000), fix(1, 1, 9000))

    assert said[1:] == [Verdict.JUMP, Verdict.OLD, Verdict.OLD]
    assert trace.n == 0


def test_believed_fix_forgets_the_jumps_before_it() -> None:
    """Two jumps, a good fix, and a third jump are three glitches."""
    trace = Trace()

    said = verdicts(trace, fix(0, 0), fix(1, 1, 9000), fix(2, 2, 9000), fix(3, 3, 5), fix(4, 4, 9000))

    assert said[3:] == [Verdict.ACCEPTED, Verdict.JUMP]


def test_anchor_sets_the_place_to_go_on_from() -> None:
    """After a restore the way counts from the checkpoint's place."""
    trace = Trace()

    trace.anchor(7, CityTime(50), LAT, LNG)

    assert Verdict.OLD is trace.feed(fix(6, 50), LATER)
    assert Verdict.ACCEPTED is trace.feed(fix(8, 60, 30), LATER)
    assert trace.moved_m == pytest.approx(30, abs=0.01)


def test_date_line_is_crossed_by_the_short_way() -> None:
    """A car in Fiji that crosses 180 degrees moved some metres, not around the earth."""
    assert short_way_m(-16.8, 179.9999, -16.8, -179.9999) == pytest.approx(21.3, abs=0.1)
    assert short_way_m(-16.8, -179.9999, -16.8, 179.9999) == pytest.approx(21.3, abs=0.1)


@given(
    lat=st.floats(-70, 70),
    lng=st.floats(-179, 179),
    north=st.floats(-7000, 7000),
    east=st.floats(-7000, 7000),
)
def test_short_way_is_the_great_circle_in_a_city(lat: float, lng: float, north: float, east: float) -> None:
    """Within 10 km the plane is as good as the sphere: 0.01 %, at latitudes up to 70 degrees."""
    there = LatLng(lat + north / METERS_PER_DEGREE, lng + east / METERS_PER_DEGREE)

    exact = haversine_m(LatLng(lat, lng), there)

    assert short_way_m(lat, lng, *there) == pytest.approx(exact, rel=1e-4, abs=1e-3)


STEPS = st.lists(st.tuples(st.floats(-2, 30), st.floats(-3000, 3000)), max_size=40)


@given(steps=STEPS)
def test_believed_way_never_beats_the_speed_limit(steps: list[tuple[float, float]]) -> None:
    """Whatever is sent, the distance counted is one that a car could have driven in the time counted."""
    trace = Trace()
    at = north = meters = seconds = 0.0
    last = float("-inf")
    for n, (step_s, step_m) in enumerate(steps):
        at, north = at + step_s, north + step_m
        if trace.feed(fix(n, at, north), LATER) is Verdict.ACCEPTED:
            assert trace.at > last
            last = trace.at
        meters += trace.moved_m
        seconds += trace.elapsed_s

    assert meters <= seconds * trace.max_mps * (1 + 1e-9)

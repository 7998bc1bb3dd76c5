"""Which fixes are believed, and what distance they add."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.geo.distance import haversine_m
from dispatch.geo.gps_filter import METERS_PER_DEGREE, FixVerdict, GpsFilter, plane_distance_m
from dispatch.values.units import CityTime, LatLng

LAT, LNG = 37.7793, -122.4193
LATER = CityTime(1e9)
Fix = tuple[int, float, float, float]


def fix(n: int, at: float, north_m: float = 0.0) -> Fix:
    """A fix ``north_m`` metres north of the city hall."""
    return n, at, LAT + north_m / METERS_PER_DEGREE, LNG


def verdicts(gps: GpsFilter, *fixes: Fix, now: CityTime = LATER) -> list[FixVerdict]:
    """What the gps says of each fix in turn."""
    return [gps.observe(*one, now) for one in fixes]


def test_first_fix_is_believed_and_adds_nothing() -> None:
    """The first fix is the anchor."""
    gps = GpsFilter()

    assert not gps.anchored
    assert FixVerdict.ACCEPTED is gps.observe(*fix(4, 100), LATER)
    assert (gps.n, float(gps.at), gps.moved_m, gps.elapsed_s) == (4, 100, 0, 0)
    assert gps.anchored


def test_next_fix_adds_its_way_and_time() -> None:
    """A believed fix says how far the car moved since the last, and in what time."""
    gps = GpsFilter()

    verdicts(gps, fix(0, 100), fix(1, 110, 50))

    assert gps.moved_m == pytest.approx(50, abs=0.01)
    assert gps.elapsed_s == 10


@pytest.mark.parametrize("at", [99, 100])
def test_fix_that_is_not_newer_is_old(at: float) -> None:
    """An old or repeated fix changes nothing."""
    gps = GpsFilter()

    assert verdicts(gps, fix(0, 100), fix(1, at, 20)) == [FixVerdict.ACCEPTED, FixVerdict.OLD]
    assert (gps.n, gps.moved_m) == (0, 0)


def test_fix_from_the_future_is_refused() -> None:
    """Beyond the tolerance a fix is from the future; up to it, it is believed."""
    gps = GpsFilter(future_tolerance_s=5)
    now = CityTime(100)

    assert FixVerdict.FUTURE is gps.observe(*fix(0, 105.1), now)
    assert not gps.anchored
    assert FixVerdict.ACCEPTED is gps.observe(*fix(1, 105), now)


def test_phone_clock_offset_is_taken_off() -> None:
    """A phone whose clock is an hour ahead is judged by city time."""
    gps = GpsFilter(offset_s=3600)
    now = CityTime(100)

    assert FixVerdict.ACCEPTED is gps.observe(*fix(0, 3700), now)
    assert float(gps.at) == 100
    assert FixVerdict.FUTURE is gps.observe(*fix(1, 3706), now)


def test_speed_limit_is_exact() -> None:
    """150 km/h is driven, a little more is a jump."""
    gps = GpsFilter()

    assert FixVerdict.ACCEPTED is verdicts(gps, fix(0, 0), fix(1, 10, 416.6))[-1]
    assert FixVerdict.JUMP is gps.observe(*fix(2, 20, 416.6 + 416.8), LATER)
    assert (gps.n, gps.moved_m, gps.elapsed_s) == (1, 0, 0)


def test_one_glitch_leaves_no_mark() -> None:
    """After a single wild fix the way goes on from the last believed one."""
    gps = GpsFilter()

    assert verdicts(gps, fix(0, 0), fix(1, 1, 9000), fix(2, 2, 20)) == [
        FixVerdict.ACCEPTED,
        FixVerdict.JUMP,
        FixVerdict.ACCEPTED,
    ]
    assert gps.moved_m == pytest.approx(20, abs=0.01)
    assert gps.elapsed_s == 2


def test_three_agreeing_fixes_make_a_new_anchor() -> None:
    """Where the car really is elsewhere, the third fix is believed, and the gap counts for nothing."""
    gps = GpsFilter()

    said = verdicts(gps, fix(0, 0), fix(1, 1, 9000), fix(2, 2, 9010), fix(3, 3, 9020))

    assert said == [FixVerdict.ACCEPTED, FixVerdict.JUMP, FixVerdict.JUMP, FixVerdict.ACCEPTED]
    assert (gps.n, gps.moved_m, gps.elapsed_s) == (3, 0, 0)
    gps.observe(*fix(4, 4, 9030), LATER)
    assert gps.moved_m == pytest.approx(10, abs=0.01)


def test_glitches_that_disagree_never_make_an_anchor() -> None:
    """Wild fixes far from each other are counted anew each time."""
    gps = GpsFilter()

    said = verdicts(gps, fix(0, 0), *(fix(n, n, 9000 * (1 + n % 2)) for n in range(1, 12)))

    assert said[1:] == [FixVerdict.JUMP] * 11
    assert gps.n == 0


def test_repeated_jump_does_not_count_twice() -> None:
    """A jump sent again agrees with itself, which proves nothing."""
    gps = GpsFilter()

    said = verdicts(gps, fix(0, 0), fix(1, 1, 9000), fix(1, 1, 9000), fix(1, 1, 9000))

    assert said[1:] == [FixVerdict.JUMP, FixVerdict.OLD, FixVerdict.OLD]
    assert gps.n == 0


def test_believed_fix_forgets_the_jumps_before_it() -> None:
    """Two jumps, a good fix, and a third jump are three glitches."""
    gps = GpsFilter()

    said = verdicts(gps, fix(0, 0), fix(1, 1, 9000), fix(2, 2, 9000), fix(3, 3, 5), fix(4, 4, 9000))

    assert said[3:] == [FixVerdict.ACCEPTED, FixVerdict.JUMP]


def test_anchor_sets_the_place_to_go_on_from() -> None:
    """After a restore the way counts from the checkpoint's place."""
    gps = GpsFilter()

    gps.anchor(7, CityTime(50), LAT, LNG)

    assert FixVerdict.OLD is gps.observe(*fix(6, 50), LATER)
    assert FixVerdict.ACCEPTED is gps.observe(*fix(8, 60, 30), LATER)
    assert gps.moved_m == pytest.approx(30, abs=0.01)


def test_date_line_is_crossed_by_the_short_way() -> None:
    """A car in Fiji that crosses 180 degrees moved some metres, not around the earth."""
    assert plane_distance_m(-16.8, 179.9999, -16.8, -179.9999) == pytest.approx(21.3, abs=0.1)
    assert plane_distance_m(-16.8, -179.9999, -16.8, 179.9999) == pytest.approx(21.3, abs=0.1)


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

    assert plane_distance_m(lat, lng, *there) == pytest.approx(exact, rel=1e-4, abs=1e-3)


STEPS = st.lists(st.tuples(st.floats(-2, 30), st.floats(-3000, 3000)), max_size=40)


@given(steps=STEPS)
def test_believed_way_never_beats_the_speed_limit(steps: list[tuple[float, float]]) -> None:
    """Whatever is sent, the distance counted is one that a car could have driven in the time counted."""
    gps = GpsFilter()
    at = north = meters = seconds = 0.0
    last = float("-inf")
    for n, (step_s, step_m) in enumerate(steps):
        at, north = at + step_s, north + step_m
        if gps.observe(*fix(n, at, north), LATER) is FixVerdict.ACCEPTED:
            assert gps.at > last
            last = gps.at
        meters += gps.moved_m
        seconds += gps.elapsed_s

    assert meters <= seconds * gps.max_mps * (1 + 1e-9)

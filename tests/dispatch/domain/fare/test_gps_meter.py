"""The meter counts what was driven, and a crash costs nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.config.tariffs import read_tariff
from dispatch.domain.fare.gps_meter import Meter, MeterCheckpoint, MeterRules
from dispatch.geo.gps_filter import METERS_PER_DEGREE, FixVerdict, GpsFilter
from dispatch.values.units import CityTime

LAT, LNG = 37.7793, -122.4193
LATER = CityTime(1e9)
Fix = tuple[int, float, float, float]
RULES = MeterRules(waiting_kmh=18)


def fix(n: int, at: float, north_m: float) -> Fix:
    """A fix ``north_m`` metres north of the city hall."""
    return n, at, LAT + north_m / METERS_PER_DEGREE, LNG


def started(at: float = 0.0) -> tuple[GpsFilter, Meter]:
    """A ride that begins at ``at`` beside the city hall."""
    gps = GpsFilter()
    gps.observe(*fix(0, at, 0), LATER)
    return gps, Meter.start(RULES, gps, CityTime(at))


def drive(gps: GpsFilter, meter: Meter, fixes: list[Fix]) -> list[MeterCheckpoint]:
    """Feed the fixes; the checkpoints that came due."""
    return [
        meter.checkpoint(gps) for one in fixes if gps.observe(*one, LATER) is FixVerdict.ACCEPTED and meter.feed(gps)
    ]


def test_distance_and_waiting_are_counted_by_mean_speed() -> None:
    """A stretch below the waiting speed is waiting, and its metres are marked as slow."""
    gps, meter = started()

    drive(gps, meter, [fix(1, 10, 100), fix(2, 70, 110), fix(3, 80, 210)])

    assert meter.meters == pytest.approx(210, abs=0.01)
    assert meter.waiting_s == pytest.approx(60)
    assert meter.slow_m == pytest.approx(10, abs=0.01)


def test_waiting_speed_itself_is_driving() -> None:
    """Waiting is below the speed: no waiting where the tariff has none (0 km/h)."""
    gps = GpsFilter()
    gps.observe(*fix(0, 0, 0), LATER)
    meter = Meter.start(MeterRules(waiting_kmh=0), gps, CityTime(0))

    drive(gps, meter, [fix(1, 100, 0)])

    assert (meter.meters, meter.waiting_s) == (0, 0)


@pytest.mark.parametrize(
    ("fixes", "due"),
    [
        ([fix(1, 5, 199)], []),
        ([fix(1, 5, 200.01)], [1]),
        ([fix(1, 9.9, 10)], []),
        ([fix(1, 10, 10)], [1]),
        ([fix(1, 6, 150), fix(2, 9, 260), fix(3, 14, 380), fix(4, 19, 390)], [2, 4]),
    ],
)
def test_checkpoint_is_due_each_200_m_or_10_s(fixes: list[Fix], due: list[int]) -> None:
    """A checkpoint is due when either has passed since the last one."""
    gps, meter = started()

    assert due == [taken.fix_n for taken in drive(gps, meter, fixes)]


def test_due_stays_until_the_checkpoint_is_taken() -> None:
    """A checkpoint that could not be taken at once is still due."""
    gps, meter = started()

    gps.observe(*fix(1, 10, 50), LATER)

    assert meter.feed(gps)
    assert meter.due(gps)
    meter.checkpoint(gps)
    assert not meter.due(gps)


def test_checkpoint_says_how_the_meter_stands() -> None:
    """What is written holds all that the meter and the gps need to go on."""
    gps, meter = started()

    (taken,) = drive(gps, meter, [fix(1, 4, 4), fix(2, 14, 84)])

    assert taken == MeterCheckpoint(meter.meters, 4.0, CityTime(14), 2, gps.lat, gps.lng, meter.slow_m)
    assert meter.last is taken


def test_gap_of_a_jump_is_not_charged() -> None:
    """A new anchor after a jump adds neither metres nor waiting."""
    gps, meter = started()

    drive(gps, meter, [fix(1, 1, 9000), fix(2, 2, 9010), fix(3, 3, 9020), fix(4, 4, 9030)])

    assert meter.meters == pytest.approx(10, abs=0.01)
    assert meter.waiting_s == 0


def test_only_the_share_within_the_ride_is_charged() -> None:
    """Of a stretch that began before the ride, the part of its time after the start counts."""
    gps = GpsFilter()
    gps.observe(*fix(0, 0, 0), LATER)
    meter = Meter.start(RULES, gps, CityTime(90))

    drive(gps, meter, [fix(1, 80, 400), fix(2, 100, 600)])

    assert meter.meters == pytest.approx(100, abs=0.01)
    assert meter.waiting_s == 0


def test_ride_that_begins_without_a_fix() -> None:
    """A street hail by the taximeter may begin before the car has ever been seen: the first fix is the anchor."""
    gps = GpsFilter()
    meter = Meter.start(RULES, gps, CityTime(50))
    assert meter.last == MeterCheckpoint(0.0, 0.0, CityTime(50), -1, 0.0, 0.0)
    assert meter.checkpoint(gps) == meter.last

    restored = GpsFilter()
    again = Meter.restore(RULES, restored, CityTime(50), meter.last)
    assert not restored.anchored
    drive(restored, again, [fix(0, 55, 0), fix(1, 65, 100)])

    assert again.meters == pytest.approx(100, abs=0.01)


def test_a_first_fix_from_before_the_ride_counts_nothing() -> None:
    """The first fix may be older than the ride: it is the anchor, and took no time."""
    gps = GpsFilter()
    meter = Meter.start(RULES, gps, CityTime(50))

    drive(gps, meter, [fix(0, 45, 0), fix(1, 55, 100)])

    assert meter.meters == pytest.approx(50, abs=0.01)


def test_reading_is_the_tariff_on_the_measure() -> None:
    """What the passenger sees on the way is the fare of what was measured so far."""
    gps, meter = started()
    drive(gps, meter, [fix(1, 60, 1000), fix(2, 190, 1010)])

    fare = meter.reading(read_tariff("san_francisco"), CityTime(190), from_airport=True)

    assert [line.kind for line in fare.lines] == ["flag_fall", "distance", "waiting", "airport"]
    assert fare.total.plain() == "10.25"
    assert meter.measure(CityTime(-1)).ended_at == meter.started_at


STEPS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.5, 1.0, 7.0, 60.0]), st.sampled_from([-20.0, 0.0, 3.0, 41.5, 900.0, 20_000.0])),
    min_size=1,
    max_size=60,
)


@given(steps=STEPS, crash=st.integers(0, 59), uncommitted=st.integers(0, 3))
def test_crash_costs_nothing(steps: list[tuple[float, float]], crash: int, uncommitted: int) -> None:
    """Restored from the last committed checkpoint and fed what was not heard, the meter shows the same."""
    at = north = 0.0
    fixes = []
    for n, (step_s, step_m) in enumerate(steps, 1):
        at, north = at + step_s, north + step_m
        fixes.append(fix(n, at, north))
    gps, meter = started()
    begin = meter.last
    drive(gps, meter, fixes)

    doomed_trace, doomed = started()
    taken = drive(doomed_trace, doomed, fixes[:crash])
    committed = [begin, *taken][: max(1, len(taken) + 1 - uncommitted)][-1]
    new_trace = GpsFilter()
    restored = Meter.restore(RULES, new_trace, CityTime(0), committed)
    drive(new_trace, restored, [one for one in fixes if one[0] > committed.fix_n])

    assert (meter.meters, meter.waiting_s, meter.slow_m) == (restored.meters, restored.waiting_s, restored.slow_m)
    assert (gps.n, gps.at) == (new_trace.n, new_trace.at)
    assert meter.last == restored.last

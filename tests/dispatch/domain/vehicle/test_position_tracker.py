"""What a car is heard of: which fixes count, and what a crash leaves to be told again."""

from dispatch.actors.core.protocol import FixRow
from dispatch.domain.vehicle.position_tracker import Odometer
from dispatch.geo.gps_filter import Verdict
from dispatch.values.units import CityTime
from tests.dispatch.domain.builders import LAT, LNG, NOON, RULES


def fix(n: int, after_s: float, north_m: float = 0.0, source: int = 0, heading: float | None = None) -> FixRow:
    return FixRow("V1", source, n, NOON + after_s, LAT + north_m / 111_195.0, LNG, None, heading)


def heard(odometer: Odometer, *fixes: FixRow) -> list[Verdict]:
    return [odometer.hear(one, one.at) for one in fixes]


def riding() -> Odometer:
    """On a ride since fix 1."""
    odometer = Odometer(RULES)
    heard(odometer, fix(1, 0))
    odometer.resume(CityTime(NOON), odometer.begin(NOON))
    return odometer


def test_never_heard() -> None:
    """A new car has not been heard for ever."""
    odometer = Odometer(RULES)

    assert odometer.heard_at == float("-inf")
    assert odometer.take() is None
    assert not odometer.checkpoint_due


def test_heard_at_is_the_newest_fix() -> None:
    """Fixes that were gathered offline and come late do not make the car less fresh."""
    odometer = Odometer(RULES)

    heard(odometer, fix(2, 20, heading=90.0), fix(1, 10))

    assert (odometer.heard_at, odometer.heading) == (NOON + 20, 90.0)


def test_fix_from_the_future_is_not_heard() -> None:
    """It neither counts nor makes the car fresh."""
    odometer = riding()

    verdict = odometer.hear(fix(2, 100), NOON)

    assert (verdict, odometer.heard_at, odometer.unsafe) == (Verdict.FUTURE, NOON, [])


def test_second_source_counts_only_while_the_first_is_silent() -> None:
    """The taximeter's GPS stands in for a phone that has gone quiet."""
    odometer = Odometer(RULES)
    heard(odometer, fix(1, 0))

    soon, late = heard(odometer, fix(1, 30, 10, source=1), fix(2, 31, 20, source=1))

    assert (soon, late) == (Verdict.OLD, Verdict.ACCEPTED)
    assert (odometer.source, odometer.heard_at) == (1, NOON + 31)


def test_fixes_of_a_ride_are_unsafe_until_a_checkpoint_is_committed() -> None:
    """Jumps too: what they were judged by must be judged again."""
    odometer = riding()

    heard(odometer, fix(2, 5, 50), fix(3, 6, 5000), fix(4, 12, 120), fix(4, 12, 120))

    assert [one.n for one in odometer.unsafe] == [2, 3, 4]
    taken = odometer.take()
    assert taken is not None
    odometer.checkpointed(taken)
    assert [one.n for one in odometer.unsafe] == [2, 3, 4]
    assert odometer.safe_until(taken.at) == 4
    assert odometer.unsafe == []


def test_one_checkpoint_at_a_time() -> None:
    """While one is on its way into the journal, no other is due."""
    odometer = riding()
    heard(odometer, fix(2, 11, 100))
    assert odometer.checkpoint_due

    taken = odometer.take()
    heard(odometer, fix(3, 25, 250))
    while_taken = odometer.checkpoint_due
    assert taken is not None
    odometer.checkpointed(taken)

    assert odometer.safe_until(taken.at) == 2
    assert (while_taken, odometer.checkpoint_due) == (False, True)
    assert [one.n for one in odometer.unsafe] == [3]


def test_own_checkpoint_leaves_the_meter_running() -> None:
    """What was driven while the checkpoint was on its way is not lost."""
    odometer = riding()
    heard(odometer, fix(2, 11, 100))
    taken = odometer.take()
    heard(odometer, fix(3, 20, 220))
    before = odometer.meter
    assert taken is not None
    odometer.checkpointed(taken)

    assert odometer.meter is before


def test_folded_checkpoint_sets_the_meter() -> None:
    """On a restore, the meter goes on from the last checkpoint of the stream."""
    first = riding()
    heard(first, fix(2, 11, 100), fix(3, 20, 220))
    taken = first.take()
    assert taken is not None
    restored = riding()

    restored.checkpointed(taken)

    assert restored.meter is not None
    assert (restored.meter.meters, restored.trace.n) == (taken.meters, 3)


def test_crash_costs_nothing() -> None:
    """A copy that went on from the last checkpoint and heard the unsafe fixes again measures the same, to the bit."""
    odometer = riding()
    heard(odometer, fix(2, 11, 100))
    taken = odometer.take()
    assert taken is not None
    odometer.checkpointed(taken)
    odometer.safe_until(taken.at)
    heard(odometer, fix(3, 20, 220), fix(4, 21, 9000), fix(5, 30, 400))
    restored = Odometer(RULES)
    restored.resume(CityTime(NOON), taken)

    restored.follow(odometer, NOON + 30)

    assert restored.meter is not None
    assert odometer.meter is not None
    assert restored.meter.meters == odometer.meter.meters > 380
    assert (restored.trace.n, restored.heard_at, restored.unsafe) == (5, NOON + 30, odometer.unsafe)


def test_follow_without_a_ride_takes_the_position_over() -> None:
    """A vehicle whose decision was not committed is still where it was."""
    before = Odometer(RULES)
    heard(before, fix(1, 0, source=1, heading=45.0), fix(2, 5, 50, source=1, heading=46.0))
    after = Odometer(RULES)

    after.follow(before, NOON + 6)

    assert (after.trace.n, after.source, after.heard_at, after.heading) == (2, before.source, NOON + 5, 46.0)


def test_stop_ends_the_meter() -> None:
    """After the ride nothing is measured; its fixes are safe when its end is committed."""
    odometer = riding()
    heard(odometer, fix(2, 11, 100))

    odometer.stop()
    heard(odometer, fix(3, 12, 110))

    assert (odometer.meter, odometer.checkpoint_due) == (None, False)
    assert [one.n for one in odometer.unsafe] == [2, 3]
    assert odometer.settle() == 3
    heard(odometer, fix(4, 13, 120))
    assert odometer.unsafe == []

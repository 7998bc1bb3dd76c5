"""What a car is heard of: which fixes count, and what a crash leaves to be told again."""

from dispatch.domain.vehicle.position_tracker import FixRow, PositionTracker
from dispatch.geo.gps_filter import FixVerdict
from dispatch.values.units import CityTime
from tests.dispatch.domain.builders import LAT, LNG, NOON, RULES


def fix(n: int, after_s: float, north_m: float = 0.0, source: int = 0, heading: float | None = None) -> FixRow:
    return FixRow("V1", source, n, NOON + after_s, LAT + north_m / 111_195.0, LNG, None, heading)


def observe_all(tracker: PositionTracker, *fixes: FixRow) -> list[FixVerdict]:
    return [tracker.observe(one, one.at) for one in fixes]


def riding() -> PositionTracker:
    """On a ride since fix 1."""
    tracker = PositionTracker(RULES)
    observe_all(tracker, fix(1, 0))
    tracker.resume_meter(CityTime(NOON), tracker.start_checkpoint(NOON))
    return tracker


def test_never_observe_all() -> None:
    """A new car has not been heard for ever."""
    tracker = PositionTracker(RULES)

    assert tracker.last_fix_at == float("-inf")
    assert tracker.take_checkpoint() is None
    assert not tracker.checkpoint_due


def test_heard_at_is_the_newest_fix() -> None:
    """Fixes that were gathered offline and come late do not make the car less fresh."""
    tracker = PositionTracker(RULES)

    observe_all(tracker, fix(2, 20, heading=90.0), fix(1, 10))

    assert (tracker.last_fix_at, tracker.heading) == (NOON + 20, 90.0)


def test_fix_from_the_future_is_not_observe_all() -> None:
    """It neither counts nor makes the car fresh."""
    tracker = riding()

    verdict = tracker.observe(fix(2, 100), NOON)

    assert (verdict, tracker.last_fix_at, tracker.unacked) == (FixVerdict.FUTURE, NOON, [])


def test_second_source_counts_only_while_the_first_is_silent() -> None:
    """The taximeter's GPS stands in for a phone that has gone quiet."""
    tracker = PositionTracker(RULES)
    observe_all(tracker, fix(1, 0))

    soon, late = observe_all(tracker, fix(1, 30, 10, source=1), fix(2, 31, 20, source=1))

    assert (soon, late) == (FixVerdict.OLD, FixVerdict.ACCEPTED)
    assert (tracker.source, tracker.last_fix_at) == (1, NOON + 31)


def test_fixes_of_a_ride_are_unsafe_until_a_checkpoint_is_committed() -> None:
    """Jumps too: what they were judged by must be judged again."""
    tracker = riding()

    observe_all(tracker, fix(2, 5, 50), fix(3, 6, 5000), fix(4, 12, 120), fix(4, 12, 120))

    assert [one.n for one in tracker.unacked] == [2, 3, 4]
    taken = tracker.take_checkpoint()
    assert taken is not None
    tracker.on_commit()
    assert [one.n for one in tracker.unacked] == [2, 3, 4]
    assert tracker.ack_until(taken.at) == 4
    assert tracker.unacked == []


def test_one_checkpoint_at_a_time() -> None:
    """While one is on its way into the journal, no other is due."""
    tracker = riding()
    observe_all(tracker, fix(2, 11, 100))
    assert tracker.checkpoint_due

    taken = tracker.take_checkpoint()
    observe_all(tracker, fix(3, 25, 250))
    while_taken = tracker.checkpoint_due
    assert taken is not None
    tracker.on_commit()

    assert tracker.ack_until(taken.at) == 2
    assert (while_taken, tracker.checkpoint_due) == (False, True)
    assert [one.n for one in tracker.unacked] == [3]


def test_own_checkpoint_leaves_the_meter_running() -> None:
    """What was driven while the checkpoint was on its way is not lost."""
    tracker = riding()
    observe_all(tracker, fix(2, 11, 100))
    taken = tracker.take_checkpoint()
    observe_all(tracker, fix(3, 20, 220))
    before = tracker.meter
    assert taken is not None
    tracker.on_commit()

    assert tracker.meter is before


def test_folded_checkpoint_sets_the_meter() -> None:
    """On a restore, the meter goes on from the last checkpoint of the stream."""
    first = riding()
    observe_all(first, fix(2, 11, 100), fix(3, 20, 220))
    taken = first.take_checkpoint()
    assert taken is not None
    restored = riding()

    restored.on_replay(taken)

    assert restored.meter is not None
    assert (restored.meter.meters, restored.gps.n) == (taken.meters, 3)


def test_crash_costs_nothing() -> None:
    """A copy that went on from the last checkpoint and heard the unsafe fixes again measures the same, to the bit."""
    tracker = riding()
    observe_all(tracker, fix(2, 11, 100))
    taken = tracker.take_checkpoint()
    assert taken is not None
    tracker.on_commit()
    tracker.ack_until(taken.at)
    observe_all(tracker, fix(3, 20, 220), fix(4, 21, 9000), fix(5, 30, 400))
    restored = PositionTracker(RULES)
    restored.resume_meter(CityTime(NOON), taken)

    restored.take_over(tracker, NOON + 30)

    assert restored.meter is not None
    assert tracker.meter is not None
    assert restored.meter.meters == tracker.meter.meters > 380
    assert (restored.gps.n, restored.last_fix_at, restored.unacked) == (5, NOON + 30, tracker.unacked)


def test_follow_without_a_ride_takes_the_position_over() -> None:
    """A vehicle whose decision was not committed is still where it was."""
    before = PositionTracker(RULES)
    observe_all(before, fix(1, 0, source=1, heading=45.0), fix(2, 5, 50, source=1, heading=46.0))
    after = PositionTracker(RULES)

    after.take_over(before, NOON + 6)

    assert (after.gps.n, after.source, after.last_fix_at, after.heading) == (2, before.source, NOON + 5, 46.0)


def test_stop_ends_the_meter() -> None:
    """After the ride nothing is measured; its fixes are safe when its end is committed."""
    tracker = riding()
    observe_all(tracker, fix(2, 11, 100))

    tracker.stop_meter()
    observe_all(tracker, fix(3, 12, 110))

    assert (tracker.meter, tracker.checkpoint_due) == (None, False)
    assert [one.n for one in tracker.unacked] == [2, 3]
    assert tracker.ack_all() == 3
    observe_all(tracker, fix(4, 13, 120))
    assert tracker.unacked == []

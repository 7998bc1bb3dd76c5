"""The small rules of an app: stream order, commands that wait, unacked fixes, appointments, motion, the street."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.api.fields import Cursor
from dispatch.api.server_messages import Accepted, Rejected
from dispatch.clock import ManualClock
from dispatch.domain.errors import ErrorCode
from dispatch.geo.distance import haversine_m
from dispatch.geo.straight_line import StraightLine
from dispatch.values.units import CityTime, LatLng
from sim.city.route_progress import BENCH_MPS, Drive
from sim.client.pending_commands import Answer, PendingCommands
from sim.client.stream_check import StreamCursors, StreamOrder
from sim.client.unacked_fixes import UnackedFixes
from sim.time.scheduler import Scheduler
from sim.time.server_clock import ServerClock

A, B = LatLng(37.78, -122.41), LatLng(37.76, -122.43)


def test_stream_order() -> None:
    """The next number is fine; a repeat and a gap are named, and the first number may be any."""
    cursors = StreamCursors()
    said = [cursors.update("trip:t", seq) for seq in (3, 4, 4, 7, 8)]
    assert said == [StreamOrder.NEXT, StreamOrder.NEXT, StreamOrder.REPEAT, StreamOrder.GAP, StreamOrder.NEXT]
    assert cursors.resume() == [Cursor("trip:t", 8)]


def test_snapshots_after_a_resume() -> None:
    """A snapshot may jump ahead, never back; one that claims that all was told must not jump."""
    cursors = StreamCursors()
    cursors.update("trip:t", 5)
    assert cursors.snapshot("trip:t", 5, recovered=True) is StreamOrder.NEXT
    assert cursors.snapshot("trip:t", 9, recovered=False) is StreamOrder.NEXT
    assert cursors.snapshot("trip:t", 11, recovered=True) is StreamOrder.GAP
    assert cursors.snapshot("trip:t", 10, recovered=False) is StreamOrder.BACKWARDS


def test_a_left_stream_is_not_looked_at() -> None:
    """What still comes of it is neither resumed nor a breach."""
    cursors = StreamCursors()
    cursors.follow("trip:t")
    assert cursors.resume() == [Cursor("trip:t", 0)]
    cursors.leave("trip:t")
    assert cursors.update("trip:t", 9) is StreamOrder.NEXT
    assert cursors.resume() == []


def test_commands_are_sent_again_until_answered() -> None:
    """Silence is waited out with growing pauses; the answer ends it, a second answer is ignored."""
    heard: list[Answer] = []
    commands = PendingCommands()
    commands.add("c1", b"body", heard.append, 0.0)
    sent_at = [now for now in range(60) if commands.due(float(now))]
    pauses = [b - a for a, b in pairwise(sent_at)]
    assert sent_at[0] == 2
    assert pauses == sorted(pauses)
    assert max(pauses) <= 15
    for _ in range(2):
        commands.answer(Accepted(id="c1"), 60.0)
    assert len(heard) == 1
    assert len(commands) == 0


def test_troubles_of_the_system_are_waited_out_refusals_are_not() -> None:
    """BUSY brings the command again; VEHICLE_STALE, retryable as it is, is the app's to think about."""
    heard: list[Answer] = []
    commands = PendingCommands()
    commands.add("c1", b"body", heard.append, 0.0)
    commands.answer(Rejected(ErrorCode.BUSY, "", retryable=True, id="c1"), 0.0)
    assert heard == []
    assert commands.due(1.0) == [b"body"]
    assert commands.all(1.0) == [b"body"]
    commands.answer(Rejected(ErrorCode.VEHICLE_STALE, "", retryable=True, id="c1"), 1.0)
    assert len(heard) == 1


@given(st.lists(st.integers(0, 30), max_size=40))
def test_fixes_are_kept_until_heard(steps: list[int]) -> None:
    """Whatever is heard when: numbers rise by one, and exactly those above the highest heard are kept."""
    unacked = UnackedFixes(first=1)
    taken, heard = 0, 0
    for step in steps:
        if step % 3:
            taken = unacked.add(0.0, 0.0, 0.0, 0.0, 0.0).n
        else:
            told = min(step, taken)
            unacked.ack(told)
            heard = max(heard, told)
    kept = [fix.n for message in unacked.resends() for fix in message.fixes]
    assert kept == list(range(heard + 1, taken + 1))


def test_heard_that_is_no_news_asks_for_the_rest() -> None:
    """The same number told again means that the other side began anew."""
    unacked = UnackedFixes(first=1)
    for _ in range(5):
        unacked.add(0.0, 0.0, 0.0, 0.0, 0.0)
    assert not unacked.ack(3)
    assert unacked.ack(3)
    assert unacked.ack(2)
    assert not unacked.ack(4)


def test_many_unheard_fixes_go_in_several_messages() -> None:
    """No message holds more than the protocol allows."""
    unacked = UnackedFixes(first=1)
    for _ in range(1100):
        unacked.add(0.0, 0.0, 0.0, 0.0, 0.0)
    assert [len(message.fixes) for message in unacked.resends()] == [500, 500, 100]


def test_appointments_are_kept_in_order_and_can_be_called_off() -> None:
    """By time, then by when they were made; city seconds count by the clock's speed."""
    clock = ManualClock(1000.0, speed=10.0)
    scheduler, done = Scheduler(clock), list[str]()
    scheduler.after(2.0, lambda: done.append("late"))
    scheduler.after_city(10.0, lambda: done.append("early"))
    scheduler.after_city(10.0, lambda: done.append("second"))
    scheduler.after(1.0, lambda: done.append("never")).cancel()
    clock.advance(15.0)
    scheduler.run_due()
    assert done == ["early", "second"]
    clock.advance(10.0)
    scheduler.run_due()
    assert done == ["early", "second", "late"]


def test_the_servers_clock_is_taken_over() -> None:
    """Time and speed of the first welcome; later ones only where they differ by more than the network's delay."""
    machine = ManualClock(50.0)
    clock = ServerClock(machine)
    assert not clock.known
    clock.synchronise(9000.0, 10.0)
    machine.advance(2.0)
    assert clock.city() == 9020.0
    clock.synchronise(9025.0, 10.0)
    assert clock.city() == 9020.0
    clock.synchronise(7000.0, 10.0)
    assert clock.city() == 7000.0
    assert clock.wall_until(CityTime(7100.0)) == 10.0


@given(st.lists(st.floats(-50, 700), min_size=1))
def test_a_drive_moves_evenly_from_start_to_end(times: list[float]) -> None:
    """At every time the car is on its way, as far as its share of the time."""
    route = StraightLine().route(A, B, CityTime(0.0))
    drive = Drive.along(route, CityTime(0.0))
    for at in sorted(times):
        position = drive.at(at)
        share = min(1.0, max(0.0, at / route.seconds))
        driven = haversine_m(A, LatLng(position.lat, position.lng))
        assert driven == pytest.approx(share * haversine_m(A, B), abs=1.0)


def test_a_fixed_time_drive_ends_in_time_and_is_no_jump() -> None:
    """A bench's ride lasts as long as asked, however far the place is."""
    drive = Drive.for_seconds(A, B, 60.0, CityTime(0.0))
    assert drive.ends_at == 60.0
    assert haversine_m(A, drive.end) == pytest.approx(60 * BENCH_MPS, rel=0.01)


def test_a_drive_to_where_one_is_takes_no_time() -> None:
    """Nothing is divided by zero."""
    drive = Drive((A, A), 0.0, CityTime(5.0))
    assert drive.at(5.0)[:2] == A

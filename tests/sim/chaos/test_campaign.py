"""Figures by kind of fault, flat, for one JSON object."""

from __future__ import annotations

import msgspec

from sim.chaos.campaign import RecoveryTimes
from sim.chaos.fault_schedule import SOCKETS, Fault


def test_figures_by_kind() -> None:
    """Counts, the middle and the worst; JSON takes them as they are."""
    recovery_times = RecoveryTimes()
    for seconds in (0.5, 3.0, 1.0):
        recovery_times.add(Fault("kill", "trip host"), seconds)
    recovery_times.add(Fault("pause", "gateway"), 5.25)
    recovery_times.add(SOCKETS, 0.25)

    numbers = recovery_times.numbers()

    assert (numbers["faults"], numbers["kills"], numbers["pauses"]) == (5, 3, 1)
    assert (numbers["recovery_p50_s"], numbers["recovery_max_s"]) == (1.0, 5.25)
    assert (numbers["kill_trip_host"], numbers["recovery_kill_trip_host_p50_s"]) == (3, 1.0)
    assert numbers["recovery_kill_trip_host_max_s"] == 3.0
    assert numbers["recovery_cut_sockets_max_s"] == 0.25
    assert msgspec.json.decode(msgspec.json.encode(numbers)) == numbers


def test_a_fault_that_was_never_got_over() -> None:
    """It counts as a kill, has no seconds, and is told."""
    recovery_times = RecoveryTimes()
    recovery_times.lost(Fault("kill", "raylet"))

    assert recovery_times.never == ["kill raylet"]
    assert recovery_times.numbers()["kills"] == 1
    assert recovery_times.numbers()["recovery_p50_s"] is None

"""Figures by kind of fault, flat, for one JSON object."""

from __future__ import annotations

import msgspec

from sim.chaos.fault_schedule import SOCKETS, Fault
from sim.chaos.recovery_times import Recoveries


def test_figures_by_kind() -> None:
    """Counts, the middle and the worst; JSON takes them as they are."""
    recoveries = Recoveries()
    for seconds in (0.5, 3.0, 1.0):
        recoveries.add(Fault("kill", "trip host"), seconds)
    recoveries.add(Fault("pause", "gateway"), 5.25)
    recoveries.add(SOCKETS, 0.25)

    numbers = recoveries.numbers()

    assert (numbers["faults"], numbers["kills"], numbers["pauses"]) == (5, 3, 1)
    assert (numbers["recovery_p50_s"], numbers["recovery_max_s"]) == (1.0, 5.25)
    assert (numbers["kill_trip_host"], numbers["recovery_kill_trip_host_p50_s"]) == (3, 1.0)
    assert numbers["recovery_kill_trip_host_max_s"] == 3.0
    assert numbers["recovery_cut_sockets_max_s"] == 0.25
    assert msgspec.json.decode(msgspec.json.encode(numbers)) == numbers


def test_a_fault_that_was_never_got_over() -> None:
    """It counts as a kill, has no seconds, and is told."""
    recoveries = Recoveries()
    recoveries.lost(Fault("kill", "raylet"))

    assert recoveries.never == ["kill raylet"]
    assert recoveries.numbers()["kills"] == 1
    assert recoveries.numbers()["recovery_p50_s"] is None

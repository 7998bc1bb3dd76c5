"""The cases of ``bench payments``."""

from __future__ import annotations

from collections import Counter

import msgspec

from bench.payments.cases import CRASH_POINTS, cases, faults_of


def test_the_cases_are_complete() -> None:
    """Every case once, every fault understood, every call and crash point in it."""
    every = list(cases())

    assert len(set(map(msgspec.json.encode, every))) == len(every)
    assert all(faults_of(case) or not case.fault for case in every)
    assert {case.crash for case in every} == set(CRASH_POINTS)
    calls = Counter((case.way, case.call) for case in every if not case.seed)
    assert {call for way, call in calls if way == "scan"} == {"scan", "query", "cancel", "refund", "notice"}
    assert {call for way, call in calls if way == "page"} == {"create", "query", "close", "cancel", "refund", "notice"}

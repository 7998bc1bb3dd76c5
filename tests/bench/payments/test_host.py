"""Crashes of the payment host."""

from __future__ import annotations

from bench.payments.host import Crash, is_final
from dispatch.actors.core.protocol import Done, Refused
from dispatch.domain.errors import ErrorCode


def test_a_crash_happens_once_at_its_call() -> None:
    """At the chosen call of this name, counted at its crash point alone."""
    crash = Crash("unanswered", "query", nth=2)
    assert not crash.happens_at("before", "query")
    assert not crash.happens_at("unanswered", "refund")
    assert not crash.happens_at("unanswered", "query")
    assert crash.happens_at("unanswered", "query")
    assert not crash.happens_at("unanswered", "query")
    assert crash.happened


def test_a_busy_host_is_asked_again() -> None:
    """Acceptance and refusal are final."""
    assert is_final(Done(1, "paid"))
    assert is_final(Refused(ErrorCode.UNKNOWN_VEHICLE))
    assert not is_final(Refused(ErrorCode.BUSY))

"""The pure parts of ``bench restart``."""

from __future__ import annotations

import pytest

from bench.recovery.restart import Acknowledged, RestartPlan, run
from dispatch.actors.core.protocol import Done
from dispatch.domain.entity import EntityKey


def test_the_last_acknowledgement_counts() -> None:
    """An older number, told later, does not take back a newer one."""
    key = EntityKey("vehicle", "V1")
    acknowledged = Acknowledged({}, {})
    acknowledged.record(key, Done(2, "idle"))
    acknowledged.record(key, Done(1, "idle"))
    assert (acknowledged.seq[key], acknowledged.state[key]) == (2, "idle")


def test_impossible_options_are_refused() -> None:
    """Before anything starts."""
    with pytest.raises(ValueError, match="a car each"):
        run(RestartPlan(cars=10, trips=11, in_flight=0))

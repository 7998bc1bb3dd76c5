"""The figures of ``bench payments``."""

from __future__ import annotations

import msgspec

from bench.payments.checks import CaseResult
from bench.payments.run import counted

GOOD = CaseResult(
    case="c",
    state="paid",
    paid=True,
    struck=True,
    died=False,
    charged_twice=False,
    lost=False,
    unknown=False,
    unbalanced=False,
    off_the_bill=False,
    alarms=2,
    why="",
)


def test_results_are_counted_by_kind() -> None:
    """A result that is wrong in another way than the four named ones counts as otherwise wrong."""
    lost = msgspec.structs.replace(GOOD, lost=True, unbalanced=True, paid=False)
    odd = msgspec.structs.replace(GOOD, why="a handler failed", died=True)
    figures = counted([GOOD, lost, odd])
    assert (figures["cases"], figures["collected"], figures["struck"], figures["died"]) == (3, 2, 3, 1)
    assert (figures["lost"], figures["unbalanced"], figures["charged_twice"]) == (1, 1, 0)
    assert (figures["otherwise_wrong"], figures["alarms"]) == (1, 6)

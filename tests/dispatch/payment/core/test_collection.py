"""The table of answers: one handler for every answer, and no row that never applies."""

from __future__ import annotations

from itertools import product
from typing import get_args

from dispatch.payment.core.collection import TABLE, _matches
from dispatch.payment.core.port import Way

STANDINGS = ("current", "superseded", "settled", "failed", "checking")
QUESTIONS = ("place", "query", "close", "cancel")
KINDS = (
    *("placed", "waiting", "paid", "trade_closed", "pending", "not_found", "closed", "cancelled", "nothing_to_cancel"),
    *("status_changed", "retryable", "no_trade", "refused", "refunded", "unknown"),
)
ALL = list(product(STANDINGS, QUESTIONS, KINDS, get_args(Way)))


def row_of(*facts: str) -> int:
    return next(number for number, row in enumerate(TABLE) if all(map(_matches, row, facts)))


def test_every_row_applies_to_something() -> None:
    """No row is hidden behind the rows above it."""
    assert {row_of(*facts) for facts in ALL} == set(range(len(TABLE)))


def test_patterns_name_facts_that_exist() -> None:
    """A misspelt pattern would never match."""
    for *patterns, _ in TABLE:
        for pattern, known in zip(patterns, (STANDINGS, QUESTIONS, KINDS, get_args(Way)), strict=True):
            assert pattern == "*" or set(str(pattern).split("|")) <= set(known)


def test_an_open_attempt_ignores_no_answer_to_its_last_call() -> None:
    """Each one is followed by a step: a call, a timer or an end."""
    assert not [facts for facts in ALL if facts[0] == "current" and row_of(*facts) == len(TABLE) - 1]

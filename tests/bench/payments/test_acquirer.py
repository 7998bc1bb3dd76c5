"""The documented example in place of an acquirer."""

from __future__ import annotations

from bench.payments.acquirer import ExampleAcquirer
from dispatch.clock import ManualClock


def test_codes_tell_whether_a_password_is_needed() -> None:
    """By their last digit; no code is shown twice."""
    acquirer = ExampleAcquirer(ManualClock(1.76e9))
    codes = [acquirer.bar_code(password=number % 2 == 1) for number in range(4)]
    assert [code[-1] for code in codes] == ["1", "9", "1", "9"]
    assert len(set(codes)) == 4


def test_nothing_is_due_without_a_payment() -> None:
    """No order, no balance, no notification."""
    acquirer = ExampleAcquirer(ManualClock(1.76e9))
    assert (acquirer.next_due(), acquirer.balances("T1"), acquirer.strikes()) == (None, [], 0)

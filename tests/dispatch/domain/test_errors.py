"""The numbered tables of errors and close codes."""

from __future__ import annotations

import pytest

from dispatch.domain.errors import (
    CLOSE_TEXTS,
    ERRORS,
    CloseCode,
    DispatchError,
    ErrorCode,
    IllegalMoveError,
    may_reconnect,
)


def test_every_number_has_its_text() -> None:
    """No code is without a text, and each text is a sentence of its own."""
    assert set(ERRORS) == set(ErrorCode)
    assert set(CLOSE_TEXTS) == set(CloseCode)
    assert len({spec.text for spec in ERRORS.values()}) == len(ERRORS)
    assert all(text.endswith(".") for text in [*CLOSE_TEXTS.values(), *(spec.text for spec in ERRORS.values())])


def test_an_error_names_its_detail_and_field() -> None:
    """The text for people ends with the detail; the text of a log names code and field too."""
    error = DispatchError(ErrorCode.TRIP_CHANGED, field="trip", detail="t1")

    assert error.text == f"{ERRORS[ErrorCode.TRIP_CHANGED].text} (t1)"
    assert str(error) == f"4007 {error.text} at trip"
    assert error.retryable


def test_an_illegal_move_names_state_and_event() -> None:
    """A refused transition says what was tried in which state."""
    error = IllegalMoveError(ErrorCode.TRIP_ILLEGAL_MOVE, entity="trip t1", state="paid", event="trip_cancelled")

    assert error.text.endswith("(trip t1 is paid: no trip_cancelled)")
    assert not error.retryable


@pytest.mark.parametrize(("code", "again"), [(CloseCode.SLOW, True), (CloseCode.REPLACED, False)])
def test_codes_below_4500_ask_to_reconnect(code: CloseCode, *, again: bool) -> None:
    """A client reads from the number alone whether to come back."""
    assert may_reconnect(code) is again

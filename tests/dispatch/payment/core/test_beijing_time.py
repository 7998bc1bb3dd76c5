"""Days and clock times are Beijing's, wherever the server runs."""

import pytest

from dispatch.payment.core.beijing_time import beijing_day, format_compact_time, format_time

NEW_YEAR = 1735660800.0
"""2025-01-01 00:00:00 in Beijing."""


def test_times_are_written_in_beijing() -> None:
    """The last second of a year is followed by the first of the next."""
    assert format_time(NEW_YEAR - 1) == "2024-12-31 23:59:59"
    assert format_time(NEW_YEAR) == "2025-01-01 00:00:00"
    assert format_compact_time(NEW_YEAR) == "20250101000000"


@pytest.mark.parametrize("text", ["2024-02-29 08:00:00", "20240229080000"])
def test_a_day_is_read_from_both_forms(text: str) -> None:
    """Alipay writes times in two forms."""
    assert beijing_day(text, NEW_YEAR) == "2024-02-29"


@pytest.mark.parametrize("text", ["", "2024-02-30 08:00:00", "noon", "\uff12\uff10\uff12\uff14-02-29"])
def test_without_a_day_the_time_of_receipt_counts(text: str) -> None:
    """A time that cannot be read, or none, means the day on which the message came."""
    assert beijing_day(text, NEW_YEAR) == "2025-01-01"
    assert beijing_day(text, NEW_YEAR - 1) == "2024-12-31"

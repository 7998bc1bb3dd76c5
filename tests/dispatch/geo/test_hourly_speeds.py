"""Hour factors."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from dispatch.geo.hourly_speeds import HourFactors
from dispatch.values.units import CityTime

RISING = tuple(1 + h / 100 for h in range(24))
FALLING = tuple(2 - h / 100 for h in range(24))


def test_the_citys_own_clock_and_week_count() -> None:
    """The factor is that of the local hour, also across summer time, and of weekends on Saturday and Sunday."""
    hours = HourFactors("America/Los_Angeles", RISING, FALLING)
    zone = ZoneInfo("America/Los_Angeles")
    for when, factor in (
        (datetime(2008, 5, 30, 17, 59, tzinfo=zone), RISING[17]),
        (datetime(2008, 1, 4, 0, 0, tzinfo=zone), RISING[0]),
        (datetime(2008, 5, 31, 17, 0, tzinfo=zone), FALLING[17]),
        (datetime(2008, 6, 1, 23, 0, tzinfo=zone), FALLING[23]),
    ):
        assert hours.at(CityTime(when.timestamp())) == factor


def test_wrong_factors_are_refused() -> None:
    """There are 24 of each, above zero; without any, all hours are alike."""
    assert HourFactors().at(CityTime(0.0)) == 1.0
    with pytest.raises(ValueError, match="24"):
        HourFactors("UTC", (1.0,) * 23)
    with pytest.raises(ValueError, match="above zero"):
        HourFactors("UTC", (0.0,) * 24)
    with pytest.raises(ValueError, match="no time zone"):
        HourFactors("Asia/Atlantis")

"""Local hour of the day and of the week at a city time."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from dispatch.values.units import CityTime

WEEK_HOURS: Final = 168
HOUR_S: Final = 3600.0
_SATURDAY: Final = 5


class Moment(NamedTuple):
    """``week_hour``: 0 is Monday 00 h. ``day_bucket``: the hour of the day, plus 24 at weekends."""

    week_hour: int
    day_bucket: int


class LocalTime:
    """Local time of one time zone (a name as in ``America/Los_Angeles``)."""

    def __init__(self, time_zone: str) -> None:
        self.time_zone = time_zone
        self._zone = ZoneInfo(time_zone)
        self._hour = -1
        self._moment = Moment(0, 0)

    def moment(self, at: float) -> Moment:
        """The UTC offset must be a whole number of hours."""
        hour = int(at // HOUR_S)
        if hour != self._hour:
            self._hour = hour
            local = datetime.fromtimestamp(hour * HOUR_S, self._zone)
            weekend = 24 if local.weekday() >= _SATURDAY else 0
            self._moment = Moment(local.weekday() * 24 + local.hour, local.hour + weekend)
        return self._moment

    def city_time(self, day: date, hour: float) -> CityTime:
        """The city time at which local clocks show ``hour`` of ``day``."""
        return CityTime(datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp() + hour * HOUR_S)

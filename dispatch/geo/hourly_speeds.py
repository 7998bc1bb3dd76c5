"""Travel-time factors by local hour of day."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dispatch.values.units import CityTime

_EVEN = (1.0,) * 24


@dataclass(frozen=True, slots=True)
class HourFactors:
    """Multipliers of travel seconds for each local hour 0 to 23, on weekdays and at weekends."""

    time_zone: str = "UTC"
    weekday: tuple[float, ...] = _EVEN
    weekend: tuple[float, ...] = _EVEN

    def __post_init__(self) -> None:
        if len(self.weekday) != 24 or len(self.weekend) != 24:
            raise ValueError("hour factors need 24 values for weekdays and 24 for weekends")
        if min(self.weekday + self.weekend) <= 0:
            raise ValueError("hour factors must be above zero")
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"no time zone {self.time_zone!r}") from error

    def at(self, at: CityTime) -> float:
        local = datetime.fromtimestamp(at, ZoneInfo(self.time_zone))
        return (self.weekend if local.weekday() >= 5 else self.weekday)[local.hour]

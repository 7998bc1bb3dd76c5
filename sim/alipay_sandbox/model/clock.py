"""The sandbox's clock in Unix seconds, and Alipay's formats of Beijing time."""

from __future__ import annotations

import datetime as dt
import time
from typing import Final, Protocol

BEIJING: Final = dt.timezone(dt.timedelta(hours=8))


class WallClock(Protocol):
    """The current time."""

    def wall(self) -> float: ...


class SystemClock:
    """The machine's clock."""

    def wall(self) -> float:
        return time.time()


def beijing_text(at: float | None) -> str:
    """``yyyy-MM-dd HH:mm:ss`` in Beijing; blank for None."""
    if at is None:
        return ""
    return f"{dt.datetime.fromtimestamp(at, BEIJING):%Y-%m-%d %H:%M:%S}"


def from_beijing_text(text: str) -> float:
    """Unix seconds of ``yyyy-MM-dd HH:mm:ss`` or of milliseconds since 1970. Raises ``ValueError``."""
    if text.isascii() and text.isdigit() and len(text) == 13:
        return int(text) / 1000
    return dt.datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING).timestamp()


def end_of_beijing_day(at: float) -> float:
    """The next midnight in Beijing, Unix seconds."""
    today = dt.datetime.fromtimestamp(at, BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today + dt.timedelta(days=1)).timestamp()


def beijing_millis(at: float) -> str:
    return f"{beijing_text(at)}.{int(at * 1000) % 1000:03d}"


def beijing_compact(at: float) -> str:
    return f"{dt.datetime.fromtimestamp(at, BEIJING):%Y%m%d%H%M%S}"


def beijing_day(day: dt.date) -> float:
    return dt.datetime.combine(day, dt.time(), BEIJING).timestamp()

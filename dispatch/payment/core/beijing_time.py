"""Times as Alipay reads and writes them: days and clock times in Beijing."""

import datetime as dt
from typing import Final

BEIJING: Final = dt.timezone(dt.timedelta(hours=8))


def beijing_day(text: str, received_at: float) -> str:
    """The day of a time that Alipay wrote (``yyyy-MM-dd HH:mm:ss`` or ``yyyyMMddHHmmss`` in Beijing).

    If the text has no valid day, the day of receipt (``received_at`` in wall seconds).
    """
    digits = "".join(c for c in text if c.isascii() and c.isdigit())[:8]
    try:
        return dt.date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])).isoformat()
    except ValueError:
        return dt.datetime.fromtimestamp(received_at, BEIJING).date().isoformat()


def format_compact_time(wall: float) -> str:
    """Wall seconds as ``yyyyMMddHHmmss`` in Beijing, for scanned payments."""
    return f"{dt.datetime.fromtimestamp(wall, BEIJING):%Y%m%d%H%M%S}"


def format_time(wall: float) -> str:
    """Wall seconds as ``yyyy-MM-dd HH:mm:ss`` in Beijing."""
    return f"{dt.datetime.fromtimestamp(wall, BEIJING):%Y-%m-%d %H:%M:%S}"

"""Beijing's time, as Alipay writes it."""

from __future__ import annotations

import datetime as dt
from typing import Final

BEIJING: Final = dt.timezone(dt.timedelta(hours=8))


def stamp(wall: float) -> str:
    """``yyyy-MM-dd HH:mm:ss`` of wall seconds since 1970."""
    return f"{dt.datetime.fromtimestamp(wall, BEIJING):%Y-%m-%d %H:%M:%S}"

"""Tariffs: a company's prices, read from TOML.

``dispatch/config/tariffs`` contains two examples. ``fare.fare`` explains the effect of each field.
"""

from datetime import time
from decimal import Decimal
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from dispatch.values.money import MINOR_DIGITS, Money

Count = Literal["started", "completed", "proportion"]
Application = Literal["single", "double"]


class TariffError(ValueError):
    """The text is not a valid tariff; the message names the problem and its place."""


class FlagFall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The initial price, including the first ``meters``."""

    amount: Decimal
    meters: Decimal


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``amount`` per step of ``step_m`` metres (``label`` for people), up to ``up_to_m`` from the ride's start.

    The last band has no ``up_to_m``. ``counted`` defines how an incomplete step is charged.
    """

    amount: Decimal
    step_m: Decimal
    label: str
    counted: Count = "proportion"
    up_to_m: Decimal | None = None


class Waiting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``amount`` per ``step_s`` seconds below ``below_kmh``, or the first band's price of ``as_meters``."""

    below_kmh: float
    step_s: Decimal
    label: str
    amount: Decimal | None = None
    as_meters: Decimal | None = None
    counted: Count = "completed"
    application: Application = "single"


class Night(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A surcharge of ``percent`` from ``start`` to ``end``, the city's local time; the window may span midnight."""

    start: time
    end: time
    percent: Decimal


class Airport(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A surcharge on rides that start in the named ``zone``."""

    zone: str
    amount: Decimal


class GraceFee(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fee that is due after ``after_s`` seconds (city time)."""

    amount: Decimal
    after_s: float


class Tariff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A company's prices. Amounts are major units (``"3.50"``) of ``currency``, lengths are metres."""

    name: str
    source: str
    currency: str
    time_zone: str
    flag_fall: FlagFall
    bands: tuple[Band, ...]
    waiting: Waiting
    cancellation: GraceFee
    no_show: GraceFee
    night: Night | None = None
    airport: Airport | None = None

    def __post_init__(self) -> None:
        for problem in _problems(self):
            raise ValueError(problem)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def zero(self) -> Money:
        return Money.zero(self.currency)


def load_tariff(text: str) -> Tariff:
    """Parse a tariff. Raises :class:`TariffError` with one line that names the place."""
    try:
        return msgspec.toml.decode(text, type=Tariff, strict=True)
    except msgspec.MsgspecError as error:
        raise TariffError(str(error)) from error


def _problems(tariff: Tariff) -> list[str]:
    problems = []
    if tariff.currency not in MINOR_DIGITS:
        problems.append(f"currency must be one of {', '.join(MINOR_DIGITS)}, not {tariff.currency!r}")
    if not _zone_exists(tariff.time_zone):
        problems.append(f"time_zone must be a name of the IANA database, not {tariff.time_zone!r}")
    if any(amount < 0 for amount in _amounts(tariff)):
        problems.append("amounts, lengths and times must not be below zero")
    if any(step <= 0 for step in (tariff.waiting.step_s, *(band.step_m for band in tariff.bands))):
        problems.append("step_m and step_s must be above zero")
    if (tariff.waiting.amount is None) == (tariff.waiting.as_meters is None):
        problems.append("waiting must have either amount or as_meters")
    return problems + _band_problems(tariff)


def _band_problems(tariff: Tariff) -> list[str]:
    if not tariff.bands or tariff.bands[-1].up_to_m is not None:
        return ["bands must have a last one without up_to_m"]
    ends = [tariff.flag_fall.meters, *(band.up_to_m for band in tariff.bands[:-1])]
    rising = all(b is not None and a is not None and a < b for a, b in pairwise(ends))
    return [] if rising else ["up_to_m must rise from band to band, from the flag fall's meters on"]


def _amounts(tariff: Tariff) -> list[Decimal]:
    night = tariff.night.percent if tariff.night else Decimal(0)
    airport = tariff.airport.amount if tariff.airport else Decimal(0)
    waiting = tariff.waiting
    return [
        tariff.flag_fall.amount,
        tariff.flag_fall.meters,
        *(band.amount for band in tariff.bands),
        waiting.amount or Decimal(0),
        waiting.as_meters or Decimal(0),
        Decimal(repr(waiting.below_kmh)),
        tariff.cancellation.amount,
        tariff.no_show.amount,
        Decimal(repr(min(tariff.cancellation.after_s, tariff.no_show.after_s))),
        night,
        airport,
    ]


def _zone_exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        return False
    return True

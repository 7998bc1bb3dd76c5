"""Fares: computes the price of a ride, line by line, from a tariff and the measured ride.

Rule 1: the estimate and the final fare come from the same function, so they differ only if route, time or waiting
differ.
Rule 2: each line is rounded half up to the currency's smallest unit, and the total is the sum of the lines.

Decisions where public tariffs leave a choice:

- A distance band charges each *started* step, each *completed* step, or in *proportion*. "Each additional
  one-fifth mile or fraction thereof" (SFMTA taxi fares 2011-2022) is *started*.
- Waiting is charged for each completed unit: "each minute of waiting or traffic time delay" (SFMTA) has no
  "fraction thereof", and a meter advances when the minute is over.
- In *single* application a slow section is charged as waiting and its metres are not charged as distance; in
  *double* application both are charged (the modes S and D of a taximeter, Directive 2014/32/EU, annex IX). If a tariff
  has one unit price for a step and for a minute, its waiting speed is the cross-over speed with equal cost of both.
- The night surcharge applies to the share of the ride's time that lies in the night (the city's local time), not to
  the whole ride by the time of its start, so a minute more or less changes the fare only slightly. It is charged on
  flag fall, distance and waiting, not on an airport's fee.
- A cancellation costs a fee only if the passenger cancels and the driver's approach exceeded the grace time.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from dispatch.domain.fare.tariff import Count, GraceFee, Night, Tariff, load_tariff
from dispatch.values.money import Money
from dispatch.values.units import CityTime, Meters, Seconds

__all__ = [
    "Fare", "FareLine", "LineKind", "RideMeasure", "Tariff", "cancellation_fee", "estimate", "fare_of", "load_tariff",
    "metered", "night_share", "no_show_fee",
]  # fmt: skip

LineKind = Literal[
    "flag_fall", "distance", "waiting", "night", "airport", "taximeter", "typed", "cancellation", "no_show"
]
_NO_WAITING = Seconds(0.0)


class RideMeasure(msgspec.Struct, frozen=True):
    """The measured ride: metres, seconds of waiting, and its start and end in city time.

    ``slow_m`` is the part of ``meters`` driven below the waiting speed.
    """

    meters: Meters
    waiting_s: Seconds
    started_at: CityTime
    ended_at: CityTime
    from_airport: bool = False
    slow_m: Meters = Meters(0.0)


class FareLine(msgspec.Struct, frozen=True):
    """One line of a fare: ``quantity`` of ``unit`` costs ``amount``; ``text`` is for people."""

    kind: LineKind
    text: str
    quantity: float
    unit: str
    amount: Money


class Fare(msgspec.Struct, frozen=True):
    """A price and its lines. ``total`` is the sum of the lines."""

    total: Money
    lines: tuple[FareLine, ...]


class _Steps(NamedTuple):
    """The number of charged steps and their exact amount."""

    charged: Decimal
    amount: Decimal


def fare_of(tariff: Tariff, measure: RideMeasure) -> Fare:
    lines = [
        _line(tariff, "flag_fall", _flag_text(tariff), tariff.flag_fall.amount),
        *_distance_lines(tariff, _charged_m(tariff, measure)),
        *_waiting_lines(tariff, measure.waiting_s),
    ]
    lines.extend(_night_lines(tariff, measure, _sum(tariff, lines)))
    if measure.from_airport and tariff.airport is not None:
        text = f"From the airport ({tariff.airport.zone})"
        lines.append(_line(tariff, "airport", text, tariff.airport.amount))
    return Fare(total=_sum(tariff, lines), lines=tuple(lines))


def estimate(
    tariff: Tariff,
    meters: Meters,
    seconds: Seconds,
    at: CityTime,
    *,
    from_airport: bool = False,
    waiting_s: Seconds = _NO_WAITING,
) -> Fare:
    """The price of a ride of ``meters`` that starts at ``at`` and takes ``seconds`` (city time)."""
    measure = RideMeasure(
        meters=meters,
        waiting_s=waiting_s,
        started_at=at,
        ended_at=CityTime(at + seconds),
        from_airport=from_airport,
    )
    return fare_of(tariff, measure)


def metered(tariff: Tariff, amount: Money) -> Fare:
    """The fare by the taximeter, which replaces the GPS meter, as one line.

    Raises ``ValueError`` for a negative amount or another currency than the tariff's.
    """
    if amount.currency != tariff.currency or amount.minor < 0:
        raise ValueError(f"a taximeter cannot show {amount} on a tariff in {tariff.currency}")
    line = FareLine(kind="taximeter", text="Reading of the taximeter", quantity=1.0, unit="ride", amount=amount)
    return Fare(total=amount, lines=(line,))


def cancellation_fee(tariff: Tariff, approach_s: Seconds, by: str) -> Fare:
    """The fee of a cancellation after the driver approached for ``approach_s`` (city time).

    Only a passenger (``by == "passenger"``) pays it, and only after the grace time.
    """
    grace = tariff.cancellation.after_s
    due = by == "passenger" and approach_s >= grace
    return _fee(tariff, "cancellation", f"Cancelled after {grace:g} s of approach", tariff.cancellation, due=due)


def no_show_fee(tariff: Tariff, waited_s: Seconds) -> Fare:
    """The fee for a no-show, after the driver waited ``waited_s`` (city time) at the pick-up."""
    grace = tariff.no_show.after_s
    return _fee(tariff, "no_show", f"Not there after {grace:g} s", tariff.no_show, due=waited_s >= grace)


def _fee(tariff: Tariff, kind: LineKind, text: str, fee: GraceFee, *, due: bool) -> Fare:
    lines = (_line(tariff, kind, text, fee.amount, unit="trip"),) if due else ()
    return Fare(total=_sum(tariff, lines), lines=lines)


def night_share(tariff: Tariff, started_at: CityTime, ended_at: CityTime) -> float:
    """The share, 0 to 1, of the time between two city times that lies in the tariff's night window.

    A ride without duration is entirely in the night or not at all, by its start.
    """
    if tariff.night is None:
        return 0.0
    until = max(ended_at, started_at + 0.001)
    first = datetime.fromtimestamp(started_at, UTC).astimezone(tariff.zone).date() - timedelta(days=1)
    days = int((until - started_at) // 86_400) + 3
    inside = 0.0
    for day in range(days):
        begin, end = _window(tariff.night, tariff.zone, first + timedelta(days=day))
        inside += max(0.0, min(end, until) - max(begin, started_at))
    return min(1.0, inside / (until - started_at))


def _window(night: Night, zone: ZoneInfo, day: date) -> tuple[float, float]:
    """The night that starts on ``day``, as Unix seconds; the time zone accounts for summer time."""
    begin = datetime.combine(day, night.start, zone)
    end = datetime.combine(day if night.end > night.start else day + timedelta(days=1), night.end, zone)
    return begin.timestamp(), end.timestamp()


def _charged_m(tariff: Tariff, measure: RideMeasure) -> Decimal:
    if tariff.waiting.application == "double":
        return _exact(measure.meters)
    return _exact(max(0.0, measure.meters - measure.slow_m))


def _distance_lines(tariff: Tariff, meters: Decimal) -> list[FareLine]:
    lines = []
    begin = tariff.flag_fall.meters
    for band in tariff.bands:
        end = meters if band.up_to_m is None else min(meters, band.up_to_m)
        if end > begin:
            steps = _steps(end - begin, band.step_m, band.amount, band.counted)
            lines.append(_steps_line(tariff, "distance", steps, band.label, band.amount))
        if band.up_to_m is not None:
            begin = band.up_to_m
    return lines


def _waiting_lines(tariff: Tariff, waiting_s: Seconds) -> list[FareLine]:
    waiting = tariff.waiting
    price = _waiting_price(tariff)
    steps = _steps(_exact(waiting_s), waiting.step_s, price, waiting.counted)
    return [_steps_line(tariff, "waiting", steps, waiting.label, price)] if steps.charged else []


def _waiting_price(tariff: Tariff) -> Decimal:
    waiting = tariff.waiting
    if waiting.amount is not None:
        return waiting.amount
    return tariff.bands[0].amount * (waiting.as_meters or Decimal(0)) / tariff.bands[0].step_m


def _night_lines(tariff: Tariff, measure: RideMeasure, running: Money) -> list[FareLine]:
    share = night_share(tariff, measure.started_at, measure.ended_at)
    if tariff.night is None or share == 0.0:
        return []
    night = tariff.night
    amount = running.decimal() * night.percent / 100 * Decimal(repr(share))
    text = f"Night {night.start:%H:%M}-{night.end:%H:%M}, +{night.percent}% on {share:.0%} of the ride"
    return [_line(tariff, "night", text, amount, quantity=round(share * 100, 2), unit="%")]


def _steps(quantity: Decimal, step: Decimal, price: Decimal, counted: Count) -> _Steps:
    charged = quantity / step
    if counted == "started":
        charged = charged.to_integral_value(ROUND_CEILING)
    elif counted == "completed":
        charged = charged.to_integral_value(ROUND_FLOOR)
    return _Steps(charged, charged * price)


def _steps_line(tariff: Tariff, kind: LineKind, steps: _Steps, label: str, price: Decimal) -> FareLine:
    charged = steps.charged.quantize(Decimal("0.001")).normalize()
    text = f"{charged:f} x {label} at {Money.rounded(price, tariff.currency).plain()}"
    return _line(tariff, kind, text, steps.amount, quantity=float(charged), unit=label)


def _line(
    tariff: Tariff, kind: LineKind, text: str, amount: Decimal, *, quantity: float = 1.0, unit: str = "ride"
) -> FareLine:
    return FareLine(kind, text, quantity, unit, Money.rounded(amount, tariff.currency))


def _flag_text(tariff: Tariff) -> str:
    return f"Flag fall, first {float(tariff.flag_fall.meters):,.0f} m included"


def _sum(tariff: Tariff, lines: Iterable[FareLine]) -> Money:
    return sum((line.amount for line in lines), tariff.zero())


def _exact(quantity: float) -> Decimal:
    """Metres or seconds to four digits, so that rounding errors of floats never start another step."""
    return Decimal(f"{quantity:.4f}")

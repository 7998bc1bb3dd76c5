"""Fares: a tariff, which is data, turns what was measured of a ride into lines that add up to its price.

Rule 1: the estimate and the final fare come from the same function, so they differ only because route, time or
waiting differed.
Rule 2: each line is rounded half up to the currency's smallest unit, and the total is the sum of the lines.

Decisions, where public tariffs leave one:

- A distance band charges each *started* step, each *completed* step, or in *proportion*. "Each additional
  one-fifth mile or fraction thereof" (SFMTA taxi fares 2011-2022) is *started*.
- Waiting is charged for each completed unit: "each minute of waiting or traffic time delay" (SFMTA) has no
  "fraction thereof", and a meter falls when its minute is over.
- In *single* application a slow stretch is charged as waiting and its metres are not charged as distance; in
  *double* application both are (the modes S and D of a taximeter, Directive 2014/32/EU, annex IX). Where a tariff has
  one unit price for a step and for a minute, its waiting speed is the cross-over speed, at which both cost the same.
- The night surcharge applies to the share of the ride's time that lies in the night (the city's local time), not to
  all or nothing by the time of the start: a minute more or less moves the fare a little, never by its whole rate.
  It is taken on flag fall, distance and waiting, not on an airport's fee.
- A cancellation costs only when the passenger cancels and the driver had been on the way longer than the grace.
"""

from __future__ import annotations

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
    """What was measured of a ride: metres driven, seconds of waiting, and between which city times.

    ``slow_m`` is the part of ``meters`` that was driven below the waiting speed.
    """

    meters: Meters
    waiting_s: Seconds
    started_at: CityTime
    ended_at: CityTime
    from_airport: bool = False
    slow_m: Meters = Meters(0.0)


class FareLine(msgspec.Struct, frozen=True):
    """One line of a fare: ``quantity`` of ``unit`` cost ``amount``; ``text`` is for people."""

    kind: LineKind
    text: str
    quantity: float
    unit: str
    amount: Money


class Fare(msgspec.Struct, frozen=True):
    """A price and how it was made. ``total`` is the sum of the lines."""

    total: Money
    lines: tuple[FareLine, ...]


class _Steps(NamedTuple):
    """How many steps were charged, and the exact amount for them."""

    charged: Decimal
    amount: Decimal


def fare_of(tariff: Tariff, measure: RideMeasure) -> Fare:
    """The fare of a ride by the tariff's own meter rules."""
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
    """What a ride of ``meters`` would cost that begins at ``at`` and takes ``seconds`` (city time)."""
    measure = RideMeasure(
        meters=meters,
        waiting_s=waiting_s,
        started_at=at,
        ended_at=CityTime(at + seconds),
        from_airport=from_airport,
    )
    return fare_of(tariff, measure)


def metered(tariff: Tariff, amount: Money) -> Fare:
    """The fare that a taximeter shows: it wins over our own meter, and one line says so.

    Raises ``ValueError`` for an amount below zero or in another currency than the tariff's.
    """
    if amount.currency != tariff.currency or amount.minor < 0:
        raise ValueError(f"a taximeter cannot show {amount} on a tariff in {tariff.currency}")
    line = FareLine(kind="taximeter", text="Reading of the taximeter", quantity=1.0, unit="ride", amount=amount)
    return Fare(total=amount, lines=(line,))


def cancellation_fee(tariff: Tariff, approach_s: Seconds, by: str) -> Fare:
    """What a cancellation costs after a driver has approached for ``approach_s`` (city time).

    Only a passenger (``by == "passenger"``) pays, and only when the grace is over.
    """
    grace = tariff.cancellation.after_s
    due = by == "passenger" and approach_s >= grace
    return _fee(tariff, "cancellation", f"Cancelled after {grace:g} s of approach", tariff.cancellation, due=due)


def no_show_fee(tariff: Tariff, waited_s: Seconds) -> Fare:
    """What it costs not to come, after the driver has waited for ``waited_s`` (city time) at the pick-up."""
    grace = tariff.no_show.after_s
    return _fee(tariff, "no_show", f"Not there after {grace:g} s", tariff.no_show, due=waited_s >= grace)


def _fee(tariff: Tariff, kind: LineKind, text: str, fee: GraceFee, *, due: bool) -> Fare:
    lines = (_line(tariff, kind, text, fee.amount, unit="trip"),) if due else ()
    return Fare(total=_sum(tariff, lines), lines=lines)


def night_share(tariff: Tariff, started_at: CityTime, ended_at: CityTime) -> float:
    """The share, 0 to 1, of the time between two city times that lies in the tariff's night window.

    A ride without duration counts as its start: wholly or not at all.
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
    """The night that begins on ``day``, as Unix seconds; summer time is the zone's affair."""
    begin = datetime.combine(day, night.start, zone)
    end = datetime.combine(day if night.end > night.start else day + timedelta(days=1), night.end, zone)
    return begin.timestamp(), end.timestamp()


def _charged_m(tariff: Tariff, measure: RideMeasure) -> Decimal:
    """The metres that count as distance."""
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
    """The price of one step of waiting."""
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
    """Metres or seconds to four digits: what floats add beyond that must not start another step."""
    return Decimal(f"{quantity:.4f}")

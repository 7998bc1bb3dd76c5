"""Fares follow the published tariffs, line by line."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.config.tariffs import read_tariff
from dispatch.domain.fare.fare import (
    Fare,
    RideMeasure,
    Tariff,
    cancellation_fee,
    estimate,
    fare_of,
    load_tariff,
    metered,
    night_share,
    no_show_fee,
)
from dispatch.values.money import Money
from dispatch.values.units import CityTime, Meters, Seconds
from tests.dispatch.domain.fare.fare_samples import NIGHTS

SF = read_tariff("san_francisco")
SHANGHAI = read_tariff("shanghai")
FIFTH = 321.8688  # metres of 1/5 mile
NOON = 12.0


def at(tariff: Tariff, hour: float, day: dt.date = dt.date(2018, 6, 4)) -> CityTime:
    """The city time of a local hour, 0 to 48."""
    midnight = dt.datetime.combine(day, dt.time(), ZoneInfo(tariff.time_zone))
    return CityTime(midnight.timestamp() + hour * 3600)


def ride(
    tariff: Tariff,
    meters: float,
    waiting_s: float = 0,
    *,
    hour: float = NOON,
    seconds: float = 600,
    from_airport: bool = False,
    slow_m: float = 0,
) -> Fare:
    """The fare of a ride that begins at a local hour."""
    begin = at(tariff, hour)
    return fare_of(
        tariff,
        RideMeasure(Meters(meters), Seconds(waiting_s), begin, CityTime(begin + seconds), from_airport, Meters(slow_m)),
    )


@pytest.mark.parametrize(
    ("meters", "waiting_s", "total"),
    [
        (0, 0, "3.50"),
        (FIFTH, 0, "3.50"),
        (FIFTH + 1, 0, "4.05"),
        (FIFTH * 2, 0, "4.05"),
        (FIFTH * 101, 0, "58.50"),
        (FIFTH * 2 + 0.01, 0, "4.60"),
        (0, 59.9, "3.50"),
        (0, 60, "4.05"),
        (0, 119, "4.05"),
        (16093.44, 300, "33.20"),  # 10 miles: 49 steps, and 5 minutes
    ],
)
def test_san_francisco_started_fifths_and_full_minutes(meters: float, waiting_s: float, total: str) -> None:
    """Each started 1/5 mile and each full minute of waiting costs 0.55 (SFMTA taxi fares 2011-2022)."""
    assert total == ride(SF, meters, waiting_s).total.plain()


@pytest.mark.parametrize(
    ("meters", "waiting_s", "total"),
    [
        (3000, 0, "14.00"),
        (4000, 0, "16.50"),
        (3500, 0, "15.25"),
        (15_000, 0, "44.00"),
        (20_000, 0, "62.00"),
        (3000, 239, "14.00"),
        (3000, 240, "16.50"),
        (4000, 480, "21.50"),
    ],
)
def test_shanghai_bands_and_waiting_as_a_kilometre(meters: float, waiting_s: float, total: str) -> None:
    """3 km for 14, then 2.50 a km, 3.60 beyond 15 km; four minutes of waiting cost a kilometre."""
    assert total == ride(SHANGHAI, meters, waiting_s).total.plain()


def test_slow_metres_are_waiting_in_single_application_only() -> None:
    """San Francisco charges a slow stretch as time instead of distance, Shanghai as both."""
    assert ride(SF, FIFTH * 6, 240, slow_m=FIFTH * 4) == ride(SF, FIFTH * 2, 240)
    assert ride(SHANGHAI, 5000, 240, slow_m=2000) == ride(SHANGHAI, 5000, 240)


def test_airport_surcharge_is_a_line_of_its_own() -> None:
    """A ride from the airport costs 4.00 more in San Francisco; Shanghai's tariff has no such line."""
    line = ride(SF, 0, from_airport=True).lines[-1]

    assert (line.kind, line.amount) == ("airport", Money.parse("4.00", "USD"))
    assert ride(SHANGHAI, 0, from_airport=True) == ride(SHANGHAI, 0)


@pytest.mark.parametrize(
    ("hour", "seconds", "share"),
    [
        (12, 600, 0),
        (23, 600, 1),
        (2, 600, 1),
        (4.5, 3600, 0.5),
        (22.5, 3600, 0.5),
        (22, 8 * 3600, 0.75),
        (0, 86_400, 0.25),
        (0, 10 * 86_400, 0.25),
        (23, 0, 1),
        (5, 0, 0),
        (4.9999, 0, 1),
    ],
)
def test_night_share_is_the_part_of_the_ride_between_23_and_5(hour: float, seconds: float, share: float) -> None:
    """The night counts by local time, over midnight, and a ride without duration by its start."""
    begin = at(SHANGHAI, hour)

    assert night_share(SHANGHAI, begin, CityTime(begin + seconds)) == pytest.approx(share)


def test_night_surcharge_is_taken_on_the_metered_lines() -> None:
    """30 % on flag fall, distance and waiting, for the share of the ride in the night."""
    by_day, by_night = ride(SHANGHAI, 5000, 240), ride(SHANGHAI, 5000, 240, hour=1)
    half = ride(SHANGHAI, 5000, 240, hour=22.5, seconds=3600)

    assert (by_day.total.plain(), by_night.total.plain(), half.total.plain()) == ("21.50", "27.95", "24.73")
    assert half.lines[-1].text == "Night 23:00-05:00, +30% on 50% of the ride"


def test_night_follows_summer_time() -> None:
    """On the day the clocks change, the night is as long as the local clock makes it."""
    text = NIGHTS.format(night='[night]\nstart = 00:00:00\nend = 04:00:00\npercent = "20"')
    tariff = load_tariff(text)
    begin = at(tariff, 0, dt.date(2008, 3, 9))  # 02:00 became 03:00

    assert night_share(tariff, begin, CityTime(begin + 4 * 3600)) == pytest.approx(0.75)


def test_estimate_is_the_fare_of_what_it_supposes() -> None:
    """If route, time and waiting come out as supposed, the fare is the estimate."""
    begin = at(SHANGHAI, 22.9)

    guess = estimate(SHANGHAI, Meters(8000), Seconds(1200), begin, waiting_s=Seconds(250))

    assert guess == ride(SHANGHAI, 8000, 250, hour=22.9, seconds=1200)
    assert estimate(SF, Meters(900), Seconds(60), begin, from_airport=True).lines[-1].kind == "airport"


def test_taximeter_wins_with_one_line() -> None:
    """Where there is a taximeter, its reading is the fare and the line says so."""
    fare = metered(SF, Money(1234, "USD"))

    assert fare.total == Money(1234, "USD")
    assert [(line.kind, line.amount) for line in fare.lines] == [("taximeter", fare.total)]


@pytest.mark.parametrize("amount", [Money(-1, "USD"), Money(100, "CNY")])
def test_taximeter_cannot_show_nonsense(amount: Money) -> None:
    """A reading below zero or in another currency is an error."""
    with pytest.raises(ValueError, match="cannot show"):
        metered(SF, amount)


@pytest.mark.parametrize(
    ("approach_s", "by", "total"),
    [(299, "passenger", "0.00"), (300, "passenger", "5.00"), (900, "driver", "0.00"), (900, "dispatcher", "0.00")],
)
def test_cancellation_costs_the_passenger_after_the_grace(approach_s: float, by: str, total: str) -> None:
    """Who cancels in time, or is not the passenger, pays nothing: and then there is no line either."""
    fee = cancellation_fee(SF, Seconds(approach_s), by)

    assert total == fee.total.plain()
    assert bool(fee.lines) == (fee.total > Money.zero("USD"))


@pytest.mark.parametrize(("waited_s", "total"), [(299, "0.00"), (301, "5.00")])
def test_no_show_costs_after_the_wait(waited_s: float, total: str) -> None:
    """Not to come costs once the driver has waited long enough."""
    assert total == no_show_fee(SHANGHAI, Seconds(waited_s)).total.plain()


LENGTHS = st.floats(0, 200_000)
WAITS = st.floats(0, 40_000)
HOURS = st.floats(0, 47)
TARIFFS = st.sampled_from([SF, SHANGHAI])


@given(tariff=TARIFFS, meters=LENGTHS, waiting=WAITS, hour=HOURS, seconds=WAITS, airport=st.booleans())
def test_lines_add_up_and_are_never_negative(
    *, tariff: Tariff, meters: float, waiting: float, hour: float, seconds: float, airport: bool
) -> None:
    """The total is the sum of the lines, and no line gives money back."""
    fare = ride(tariff, meters, waiting, hour=hour, seconds=seconds, from_airport=airport)

    assert fare.total.minor == sum(line.amount.minor for line in fare.lines)
    assert min(line.amount.minor for line in fare.lines) >= 0
    assert {line.amount.currency for line in fare.lines} == {tariff.currency}


@given(tariff=TARIFFS, meters=LENGTHS, waiting=WAITS, hour=HOURS, further=LENGTHS, longer=WAITS)
def test_more_way_or_waiting_never_costs_less(
    *, tariff: Tariff, meters: float, waiting: float, hour: float, further: float, longer: float
) -> None:
    """The fare rises with distance and with waiting, all else the same."""
    fare = ride(tariff, meters, waiting, hour=hour)

    assert fare.total <= ride(tariff, meters + further, waiting, hour=hour).total
    assert fare.total <= ride(tariff, meters, waiting + longer, hour=hour).total

"""The rules that a session applies."""

from __future__ import annotations

from dispatch.actors.core.protocol import Quote
from dispatch.domain.fare.fare import estimate
from dispatch.values.place import Place
from dispatch.values.units import CityTime, Meters, Seconds, WallTime
from tests.dispatch.domain.builders import NOON, RULES
from ws_gateway.session.identity import Identity, price_by


def test_an_estimate_is_what_the_tariff_says() -> None:
    """The same total and lines as the tariff's own, line by line."""
    quote = Quote(seconds=600.0, meters=5_000.0, pickup_s=60.0)
    view = price_by(RULES)(Place(37.78, -122.41), quote, CityTime(NOON))
    fare = estimate(RULES.tariff, Meters(5_000.0), Seconds(600.0), CityTime(NOON))
    assert (view.total.minor, view.total.currency) == (fare.total.minor, fare.total.currency)
    assert [line.minor for line in view.lines] == [line.amount.minor for line in fare.lines]


def test_a_principal_has_the_vehicle_of_its_token() -> None:
    """Empty where there is none."""
    driver = Identity(role="driver", subject="D1", expires_at=WallTime(1.0), vehicle="V1")
    assert (driver.principal.role, driver.principal.id, driver.principal.vehicle) == ("driver", "D1", "V1")
    assert Identity(role="passenger", subject="P1", expires_at=WallTime(1.0)).principal.vehicle == ""

"""Fare estimates by the tariff that also determines the final fare."""

from __future__ import annotations

from dispatch.actors.core.protocol import Quote
from dispatch.api.fields import FareLineView, FareView, MoneyView
from dispatch.domain.fare.fare import estimate
from dispatch.domain.rules import Rules
from dispatch.values.place import Place
from dispatch.values.units import CityTime, Meters, Seconds
from ws_gateway.session.identity import Price


def price_by(rules: Rules) -> Price:
    """Prices by the company's tariff, with the surcharge for pick-ups at an airport."""

    def price(pickup: Place, quote: Quote, at: CityTime) -> FareView:
        from_airport = rules.from_airport(pickup.lat, pickup.lng)
        fare = estimate(rules.tariff, Meters(quote.meters), Seconds(quote.seconds), at, from_airport=from_airport)
        lines = [FareLineView(line.kind, line.text, line.quantity, line.unit, line.amount.minor) for line in fare.lines]
        return FareView(MoneyView(fare.total.minor, fare.total.currency), lines)

    return price

"""The client's identity as its token states it, and the rules that a session applies."""

from collections.abc import Callable

import msgspec

from dispatch.actors.core.protocol import Quote
from dispatch.api.fields import FareLineView, FareView, MoneyView
from dispatch.domain.entity import Principal
from dispatch.domain.fare.fare import estimate
from dispatch.domain.rules import Rules
from dispatch.geo.cells import Box
from dispatch.values.place import Place
from dispatch.values.roles import Role
from dispatch.values.units import CityTime, Meters, Seconds, WallTime


class Identity(msgspec.Struct, frozen=True):
    """The content of a valid token. A driver and a device have a ``vehicle``."""

    role: Role
    subject: str
    expires_at: WallTime
    session: str = ""
    vehicle: str | None = None
    issued_at: WallTime = WallTime(0.0)

    @property
    def principal(self) -> Principal:
        return Principal(self.role, self.subject, self.vehicle or "")


Verify = Callable[[str, WallTime], Identity]
"""Read a token at a wall time. Raises ``DispatchError``: ``BAD_TOKEN``, ``TOKEN_EXPIRED``, ``TOKEN_REVOKED``."""

Price = Callable[[Place, Quote, CityTime], FareView]
"""The fare estimate of a ride from a place along a quoted route that starts at a city time."""


class SessionRules(msgspec.Struct, frozen=True):
    """Inputs of command flows besides the message itself. ``secret`` is the key of ride codes."""

    secret: bytes
    price: Price
    served: Box | None = None
    """Places outside this box are refused; None: no limit."""


def price_by(rules: Rules) -> Price:
    """Estimates by the tariff that also determines the final fare, with the surcharge for pick-ups at an airport."""

    def price(pickup: Place, quote: Quote, at: CityTime) -> FareView:
        from_airport = rules.from_airport(pickup.lat, pickup.lng)
        fare = estimate(rules.tariff, Meters(quote.meters), Seconds(quote.seconds), at, from_airport=from_airport)
        lines = [FareLineView(line.kind, line.text, line.quantity, line.unit, line.amount.minor) for line in fare.lines]
        return FareView(MoneyView(fare.total.minor, fare.total.currency), lines)

    return price

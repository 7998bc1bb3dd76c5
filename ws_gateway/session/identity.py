"""Who is on the other side, as the session sees it; and the rules that it is given."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from dispatch.actors.core.protocol import Quote
from dispatch.api.fields import FareView
from dispatch.domain.entity import Principal
from dispatch.geo.cells import Box
from dispatch.values.place import Place
from dispatch.values.roles import Role
from dispatch.values.units import CityTime, WallTime


class Identity(msgspec.Struct, frozen=True):
    """What a valid token says. A driver and a device have a ``vehicle``."""

    role: Role
    subject: str
    expires_at: WallTime
    session: str = ""
    vehicle: str | None = None
    issued_at: WallTime = WallTime(0.0)

    @property
    def principal(self) -> Principal:
        """On whose behalf commands are sent."""
        return Principal(self.role, self.subject, self.vehicle or "")


Verify = Callable[[str, WallTime], Identity]
"""Read a token at a wall time. Raises ``DispatchError``: ``BAD_TOKEN``, ``TOKEN_EXPIRED``, ``TOKEN_REVOKED``."""

Price = Callable[[Place, Quote, CityTime], FareView]
"""What a ride from a place along a route that begins at a city time would cost."""


class SessionRules(msgspec.Struct, frozen=True):
    """What turns messages into commands beside what they say. ``secret`` makes ride codes."""

    secret: bytes
    price: Price
    served: Box | None = None
    """Places outside are refused; None: everything is served."""

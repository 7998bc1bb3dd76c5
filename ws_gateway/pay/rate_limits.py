"""How often one address or one visitor may ask for these pages. The bus counts, for all gateways together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple, Protocol

from starlette.requests import Request

from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.store.bus import BusUnavailableError
from ws_gateway.pay.signed_forms import PageSession

Allow = Callable[[str, float, int], Awaitable[bool]]
"""Whether something may be done now: what, how often a second, how often at once."""


class Limit(NamedTuple):
    """At most ``burst`` times at once, and ``per_s`` times a second after that."""

    per_s: float
    burst: int


ADDRESS: Final = Limit(40.0, 400)
"""Many phones share the address of their network."""
SESSION: Final = Limit(5.0, 40)
SIGN_IN: Final = Limit(4.0, 60)
"""Per address: each costs a call to Alipay."""


class Counting(Protocol):
    """What is needed here of :class:`dispatch.store.bus.Bus`."""

    async def allow(self, what: str, per_s: float, burst: int) -> bool:
        """Whether it may be done now. Raises ``BusUnavailableError``."""
        ...


def allowed_by(bus: Counting) -> Allow:
    """The bus counts; while it is down, nobody is kept from paying."""

    async def allow(what: str, per_s: float, burst: int) -> bool:
        try:
            return await bus.allow(what, per_s, burst)
        except BusUnavailableError:
            return True

    return allow


class PageLimits:
    """Raises ``DispatchError`` with ``TOO_MANY_ATTEMPTS`` for what is too often."""

    def __init__(self, allow: Allow) -> None:
        self._allow = allow

    async def page(self, request: Request, session: PageSession | None) -> None:
        """Any page, or question of a page."""
        await self._check(f"pay:from:{_address(request)}", ADDRESS)
        if session is not None:
            await self._check(f"pay:by:{session.sid}", SESSION)

    async def sign_in(self, request: Request) -> None:
        """The way to the authorization page and back."""
        await self._check(f"pay:sign_in:{_address(request)}", SIGN_IN)

    async def _check(self, what: str, limit: Limit) -> None:
        if not await self._allow(what, limit.per_s, limit.burst):
            raise DispatchError(ErrorCode.TOO_MANY_ATTEMPTS)


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""

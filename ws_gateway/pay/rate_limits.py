"""Limits on the payment pages, per address and per visitor, shared by all gateways."""

from typing import Final

from starlette.requests import Request

from ws_gateway.limits.shared_limits import SharedRateLimiter
from ws_gateway.limits.token_bucket import RateLimit
from ws_gateway.pay.signed_forms import PageSession

ADDRESS: Final = RateLimit(40.0, 400)
"""Many phones share the address of their network."""
SESSION: Final = RateLimit(5.0, 40)
SIGN_IN: Final = RateLimit(4.0, 60)
"""Per address: each costs a call to Alipay."""


class PageLimits:
    """Raises ``DispatchError`` with ``TOO_MANY_ATTEMPTS`` over a limit."""

    def __init__(self, limiter: SharedRateLimiter) -> None:
        self._limiter = limiter

    async def check_page(self, request: Request, session: PageSession | None) -> None:
        await self._limiter.check(f"pay:from:{_address(request)}", ADDRESS)
        if session is not None:
            await self._limiter.check(f"pay:by:{session.sid}", SESSION)

    async def check_sign_in(self, request: Request) -> None:
        await self._limiter.check(f"pay:sign_in:{_address(request)}", SIGN_IN)


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""

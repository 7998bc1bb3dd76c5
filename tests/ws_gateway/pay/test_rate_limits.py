"""Limits of the payment pages, by address and by visitor."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from dispatch.domain.errors import DispatchError
from tests.ws_gateway.limits.builders import limiter
from ws_gateway.pay.rate_limits import ADDRESS, SESSION, SIGN_IN, PageLimits
from ws_gateway.pay.signed_forms import PageSession

VISITOR = PageSession(user_id="2088", account="", sid="s1")


def request(address: str | None = "203.0.113.7") -> Request:
    """A request from an address."""
    return Request({"type": "http", "client": (address, 1) if address else None, "headers": []})


async def test_pages_are_counted_by_address_and_visitor() -> None:
    """Each with its own limit; before a visitor is known, and without an address, by what there is."""
    counted: list[tuple[str, float, int]] = []

    def count(what: str, per_s: float, burst: int) -> bool:
        counted.append((what, per_s, burst))
        return True

    limits = PageLimits(limiter(count))
    await limits.check_page(request(), VISITOR)
    await limits.check_page(request(None), None)
    await limits.check_sign_in(request())
    assert counted == [
        ("pay:from:203.0.113.7", *ADDRESS),
        ("pay:by:s1", *SESSION),
        ("pay:from:", *ADDRESS),
        ("pay:sign_in:203.0.113.7", *SIGN_IN),
    ]


async def test_what_is_too_often_is_refused() -> None:
    """A visitor over the limit is refused, although the address is not."""
    limits = PageLimits(limiter(lambda what, *_: "by" not in what))
    await limits.check_page(request(), None)
    with pytest.raises(DispatchError, match="2005"):
        await limits.check_page(request(), VISITOR)

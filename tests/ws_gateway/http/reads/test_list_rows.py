"""Rows of lists as views."""

from __future__ import annotations

import pytest

from dispatch.domain.commands import (
    AcceptOffer,
)
from tests.dispatch.domain.builders import DRIVER
from tests.ws_gateway.http.reads.fixtures import Library, ride_on

pytestmark = pytest.mark.integration


async def test_a_list_shows_what_the_stream_shows(library: Library) -> None:
    """Made from rows alone, but for the ride code and the lines of the fare."""
    for wanted in ("requested", "offered", "assigned", "paid"):
        if wanted == "paid":
            await ride_on(library)
        elif wanted == "offered":
            library.stage.on_shift()
            library.stage.send(library.stage.car, library.stage.offer())
        else:
            library.stage.requested() if wanted == "requested" else assign(library)
        await library.write()
        (listed,) = (await library.get("/v1/trips"))["trips"]
        whole = (await library.get("/v1/trips/t1"))["trip"]
        whole.pop("code")
        if "car" in whole:
            whole["car"]["plate"] = "PL-V1"
        if "fare" in whole:
            whole["fare"]["lines"] = []
            whole["payment"] = {name: whole["payment"][name] for name in ("state", "method", "amount")}
        assert listed == whole, wanted


def assign(library: Library) -> None:
    """The driver takes the offer."""
    library.stage.send(library.stage.car, AcceptOffer("o1"), DRIVER)

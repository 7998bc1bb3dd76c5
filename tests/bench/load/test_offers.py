"""Requests and their offers, at a gateway with hosts in memory."""

from __future__ import annotations

import asyncio

import pytest

from bench.load.offers import OfferLoad
from dispatch.actors.core.protocol import Done, Envelope, Reply
from dispatch.api.fields import OfferView, VehicleView
from dispatch.domain.commands import RequestTrip, decode_command
from dispatch.domain.entity import EntityKey
from dispatch.values.place import Place
from tests.ws_gateway.conftest import Running

pytestmark = pytest.mark.integration


async def test_requests_are_timed_until_the_offer(gateway: Running) -> None:
    """Of three requests two are offered to the driver; the third counts as never offered."""

    def decide(envelope: Envelope) -> Reply:
        key = EntityKey.parse(envelope.key)
        if key.kind == "trip" and isinstance(decode_command(envelope.body), RequestTrip) and offers_left.pop():
            offer = OfferView("o1", key.id, Place(37.7, -122.4), 60.0, 0.0)
            view = VehicleView("V1", "offered", offer=offer)
            asyncio.get_running_loop().call_soon(
                lambda: gateway.hosts.happen("vehicle:V1", "driver", "offer_made", vehicle=view)
            )
        return Done(seq=1, state="requested")

    offers_left = [False, True, True]
    gateway.hosts.decide = decide
    load = OfferLoad()
    url = f"ws://127.0.0.1:{gateway.port}/v1/ws"
    drivers, passengers = [gateway.token("driver", "D1", "V1")], [gateway.token("passenger", "offer-p0")]
    assert await load.open(url, drivers, passengers) == {"cars": 1, "passengers": 1}
    found = await load.step(per_s=50.0, seconds=0.06)
    assert (found["requests"], found["never_offered"]) == (3, 1)
    assert (found["p50_ms"] is not None, found["p99_ms"]) == (True, None)

"""The clients that loads are made of, at a gateway with hosts in memory."""

from __future__ import annotations

import asyncio

import pytest

from bench.harness.socket_client import connect
from bench.load.offers import Offers
from bench.load.sockets import Held
from dispatch.actors.core.protocol import Done, Envelope, Reply
from dispatch.api.fields import OfferView, VehicleView
from dispatch.api.messages import Hello, Ping
from dispatch.domain.commands import RequestTrip, decode_command
from dispatch.domain.entity import EntityKey
from dispatch.domain.errors import CloseCode
from dispatch.values.place import Place
from tests.ws_gateway.conftest import Running

pytestmark = pytest.mark.integration


def _url(gateway: Running) -> str:
    return f"ws://127.0.0.1:{gateway.port}/v1/ws"


async def test_held_sockets_answer(gateway: Running) -> None:
    """All are opened, counted, and each answers its ping."""
    held = Held(_url(gateway), [gateway.token("passenger", f"P{n}") for n in range(30)])
    assert (await held.open(at_once=10))["open"] == 30
    assert (await held.count())["open"] == 30
    found = await held.ping(per_s=500.0)
    assert (found["asked"], found["answered"]) == (30, 30)


async def test_a_client_hears_why_it_was_closed(gateway: Running) -> None:
    """The close code, and no message after it."""
    client = await connect(_url(gateway))
    client.send(Hello("nonsense"))
    assert await client.closed == CloseCode.BAD_TOKEN
    with pytest.raises(ConnectionError):
        client.send(Ping("c1"))


async def test_requests_are_timed_until_a_driver_is_told(gateway: Running) -> None:
    """Those that a driver was told of are offered and cancelled; the others are never offered."""

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
    offers = Offers(_url(gateway), [gateway.token("driver", "D1", "V1")], [gateway.token("passenger", "offer-p0")])
    assert await offers.begin() == {"cars": 1, "passengers": 1}
    found = await offers.step(per_s=50.0, seconds=0.06)
    assert (found["requests"], found["never_offered"]) == (3, 1)
    assert (found["p50_ms"] is not None, found["p99_ms"]) == (True, None)

"""A past span over HTTP."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import httpx
import msgspec
import pytest
from starlette.applications import Starlette

from dispatch.api.http_bodies import Replay
from dispatch.api.trip_replay import TripHistory
from dispatch.clock import ManualClock
from dispatch.domain.vehicle.track_recorder import TrackSection
from dispatch.values.units import WallTime
from tests.dispatch.api.trip_replay_samples import ride
from tests.dispatch.domain.builders import NOON, RULES
from tests.ws_gateway.limits.builders import limiter
from ws_gateway.auth.tokens import Tokens
from ws_gateway.http.authenticated_reads import AuthenticatedReads
from ws_gateway.http.replay_routes import ReplayRoutes

TOKENS = Tokens(b"0123456789abcdef0123456789abcdef", 3_600.0)
NOW = NOON + 3_600
WAY = TrackSection("V1", NOON, NOON + 10, bytes(range(26)))


class Past:
    """One way and one trip; remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, float, str | None]] = []

    async def between(self, since: float, until: float, vehicle: str | None = None) -> list[TrackSection]:
        self.asked.append((since, until, vehicle))
        return [WAY]

    async def trips_between(self, since: float, until: float, vehicle: str | None = None) -> Sequence[TripHistory]:
        del since, until, vehicle
        return [ride("t1")]


@pytest.fixture
def past() -> Past:
    return Past()


@pytest.fixture
def client(past: Past) -> httpx.AsyncClient:
    clock = ManualClock(NOW, speed=10.0)
    desk = ReplayRoutes(past, past, rules=RULES, clock=clock, chunk_s=120.0)
    reading = AuthenticatedReads(verify=TOKENS.verify, clock=clock, limiter=limiter())
    transport = httpx.ASGITransport(Starlette(routes=desk.routes(reading)))
    token = TOKENS.issue("dispatcher", "anna", session="s", wall=WallTime(clock.wall()))
    return httpx.AsyncClient(
        transport=transport, base_url="http://taxi/v1", headers={"Authorization": f"Bearer {token}"}
    )


async def test_a_span_in_messagepack(client: httpx.AsyncClient, past: Past) -> None:
    """Ways as bytes, moments and open trips, and how far the archive reaches."""
    answer = await client.get(
        "/replay", params={"since": NOON + 15, "until": NOON + 30}, headers={"Accept": "application/msgpack"}
    )
    replay = msgspec.msgpack.decode(answer.content, type=Replay)
    assert [(track.vehicle, track.points) for track in replay.tracks] == [("V1", WAY.points)]
    assert [moment.event for moment in replay.moments] == ["trip_assigned"]
    assert [view.state for view in replay.open] == ["offered"]
    assert replay.archived_until == NOW - 220
    assert past.asked == [(NOON + 15, NOON + 30, None)]


async def test_a_span_in_json(client: httpx.AsyncClient, past: Past) -> None:
    """Points as base64; a day of one car."""
    answer = await client.get("/replay", params={"since": NOON, "until": NOON + 80_000, "vehicle": "V1"})
    assert base64.b64decode(answer.json()["tracks"][0]["points"]) == WAY.points
    assert past.asked == [(NOON, NOON + 80_000, "V1")]


@pytest.mark.parametrize("until", [NOON - 1, NOON + 901])
async def test_a_span_that_is_too_long_or_turned_around(client: httpx.AsyncClient, until: float) -> None:
    """Is refused with its field, and nothing is read."""
    answer = await client.get("/replay", params={"since": NOON, "until": until})
    assert answer.status_code == 400
    assert answer.json()["field"] == "until"

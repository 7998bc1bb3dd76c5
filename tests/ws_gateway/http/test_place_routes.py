"""PlaceIndex over HTTP."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.applications import Starlette

from dispatch.clock import ManualClock
from dispatch.geo.places.geocoder import PlaceIndex, read_places
from dispatch.values.roles import Role
from dispatch.values.units import WallTime
from tests.ws_gateway.limits.builders import limiter
from ws_gateway.auth.tokens import Tokens
from ws_gateway.http.authenticated_reads import AuthenticatedReads
from ws_gateway.http.place_routes import PlaceRoutes

NOW = 1_700_000_000.0
TOKENS = Tokens(b"0" * 32, 3600.0)
STREETS = b"""{"features": [
  {"properties": {"name": "MAIN ST"}, "geometry": {"coordinates": [[-122.4, 37.7], [-122.4, 37.71]]}},
  {"properties": {"name": "02ND ST"}, "geometry": {"coordinates": [[-122.41, 37.7], [-122.4, 37.7]]}}
]}"""


@pytest.fixture
def made() -> list[str]:
    """One entry for each index that was made."""
    return []


@pytest.fixture
def client(made: list[str]) -> httpx.AsyncClient:
    """Asks about a town of two streets, whose first index cannot be made."""

    def make() -> PlaceIndex:
        made.append("made")
        if len(made) == 1:
            raise OSError("the file is not there just now")
        return read_places(STREETS, (), "Two Streets")

    desk = PlaceRoutes(make)
    reading = AuthenticatedReads(verify=TOKENS.verify, clock=ManualClock(NOW), limiter=limiter())
    app = Starlette(routes=[*desk.routes(reading)])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://taxi")


def _bearer(role: Role) -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKENS.issue(role, 'anna', session='s', wall=WallTime(NOW), vehicle='V1')}"}


async def test_one_index_serves_all(client: httpx.AsyncClient, made: list[str]) -> None:
    """Nothing is made before a question; after a failure the next question tries again; who comes at once shares it."""

    async def asked() -> httpx.Response:
        question = {"text": "main & 2nd", "near": [37.7, -122.4]}
        return await client.post("/v1/places", json=question, headers=_bearer("passenger"))

    assert made == []
    assert (await asked()).status_code == 500
    answers = await asyncio.gather(*(asked() for _ in range(5)))
    assert [answer.json() for answer in answers] == [
        {"places": [{"lat": 37.7, "lng": -122.4, "text": "Main St & 2nd St"}]}
    ] * 5
    assert len(made) == 2


async def test_a_point_has_a_name_or_none(client: httpx.AsyncClient, made: list[str]) -> None:
    """The answer is the point itself, with its name; far from all streets there is none."""
    made.append("before")
    for lat, places in ((37.705, [{"lat": 37.705, "lng": -122.4, "text": "Main St"}]), (38.5, [])):
        answer = await client.post("/v1/places/at", json={"lat": lat, "lng": -122.4}, headers=_bearer("driver"))
        assert answer.json() == {"places": places}


async def test_places_are_for_those_who_signed_in(client: httpx.AsyncClient) -> None:
    """A guest, a device and a stranger get none."""
    for headers in ({}, _bearer("guest"), _bearer("device")):
        answer = await client.post("/v1/places", json={"text": "main"}, headers=headers)
        assert answer.status_code in (401, 403)

"""What everybody may know of the city."""

from __future__ import annotations

import gzip

import msgspec
import pytest
from httpx import ASGITransport, AsyncClient
from starlette.applications import Starlette

from dispatch.api.http_bodies import CityFacts
from dispatch.geo.city import load_city
from tests.ws_gateway.conftest import FACTS, LAND
from ws_gateway.http.city_routes import city_routes


@pytest.fixture
def browser() -> AsyncClient:
    """A browser before a city with land and no streets."""
    app = Starlette(routes=[*city_routes(FACTS, {"land": gzip.compress(LAND)})])
    return AsyncClient(transport=ASGITransport(app), base_url="http://taxi.example")


async def test_facts(browser: AsyncClient) -> None:
    """The facts come in JSON, or as MessagePack for whoever asks for that."""
    assert msgspec.json.decode((await browser.get("/v1/city")).content, type=CityFacts) == FACTS
    packed = await browser.get("/v1/city", headers={"accept": "application/msgpack"})
    assert msgspec.msgpack.decode(packed.content, type=CityFacts) == FACTS


async def test_layers_travel_as_they_are_stored(browser: AsyncClient) -> None:
    """Packed for those that take gzip, plain for others; kept for a day, asked for again by tag."""
    for accepts, encoding in (("gzip", "gzip"), ("identity", None)):
        answer = await browser.get("/v1/city/land", headers={"accept-encoding": accepts})
        assert (answer.content, answer.headers.get("content-encoding")) == (LAND, encoding)
        assert answer.headers["content-type"] == "application/geo+json"
        assert answer.headers["cache-control"] == "public, max-age=86400"
        again = await browser.get(
            "/v1/city/land", headers={"accept-encoding": accepts, "if-none-match": answer.headers["etag"]}
        )
        assert again.status_code == 304
    assert (await browser.get("/v1/city/streets")).status_code == 404


def test_the_shipped_city_has_both_layers() -> None:
    """San Francisco's land and streets are GeoJSON, packed."""
    city = load_city("san_francisco")
    for name in ("land", "streets"):
        packed = city.packed_layer(name)
        assert packed is not None
        assert gzip.decompress(packed) == city.map_layer(name)
    assert city.packed_layer("mountains") is None

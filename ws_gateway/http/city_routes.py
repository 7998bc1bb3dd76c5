"""Public data of the city: its facts, and its land and streets for drawing a map."""

import gzip
from collections.abc import Mapping
from hashlib import blake2b
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatch.api.http_bodies import CityFacts
from ws_gateway.http.responses import MSGPACK, Endpoint, accepts_gzip, json_response

LAYERS: Final = ("land", "streets")
_DAY: Final = "public, max-age=86400"
_GEOJSON: Final = "application/geo+json"


def city_routes(facts: CityFacts, layers: Mapping[str, bytes]) -> list[Route]:
    async def city(request: Request) -> Response:
        if MSGPACK in request.headers.get("accept", ""):
            return Response(msgspec.msgpack.encode(facts), media_type=MSGPACK)
        return json_response(facts)

    return [
        Route("/v1/city", city),
        *(Route(f"/v1/city/{name}", _layer(layers[name])) for name in LAYERS if name in layers),
    ]


def _layer(packed: bytes) -> Endpoint:
    tag = blake2b(packed, digest_size=12).hexdigest()

    async def layer(request: Request) -> Response:
        packs = accepts_gzip(request.headers.get("accept-encoding", ""))
        etag = f'"{tag}{"g" if packs else ""}"'
        headers = {"ETag": etag, "Cache-Control": _DAY, "Vary": "Accept-Encoding"}
        if etag in {part.strip().removeprefix("W/") for part in request.headers.get("if-none-match", "").split(",")}:
            return Response(status_code=304, headers=headers)
        if packs:
            return Response(packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=_GEOJSON)
        return Response(gzip.decompress(packed), headers=headers, media_type=_GEOJSON)

    return layer

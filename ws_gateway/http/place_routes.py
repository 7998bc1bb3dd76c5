"""Places by name and names of places: ``POST /v1/places`` and ``POST /v1/places/at``. Posted, because where somebody
wants to be picked up has no place in an address."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.routing import Route

from dispatch.api.http_bodies import PlaceAt, PlaceList, PlaceQuery
from dispatch.api.http_routes import PLACES, PLACES_AT
from dispatch.geo.places.geocoder import NamedPlace, PlaceIndex
from dispatch.values.place import Place
from dispatch.values.units import LatLng
from ws_gateway.http.authenticated_reads import AuthenticatedReads, Reader


class PlaceRoutes:
    """Answers from an index that the first question makes, in a thread: a gateway starts without it."""

    def __init__(self, make: Callable[[], PlaceIndex]) -> None:
        self._make = make
        self._made: asyncio.Future[PlaceIndex] | None = None

    def routes(self, reading: AuthenticatedReads) -> list[Route]:
        """The routing table."""
        return [
            reading.query_route(PLACES, PlaceQuery, self.search),
            reading.query_route(PLACES_AT, PlaceAt, self.name),
        ]

    async def search(self, _: Reader, asked: PlaceQuery) -> PlaceList:
        """The places that a text may mean."""
        near = LatLng(*asked.near) if asked.near is not None else None
        return PlaceList([_place(found) for found in (await self._places()).search(asked.text, near)])

    async def name(self, _: Reader, asked: PlaceAt) -> PlaceList:
        """The point itself with its name; none where it has no name."""
        text = (await self._places()).name_at(LatLng(asked.lat, asked.lng))
        return PlaceList([Place(asked.lat, asked.lng, text)] if text else [])

    async def _places(self) -> PlaceIndex:
        """The index. Who comes while it is being made waits for the same one."""
        if self._made is None or (self._made.done() and not self._made.cancelled() and self._made.exception()):
            self._made = asyncio.ensure_future(asyncio.to_thread(self._make))
        return await asyncio.shield(self._made)


def _place(found: NamedPlace) -> Place:
    return Place(round(found.point.lat, 6), round(found.point.lng, 6), found.text)

"""Places by name and names of points: ``POST /v1/places`` and ``POST /v1/places/at``. By POST, because URLs are logged
and a pick-up point is personal."""

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
    """The first request builds the index, in a thread, so that a gateway starts without waiting for it."""

    def __init__(self, make: Callable[[], PlaceIndex]) -> None:
        self._make = make
        self._made: asyncio.Future[PlaceIndex] | None = None

    def routes(self, reads: AuthenticatedReads) -> list[Route]:
        return [reads.query_route(PLACES, PlaceQuery, self.search), reads.query_route(PLACES_AT, PlaceAt, self.name)]

    async def search(self, _: Reader, query: PlaceQuery) -> PlaceList:
        near = LatLng(*query.near) if query.near is not None else None
        return PlaceList([_place(found) for found in (await self._places()).search(query.text, near)])

    async def name(self, _: Reader, query: PlaceAt) -> PlaceList:
        """The point with its name; empty if it has none."""
        text = (await self._places()).name_at(LatLng(query.lat, query.lng))
        return PlaceList([Place(query.lat, query.lng, text)] if text else [])

    async def _places(self) -> PlaceIndex:
        """Concurrent requests share one build; a failed build is repeated by the next request."""
        if self._made is None or (self._made.done() and not self._made.cancelled() and self._made.exception()):
            self._made = asyncio.ensure_future(asyncio.to_thread(self._make))
        return await asyncio.shield(self._made)


def _place(found: NamedPlace) -> Place:
    return Place(round(found.point.lat, 6), round(found.point.lng, 6), found.text)

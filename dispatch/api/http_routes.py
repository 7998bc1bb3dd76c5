"""Routes of the HTTP API: the single table from which routes, documentation and types are generated.

A query is the query string of a GET or the body of a POST. Roles come from :mod:`dispatch.api.permissions`; an address
without roles is public.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from dispatch.api import http_bodies as reads
from dispatch.api.permissions import readers_of
from dispatch.values.roles import Role


class ReadRoute(NamedTuple):
    """One address with the roles that may read it. ``summary`` is its description in the documentation."""

    method: Literal["GET", "POST"]
    path: str
    roles: frozenset[Role]
    response: type[reads.ResponseBody]
    summary: str
    request: type[reads.RequestBody] | None = None


def _route(
    method: Literal["GET", "POST"],
    path: str,
    response: type[reads.ResponseBody],
    summary: str,
    request: type[reads.RequestBody] | None = None,
) -> ReadRoute:
    return ReadRoute(method, path, readers_of(f"{method} {path}"), response, summary, request)


CITY: Final = _route("GET", "/v1/city", reads.CityFacts, "Facts about the city that apps need.")
PLACES: Final = _route("POST", "/v1/places", reads.PlaceList, "Addresses, crossings and landmarks.", reads.PlaceQuery)
PLACES_AT: Final = _route("POST", "/v1/places/at", reads.PlaceList, "The name of a point on the map.", reads.PlaceAt)
TRIPS: Final = _route(
    "GET",
    "/v1/trips",
    reads.TripList,
    "Open trips, and trips requested in the last hour or since `since`.",
    reads.TripsSince,
)
TRIP: Final = _route("GET", "/v1/trips/{trip}", reads.TripDetail, "Everything known of a trip.")
VEHICLES: Final = _route("GET", "/v1/vehicles", reads.FleetList, "All vehicles and their current states.")
VEHICLE: Final = _route(
    "GET", "/v1/vehicles/{vehicle}", reads.VehicleDetail, "A vehicle, its shift, and its offers of the last hour."
)
SEARCH: Final = _route(
    "POST",
    "/v1/search",
    reads.SearchHits,
    "Trips and vehicles by number, plate or phone.",
    reads.SearchQuery,
)
ALARMS: Final = _route("GET", "/v1/alarms", reads.AlarmList, "Unsettled alarms, and those settled in the last day.")
REPLAY: Final = _route(
    "GET", "/v1/replay", reads.Replay, "A past span: tracks of vehicles and events of trips.", reads.ReplaySpan
)
MY_TRIPS: Final = _route("GET", "/v1/my/trips", reads.TripList, "The passenger's own trips, newest first.")
MY_RECEIPT: Final = _route(
    "GET", "/v1/my/trips/{trip}/receipt", reads.Receipt, "The receipt of the passenger's own finished ride."
)
MY_SHARE: Final = _route(
    "POST", "/v1/my/trips/{trip}/share", reads.ShareLink, "A link with which others can follow the trip."
)
MY_SHIFT: Final = _route(
    "GET", "/v1/my/shift", reads.ShiftAccount, "The driver's rides since the start of the shift, and their sums."
)
MY_NOTICES: Final = _route("GET", "/v1/my/notices", reads.NoticeList, "Dispatchers' messages of the last 12 hours.")

READ_ROUTES: Final = (
    CITY,
    PLACES,
    PLACES_AT,
    TRIPS,
    TRIP,
    VEHICLES,
    VEHICLE,
    SEARCH,
    ALARMS,
    REPLAY,
    MY_TRIPS,
    MY_RECEIPT,
    MY_SHARE,
    MY_SHIFT,
    MY_NOTICES,
)

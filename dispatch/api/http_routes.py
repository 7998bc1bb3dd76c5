"""Routes of the HTTP API: the single table from which routes, documentation and types are generated.

A query is the query string of a GET or the body of a POST. Roles come from :mod:`dispatch.api.permissions`; an address
without roles is public.
"""

from typing import Final, Literal, NamedTuple

from dispatch.api import http_bodies
from dispatch.api.permissions import readers_of
from dispatch.values.roles import Role


class ReadRoute(NamedTuple):
    """One address with the roles that may read it. ``summary`` is its description in the documentation."""

    method: Literal["GET", "POST"]
    path: str
    roles: frozenset[Role]
    response: type[http_bodies.ResponseBody]
    summary: str
    request: type[http_bodies.RequestBody] | None = None


def _route(
    method: Literal["GET", "POST"],
    path: str,
    response: type[http_bodies.ResponseBody],
    summary: str,
    request: type[http_bodies.RequestBody] | None = None,
) -> ReadRoute:
    return ReadRoute(method, path, readers_of(f"{method} {path}"), response, summary, request)


CITY: Final = _route("GET", "/v1/city", http_bodies.CityFacts, "Facts about the city that apps need.")
PLACES: Final = _route(
    "POST", "/v1/places", http_bodies.PlaceList, "Addresses, crossings and landmarks.", http_bodies.PlaceQuery
)
PLACES_AT: Final = _route(
    "POST", "/v1/places/at", http_bodies.PlaceList, "The name of a point on the map.", http_bodies.PlaceAt
)
TRIPS: Final = _route(
    "GET",
    "/v1/trips",
    http_bodies.TripList,
    "Open trips, and trips requested in the last hour or since `since`.",
    http_bodies.TripsSince,
)
TRIP: Final = _route("GET", "/v1/trips/{trip}", http_bodies.TripDetail, "Everything known of a trip.")
VEHICLES: Final = _route("GET", "/v1/vehicles", http_bodies.FleetList, "All vehicles and their current states.")
VEHICLE: Final = _route(
    "GET", "/v1/vehicles/{vehicle}", http_bodies.VehicleDetail, "A vehicle, its shift, and its offers of the last hour."
)
SEARCH: Final = _route(
    "POST",
    "/v1/search",
    http_bodies.SearchHits,
    "Trips and vehicles by number, plate or phone.",
    http_bodies.SearchQuery,
)
ALARMS: Final = _route(
    "GET", "/v1/alarms", http_bodies.AlarmList, "Unsettled alarms, and those settled in the last day."
)
REPLAY: Final = _route(
    "GET",
    "/v1/replay",
    http_bodies.Replay,
    "A past span: tracks of vehicles and events of trips.",
    http_bodies.ReplaySpan,
)
MY_TRIPS: Final = _route("GET", "/v1/my/trips", http_bodies.TripList, "The passenger's own trips, newest first.")
MY_RECEIPT: Final = _route(
    "GET", "/v1/my/trips/{trip}/receipt", http_bodies.Receipt, "The receipt of the passenger's own finished ride."
)
MY_SHARE: Final = _route(
    "POST", "/v1/my/trips/{trip}/share", http_bodies.ShareLink, "A link with which others can follow the trip."
)
MY_SHIFT: Final = _route(
    "GET", "/v1/my/shift", http_bodies.ShiftAccount, "The driver's rides since the start of the shift, and their sums."
)
MY_NOTICES: Final = _route(
    "GET", "/v1/my/notices", http_bodies.NoticeList, "Dispatchers' messages of the last 12 hours."
)

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

"""Where what ``api.http_bodies`` describes is read: the one table of which routes, documents and types are made.

A question is the query of a GET and the body of a POST. Who may ask stands in :mod:`dispatch.api.permissions`; no role:
everybody may read it, without a token.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from dispatch.api import http_bodies as reads
from dispatch.api.permissions import readers_of
from dispatch.values.roles import Role


class ReadRoute(NamedTuple):
    """One address: who may ask what there, and what the answer is. ``says`` tells people what it is for."""

    method: Literal["GET", "POST"]
    path: str
    roles: frozenset[Role]
    answer: type[reads.ResponseBody]
    says: str
    question: type[reads.RequestBody] | None = None


def _route(
    method: Literal["GET", "POST"],
    path: str,
    answer: type[reads.ResponseBody],
    says: str,
    question: type[reads.RequestBody] | None = None,
) -> ReadRoute:
    """A route with the roles that ``dispatch.api.permissions`` gives it."""
    return ReadRoute(method, path, readers_of(f"{method} {path}"), answer, says, question)


CITY: Final = _route("GET", "/v1/city", reads.CityFacts, "What an app has to know of the city.")
PLACES: Final = _route("POST", "/v1/places", reads.PlaceList, "Addresses, crossings and landmarks.", reads.PlaceQuery)
PLACES_AT: Final = _route("POST", "/v1/places/at", reads.PlaceList, "What a point on the map is called.", reads.PlaceAt)
TRIPS: Final = _route(
    "GET",
    "/v1/trips",
    reads.TripList,
    "Open trips, and those that were requested in the last hour, or since `since`.",
    reads.TripsSince,
)
TRIP: Final = _route("GET", "/v1/trips/{trip}", reads.TripDetail, "All that is known of a trip.")
VEHICLES: Final = _route("GET", "/v1/vehicles", reads.FleetList, "All cars, and what they do now.")
VEHICLE: Final = _route(
    "GET", "/v1/vehicles/{vehicle}", reads.VehicleDetail, "A car, its shift, and its offers of an hour."
)
SEARCH: Final = _route(
    "POST",
    "/v1/search",
    reads.SearchHits,
    "Trips and cars by number, plate or phone.",
    reads.SearchQuery,
)
ALARMS: Final = _route("GET", "/v1/alarms", reads.AlarmList, "Alarms that wait, and those settled in the last day.")
REPLAY: Final = _route(
    "GET", "/v1/replay", reads.Replay, "A past span: ways of cars, and what trips did.", reads.ReplaySpan
)
MY_TRIPS: Final = _route("GET", "/v1/my/trips", reads.TripList, "One's own trips, the newest first.")
MY_RECEIPT: Final = _route(
    "GET", "/v1/my/trips/{trip}/receipt", reads.Receipt, "The receipt of one's own finished ride."
)
MY_SHARE: Final = _route(
    "POST", "/v1/my/trips/{trip}/share", reads.ShareLink, "A link by which others may follow the trip."
)
MY_SHIFT: Final = _route(
    "GET", "/v1/my/shift", reads.ShiftAccount, "The driver's rides since the shift began, and their sums."
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

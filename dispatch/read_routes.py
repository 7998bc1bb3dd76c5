"""Where what :mod:`dispatch.reads` describes is read: the one table of which routes, documents and types are made.

A question is the query of a GET and the body of a POST. No role: everybody may read it, without a token.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from dispatch import reads
from dispatch.message_parts import Role

_DISPATCHER: Final = frozenset[Role]({"dispatcher"})
_PASSENGER: Final = frozenset[Role]({"passenger"})
_DRIVER: Final = frozenset[Role]({"driver"})
_WHO_RIDES: Final = _DISPATCHER | _PASSENGER | _DRIVER


class ReadRoute(NamedTuple):
    """One address: who may ask what there, and what the answer is. ``says`` tells people what it is for."""

    method: Literal["GET", "POST"]
    path: str
    roles: frozenset[Role]
    answer: type[reads.Answer]
    says: str
    question: type[reads.Question] | None = None


CITY: Final = ReadRoute("GET", "/v1/city", frozenset(), reads.CityFacts, "What an app has to know of the city.")
PLACES: Final = ReadRoute(
    "POST", "/v1/places", _WHO_RIDES, reads.PlaceList, "Addresses, crossings and landmarks.", reads.PlaceQuestion
)
PLACES_AT: Final = ReadRoute(
    "POST", "/v1/places/at", _WHO_RIDES, reads.PlaceList, "What a point on the map is called.", reads.PlaceAt
)
TRIPS: Final = ReadRoute(
    "GET",
    "/v1/trips",
    _DISPATCHER,
    reads.TripList,
    "Open trips, and those that were requested in the last hour, or since `since`.",
    reads.TripsSince,
)
TRIP: Final = ReadRoute("GET", "/v1/trips/{trip}", _DISPATCHER, reads.TripStory, "All that is known of a trip.")
VEHICLES: Final = ReadRoute("GET", "/v1/vehicles", _DISPATCHER, reads.FleetList, "All cars, and what they do now.")
VEHICLE: Final = ReadRoute(
    "GET", "/v1/vehicles/{vehicle}", _DISPATCHER, reads.VehicleStory, "A car, its shift, and its offers of an hour."
)
SEARCH: Final = ReadRoute(
    "POST",
    "/v1/search",
    _DISPATCHER,
    reads.SearchAnswer,
    "Trips and cars by number, plate or phone.",
    reads.SearchQuestion,
)
ALARMS: Final = ReadRoute(
    "GET", "/v1/alarms", _DISPATCHER, reads.AlarmList, "Alarms that wait, and those settled in the last day."
)
REPLAY: Final = ReadRoute(
    "GET", "/v1/replay", _DISPATCHER, reads.Replay, "A past span: ways of cars, and what trips did.", reads.ReplaySpan
)
MY_TRIPS: Final = ReadRoute("GET", "/v1/my/trips", _PASSENGER, reads.TripList, "One's own trips, the newest first.")
MY_RECEIPT: Final = ReadRoute(
    "GET", "/v1/my/trips/{trip}/receipt", _PASSENGER, reads.Receipt, "The receipt of one's own finished ride."
)
MY_SHARE: Final = ReadRoute(
    "POST", "/v1/my/trips/{trip}/share", _PASSENGER, reads.ShareLink, "A link by which others may follow the trip."
)
MY_SHIFT: Final = ReadRoute(
    "GET", "/v1/my/shift", _DRIVER, reads.ShiftAccount, "The driver's rides since the shift began, and their sums."
)
MY_NOTICES: Final = ReadRoute(
    "GET", "/v1/my/notices", _DRIVER, reads.NoticeList, "Dispatchers' messages of the last 12 hours."
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

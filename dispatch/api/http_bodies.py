"""Request and response bodies of the HTTP API: the single source for its routes, TypeScript types and documentation.

Everything about a ride in progress goes over the WebSocket (:mod:`dispatch.api.client_messages`). Lists, details and
archives are read over HTTP with ``Authorization: Bearer`` and the same token. Bodies are JSON, or MessagePack if
``Accept: application/msgpack`` asks for it. Times are city seconds, money is whole minor units.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from dispatch.api.fields import Id, MoneyView, Time, TripView, VehicleView
from dispatch.api.server_messages import Alarm, Notice
from dispatch.values.place import Lat, Lng, Place, Text

Facts = dict[str, object]


class ResponseBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """A body sent by the server. Clients ignore unknown fields."""


class RequestBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A body or query sent by a client."""


class CityFacts(ResponseBody, frozen=True):
    """``GET /v1/city``. ``box`` is south, west, north, east (None: unbounded). ``tiles`` is a tile server's address; if
    it is empty, the map is drawn from the public GeoJSON files ``/v1/city/land`` and ``/v1/city/streets``."""

    name: str
    title: str
    time_zone: str
    currency: str
    speed: float
    center: tuple[float, float]
    box: tuple[float, float, float, float] | None = None
    tiles: str = ""
    sources: list[str] = []
    development: bool = False
    """SMS codes are written to a file, and Alipay is a sandbox."""
    alipay: bool = False
    """Passengers can sign in with Alipay: ``GET /v1/auth/alipay``."""


class PlaceQuery(RequestBody, frozen=True):
    """``POST /v1/places``: an address, a crossing or a landmark. Places close to ``near`` come first."""

    text: Annotated[Text, Meta(min_length=1)]
    near: tuple[Lat, Lng] | None = None


class PlaceAt(RequestBody, frozen=True):
    """``POST /v1/places/at``: the name of a point on the map."""

    lat: Lat
    lng: Lng


class PlaceList(ResponseBody, frozen=True):
    """Places, best match first."""

    places: list[Place]


class FleetCar(ResponseBody, frozen=True):
    """A vehicle of the registry and its current state (``state`` is None if it was never in service)."""

    vehicle: str
    plate: str
    company: str
    vehicle_class: str
    seats: int
    wheelchair: bool = False
    child_seat: bool = False
    active: bool = True
    state: str | None = None
    since: float | None = None
    driver: str | None = None
    driver_name: str | None = None
    trip: str | None = None


class FleetList(ResponseBody, frozen=True):
    """``GET /v1/vehicles``."""

    cars: list[FleetCar]


class TripList(ResponseBody, frozen=True):
    """``GET /v1/trips``: open trips, and trips requested in the last hour (with ``?since=``: since that time).
    ``GET /v1/my/trips``: the passenger's own trips, newest first."""

    at: float
    trips: list[TripView]


class TimelineEvent(ResponseBody, frozen=True):
    """An event of a stream with its facts."""

    seq: int
    at: float
    event: str
    facts: Facts = {}


class PaymentExchange(ResponseBody, frozen=True):
    """One message to or from Alipay."""

    at: float
    kind: str
    order: str
    facts: Facts = {}


class PaymentDetail(ResponseBody, frozen=True):
    """A payment with each attempt."""

    payment: str
    state: str
    method: str = ""
    amount: MoneyView | None = None
    refunded: MoneyView | None = None
    order: str = ""
    trade: str = ""
    opened_at: float | None = None
    paid_at: float | None = None
    unclear: str = ""
    timeline: list[TimelineEvent] = []
    said: list[PaymentExchange] = []


class ConsideredVehicle(ResponseBody, frozen=True):
    """A vehicle near a request: the straight-line distance, the pick-up time in seconds if it was computed, and the
    cause."""

    vehicle: str
    meters: float
    cause: str
    pickup_s: float | None = None


class MatchExplanation(ResponseBody, frozen=True):
    """Why this vehicle, or none, was matched: the last matching window that contained the request."""

    at: float
    windows: int
    counts: dict[str, int]
    nearest: list[ConsideredVehicle]
    matched: str | None = None


class TripDetail(ResponseBody, frozen=True):
    """``GET /v1/trips/{trip}``: everything known of a trip."""

    seq: int
    trip: TripView
    timeline: list[TimelineEvent]
    payments: list[PaymentDetail]
    why: list[MatchExplanation] = []


class OfferDetail(ResponseBody, frozen=True):
    """An offer and its one outcome: ``accepted``, ``declined``, ``expired`` or ``withdrawn``; empty while it is
    open."""

    offer: str
    trip: str
    made_at: float
    pickup_s: float
    outcome: str = ""
    ended_at: float | None = None
    reason: str = ""


class CauseSpan(ResponseBody, frozen=True):
    """Why a vehicle got no offer from ``since`` until ``until`` (None: still)."""

    since: float
    cause: str
    until: float | None = None
    detail: str = ""


class VehicleDetail(ResponseBody, frozen=True):
    """``GET /v1/vehicles/{vehicle}``: the vehicle, its shift, its trip, and its offers of the last hour. Its last fix
    is on the live map."""

    seq: int
    car: FleetCar
    view: VehicleView
    shift_since: float | None = None
    offers: list[OfferDetail] = []
    timeline: list[TimelineEvent] = []
    why: list[CauseSpan] = []


class SearchQuery(RequestBody, frozen=True):
    """``POST /v1/search``: a trip id, a plate, a vehicle or driver number, or a phone number; partial text also
    matches. The query is posted so that phone numbers do not appear in URLs."""

    text: Annotated[Text, Meta(min_length=2)]


class SearchHits(ResponseBody, frozen=True):
    """The results, newest trips first."""

    trips: list[TripView]
    cars: list[FleetCar]


class AlarmList(ResponseBody, frozen=True):
    """``GET /v1/alarms``: unsettled alarms and those settled in the last day, newest first."""

    alarms: list[Alarm]


class Track(ResponseBody, frozen=True):
    """A section of a vehicle's track. ``points`` holds 13 bytes per point, little-endian: ``u32`` tenths of a second
    after ``since``, ``i32`` latitude and ``i32`` longitude in millionths of a degree, ``u8`` the index of the state in
    ``MAP_STATES``."""

    vehicle: str
    since: float
    until: float
    points: bytes


class TripMoment(ResponseBody, frozen=True):
    """A trip's event in a replay."""

    trip: str
    at: float
    event: str
    state: str
    vehicle: str | None = None
    pickup: Place | None = None
    dropoff: Place | None = None


class Replay(ResponseBody, frozen=True):
    """``GET /v1/replay?since=&until=`` (at most 900 s of city time; a day with ``&vehicle=``): the archived tracks that
    overlap the span and the trip events in it, oldest first. ``open`` lists the trips that were open at its start, and
    ``archived_until`` the time up to which the archive is complete."""

    since: float
    until: float
    archived_until: float
    tracks: list[Track]
    moments: list[TripMoment]
    open: list[TripView]


class ShareLink(ResponseBody, frozen=True):
    """``POST /v1/my/trips/{trip}/share``: a token with which anyone can follow the trip until ``expires_at`` (wall
    time). It is meant for the fragment of a link, which is never sent to a server."""

    token: str
    expires_at: float


class Receipt(ResponseBody, frozen=True):
    """``GET /v1/my/trips/{trip}/receipt``."""

    trip: TripView
    company: str
    issued_at: float


class ShiftRide(ResponseBody, frozen=True):
    """A ride of the shift."""

    trip: str
    finished_at: float
    payment_state: str
    fare: MoneyView
    method: str = ""


class ShiftSum(ResponseBody, frozen=True):
    """Earnings by payment method; an empty ``method`` means not paid yet."""

    method: str
    rides: int
    amount: MoneyView


class ShiftAccount(ResponseBody, frozen=True):
    """``GET /v1/my/shift``: the driver's rides since the start of the shift (otherwise of today), newest first."""

    since: float
    at: float
    sums: list[ShiftSum]
    rides: list[ShiftRide]


class NoticeList(ResponseBody, frozen=True):
    """``GET /v1/my/notices``: dispatchers' messages of the last 12 hours, newest first."""

    notices: list[Notice]


class ReplaySpan(RequestBody, frozen=True):
    """The query of ``GET /v1/replay``."""

    since: Time
    until: Time
    vehicle: Id | None = None


class TripsSince(RequestBody, frozen=True):
    """The query of ``GET /v1/trips``: city seconds, at most one day back."""

    since: Time | None = None

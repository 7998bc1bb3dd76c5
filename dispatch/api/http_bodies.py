"""What is read over HTTP: the one source of bodies, of their types in TypeScript and of their documents.

What concerns a ride under way goes over the socket (:mod:`dispatch.api.messages`); what is looked up (lists, stories,
archives) is read over HTTP with ``Authorization: Bearer`` and the token of the same sign-in. Bodies are JSON, or
MessagePack where ``Accept: application/msgpack`` asks for it. Times are city seconds, money is whole minor units.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from dispatch.api.fields import Id, MoneyView, Time, TripView, VehicleView
from dispatch.api.messages import Alarm, Notice
from dispatch.values.place import Lat, Lng, Place, Text

Facts = dict[str, object]


class ResponseBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """A body that the server sends. Clients ignore fields that they do not know."""


class RequestBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A body that a client posts."""


# ── everybody ────────────────────────────────────────────────────────────────────────────────────────────────────


class CityFacts(ResponseBody, frozen=True):
    """``GET /v1/city``: ``box`` is south, west, north, east (None: unbounded); ``tiles`` a tile server's address, or
    empty: the map is then drawn from ``/v1/city/land`` and ``/v1/city/streets`` (GeoJSON, public)."""

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
    """Codes to phones are written to a file here, and Alipay is a sandbox."""
    alipay: bool = False
    """Passengers may sign in by Alipay: ``GET /v1/auth/alipay``."""


class PlaceQuery(RequestBody, frozen=True):
    """``POST /v1/places``: an address, a crossing or a landmark; places near ``near`` first."""

    text: Annotated[Text, Meta(min_length=1)]
    near: tuple[Lat, Lng] | None = None


class PlaceAt(RequestBody, frozen=True):
    """``POST /v1/places/at``: what a point on the map is called."""

    lat: Lat
    lng: Lng


class PlaceList(ResponseBody, frozen=True):
    """The best first."""

    places: list[Place]


# ── dispatcher ───────────────────────────────────────────────────────────────────────────────────────────────────


class FleetCar(ResponseBody, frozen=True):
    """A car of the registry, and what it does now (``state`` is None for one that was never in service)."""

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
    """``GET /v1/trips``: open trips, and those that were requested in the last hour (``?since=``: since then).
    ``GET /v1/my/trips``: a passenger's own, the newest first."""

    at: float
    trips: list[TripView]


class TimelineEvent(ResponseBody, frozen=True):
    """An event of a stream, with what it says."""

    seq: int
    at: float
    event: str
    facts: Facts = {}


class PaymentExchange(ResponseBody, frozen=True):
    """One thing that was said to or by Alipay."""

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
    """A car near a request: metres by straight line, seconds to the pick-up where they were asked for, the cause."""

    vehicle: str
    meters: float
    cause: str
    pickup_s: float | None = None


class MatchExplanation(ResponseBody, frozen=True):
    """Why this car, or none: the last matching window that held the request."""

    at: float
    windows: int
    counts: dict[str, int]
    nearest: list[ConsideredVehicle]
    matched: str | None = None


class TripDetail(ResponseBody, frozen=True):
    """``GET /v1/trips/{trip}``: all that is known of a trip."""

    seq: int
    trip: TripView
    timeline: list[TimelineEvent]
    payments: list[PaymentDetail]
    why: list[MatchExplanation] = []


class OfferDetail(ResponseBody, frozen=True):
    """An offer and its one outcome: ``accepted``, ``declined``, ``expired``, ``withdrawn``; empty while it is open."""

    offer: str
    trip: str
    made_at: float
    pickup_s: float
    outcome: str = ""
    ended_at: float | None = None
    reason: str = ""


class CauseSpan(ResponseBody, frozen=True):
    """Why a car got nothing, from ``since`` until ``until`` (None: still)."""

    since: float
    cause: str
    until: float | None = None
    detail: str = ""


class VehicleDetail(ResponseBody, frozen=True):
    """``GET /v1/vehicles/{vehicle}``: the car, its shift, its trip, its offers of the last hour. Its last fix is on the
    map."""

    seq: int
    car: FleetCar
    view: VehicleView
    shift_since: float | None = None
    offers: list[OfferDetail] = []
    timeline: list[TimelineEvent] = []
    why: list[CauseSpan] = []


class SearchQuery(RequestBody, frozen=True):
    """``POST /v1/search``: a trip's id, a plate, a vehicle's or a driver's number, or a phone number; parts will do.
    Posted, because a phone number has no place in an address."""

    text: Annotated[Text, Meta(min_length=2)]


class SearchHits(ResponseBody, frozen=True):
    """What was found, the newest trips first."""

    trips: list[TripView]
    cars: list[FleetCar]


class AlarmList(ResponseBody, frozen=True):
    """``GET /v1/alarms``: those that nobody has settled, and those settled in the last day; the newest first."""

    alarms: list[Alarm]


class Track(ResponseBody, frozen=True):
    """A stretch of a car's way. ``points`` holds 13 bytes each, little-endian: ``u32`` tenths of a second after
    ``since``, ``i32`` latitude and ``i32`` longitude in millionths of a degree, ``u8`` the place of the state in
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
    """``GET /v1/replay?since=&until=`` (900 s of city time at most; ``&vehicle=`` one car, then a day): archived tracks
    that touch the span, and what happened to trips in it, the oldest first. ``open`` are the trips that
    looked for a car or had one at its beginning. ``archived_until``: how far the archive reaches."""

    since: float
    until: float
    archived_until: float
    tracks: list[Track]
    moments: list[TripMoment]
    open: list[TripView]


# ── passenger ────────────────────────────────────────────────────────────────────────────────────────────────────


class ShareLink(ResponseBody, frozen=True):
    """``POST /v1/my/trips/{trip}/share``: a token with which anybody may follow the trip until ``expires_at`` (wall),
    for the fragment of a link, which no server sees."""

    token: str
    expires_at: float


class Receipt(ResponseBody, frozen=True):
    """``GET /v1/my/trips/{trip}/receipt``."""

    trip: TripView
    company: str
    issued_at: float


# ── driver ───────────────────────────────────────────────────────────────────────────────────────────────────────


class ShiftRide(ResponseBody, frozen=True):
    """A ride of the shift."""

    trip: str
    finished_at: float
    payment_state: str
    fare: MoneyView
    method: str = ""


class ShiftSum(ResponseBody, frozen=True):
    """What was earned in one way; an empty ``method``: not paid yet."""

    method: str
    rides: int
    amount: MoneyView


class ShiftAccount(ResponseBody, frozen=True):
    """``GET /v1/my/shift``: the driver's rides since the shift began (else of today), the newest first."""

    since: float
    at: float
    sums: list[ShiftSum]
    rides: list[ShiftRide]


class NoticeList(ResponseBody, frozen=True):
    """``GET /v1/my/notices``: dispatchers' messages of the last 12 hours, the newest first."""

    notices: list[Notice]


class ReplaySpan(RequestBody, frozen=True):
    """The query of ``GET /v1/replay``."""

    since: Time
    until: Time
    vehicle: Id | None = None


class TripsSince(RequestBody, frozen=True):
    """The query of ``GET /v1/trips``: city seconds, a day back at most."""

    since: Time | None = None

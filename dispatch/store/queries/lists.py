"""Lists for consoles and apps: trips with their vehicles, the fleet, search results, a driver's rides.

Rows are as new as the last commit of their entities. All lists are bounded. Times are city seconds.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Select, String, and_, func, literal, or_, select

from dispatch.api.http_bodies import FleetCar
from dispatch.domain.redaction import PERSON
from dispatch.domain.trip.trip_state import UNSETTLED
from dispatch.store import tables as schema
from dispatch.store.database import Database
from dispatch.store.queries.personal_data import SqlPersonalData
from dispatch.store.queries.trip_rows import SqlQueries, TripRow, struct_of

MAX_TRIPS: Final = 5_000
MAX_VEHICLES: Final = 50_000
MAX_RESULTS: Final = 50
SEARCHED_TRIPS: Final = 5_000
"""Parts of ids and phone numbers are searched in this many of the newest trips; whole ones in all trips."""
MAX_RIDES: Final = 1_000
PHONE_PART: Final = 4
"""Minimum number of digits in a part of a phone number."""

_trip, _payment, _passenger = schema.trip.c, schema.payment.c, schema.passenger.c
_vehicle, _doing, _driver = schema.vehicle.c, schema.vehicle_state.c, schema.driver.c


class ListedTrip(NamedTuple):
    """A trip with the plate, driver and class of its vehicle, from the current registry."""

    row: TripRow
    plate: str = ""
    driver_name: str = ""
    car_class: str = "standard"


class Callers(NamedTuple):
    """Passengers that match a phone number: digests of whole numbers, and ids whose number contains the digits."""

    names: Sequence[str]
    persons: Sequence[str]


class SearchResult(NamedTuple):
    """Matching trips and vehicles."""

    trips: Sequence[ListedTrip]
    cars: Sequence[FleetCar]


class RideRow(msgspec.Struct, frozen=True):
    """A finished ride with a fare, of which ``refunded_minor`` was refunded."""

    id: str
    finished_at: float
    payment_state: str
    fare_minor: int
    currency: str
    method: str | None
    refunded_minor: int | None


class SqlLists(SqlQueries):
    """Read only."""

    def __init__(self, database: Database, phones: SqlPersonalData) -> None:
        super().__init__(database)
        self._phones = phones

    async def trips(self, since: float) -> Sequence[ListedTrip]:
        """Open trips, and trips requested since then: the newest first, at most :data:`MAX_TRIPS`."""
        wanted = or_(_trip.state.in_(sorted(UNSETTLED)), _trip.requested_at >= since)
        return await self._database.read(partial(_listed, wanted=wanted, most=MAX_TRIPS))

    async def fleet(self, vehicle: str | None = None) -> Sequence[FleetCar]:
        statement = _cars() if vehicle is None else _cars().where(_vehicle.id == vehicle)
        return await self._database.read(partial(_read_cars, statement=statement.limit(MAX_VEHICLES)))

    async def search(self, text: str) -> SearchResult:
        """Trips by id, phone, plate or driver, the newest first; vehicles by id, plate, driver's number or name."""
        wanted = text.strip().lower()
        digits = _digits(wanted)
        names = await self._phones.lookup_digests(_phones(wanted)) if digits else ()
        persons = await self._phones.with_digits(digits) if digits else ()
        callers = Callers(names, persons[:MAX_RESULTS])
        return await self._database.read(partial(_search, text=wanted, callers=callers))

    async def rides(self, driver: str, since: float) -> Sequence[RideRow]:
        """A driver's rides that were finished since then, the newest first."""
        columns = [_trip[name] for name in RideRow.__struct_fields__ if name != "refunded_minor"]
        statement = (
            select(*columns, _payment.refunded_minor)
            .outerjoin(schema.payment, _payment.id == _trip.id)
            .where(_trip.driver == driver, _trip.finished_at >= since, _trip.fare_minor.is_not(None))
            .order_by(_trip.finished_at.desc(), _trip.id)
            .limit(MAX_RIDES)
        )
        return await self._read(RideRow, statement)


def _listed(connection: Connection, *, wanted: ColumnElement[bool], most: int) -> list[ListedTrip]:
    statement = (
        select(schema.trip, _vehicle.plate, _driver.name, _vehicle.vehicle_class.label("car_class"))
        .outerjoin(schema.vehicle, _vehicle.id == _trip.vehicle)
        .outerjoin(schema.driver, _driver.id == _trip.driver)
        .outerjoin(schema.passenger, _passenger.id == _trip.passenger)
        .where(wanted)
        .order_by(_trip.requested_at.desc(), _trip.id)
        .limit(most)
    )
    return [
        ListedTrip(struct_of(TripRow, row), row.plate or "", row.name or "", row.car_class or "standard")
        for row in connection.execute(statement)
    ]


def _cars() -> Select[Any]:
    return (
        select(
            schema.vehicle,
            _doing.state,
            _doing.state_since.label("since"),
            _doing.driver,
            _driver.name.label("driver_name"),
            _doing.trip,
        )
        .outerjoin(schema.vehicle_state, _doing.id == _vehicle.id)
        .outerjoin(schema.driver, _driver.id == _doing.driver)
        .order_by(_vehicle.id)
    )


def _read_cars(connection: Connection, *, statement: Select[Any]) -> list[FleetCar]:
    named = [name for name in FleetCar.__struct_fields__ if name != "vehicle"]
    return [
        FleetCar(vehicle=row.id, **{name: getattr(row, name) for name in named})
        for row in connection.execute(statement)
    ]


def _digits(text: str) -> str:
    """The digits of a text that may be (part of) a phone number, else empty."""
    digits = "".join(letter for letter in text if letter.isdecimal())
    return digits if len(digits) >= PHONE_PART and not any(letter.isalpha() for letter in text) else ""


def _phones(text: str) -> Sequence[str]:
    digits = _digits(text)
    return (digits, f"+{digits}") if digits else ()


def _search(connection: Connection, *, text: str, callers: Callers) -> SearchResult:
    shown = (_vehicle.id, _vehicle.plate, _doing.driver, _driver.name)
    cars = _read_cars(
        connection, statement=_cars().where(or_(*(_has(column, text) for column in shown))).limit(MAX_RESULTS)
    )
    trips: dict[str, ListedTrip] = {}
    for wanted in _wanted(text, [car.vehicle for car in cars], callers):
        trips |= {trip.row.id: trip for trip in _listed(connection, wanted=wanted, most=MAX_RESULTS)}
    newest = sorted(trips.values(), key=lambda trip: (-(trip.row.requested_at or 0.0), trip.row.id))
    return SearchResult(newest[:MAX_RESULTS], cars)


def _wanted(text: str, cars: list[str], callers: Callers) -> list[ColumnElement[bool]]:
    """Conditions for matching trips, each of which uses one index."""
    newest = select(_trip.id).order_by(_trip.requested_at.desc()).limit(SEARCHED_TRIPS).subquery()
    among_newest = _trip.id.in_(select(newest.c.id))
    wanted: list[ColumnElement[bool]] = [_trip.id == text, and_(among_newest, _has(_trip.id, text))]
    if cars:
        wanted.append(_trip.vehicle.in_(cars))
    digits = _digits(text)
    if digits:
        wanted += [
            _trip.contact.in_(_phones(text)),
            _trip.contact.in_(select(literal(PERSON) + _passenger.id).where(_passenger.phone_name.in_(callers.names))),
            _trip.passenger.in_(select(_passenger.id).where(_passenger.phone_name.in_(callers.names))),
            _trip.contact.in_([f"{PERSON}{person}" for person in callers.persons]),
            _trip.passenger.in_(callers.persons),
            and_(among_newest, _has(_trip.contact, digits)),
        ]
    return wanted


def _has(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    return func.lower(column, type_=String()).contains(text, autoescape=True)

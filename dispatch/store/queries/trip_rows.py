"""Lists and searches over the rows that the journal keeps beside its streams, for consoles and the gateway.

A row is as new as the last commit of its entity. Times are city seconds.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec
from sqlalchemy import Select, func, select

from dispatch.domain.trip.trip_state import UNSETTLED
from dispatch.store import tables as schema
from dispatch.store.database import Database
from dispatch.values.ids import PassengerId, VehicleId

R = TypeVar("R", bound=msgspec.Struct)


class TripRow(msgspec.Struct, frozen=True, kw_only=True):
    """The current state of a trip. ``origin`` is ``app``, ``phone`` or ``hail``; money is in minor units."""

    id: str
    state: str
    passenger: str | None
    driver: str | None
    vehicle: str | None
    vehicle_class: str | None
    origin: str | None
    requested_at: float | None
    pickup_at: float | None
    pickup_lat: float | None
    pickup_lng: float | None
    dropoff_lat: float | None
    dropoff_lng: float | None
    assigned_at: float | None
    arrived_at: float | None
    started_at: float | None
    finished_at: float | None
    cancelled_by: str | None
    cancel_reason: str | None
    fare_minor: int | None
    currency: str | None
    payment_state: str | None
    paid_at: float | None
    seq: int
    updated_at: float | None
    contact: str | None = None
    pickup_text: str | None = None
    dropoff_text: str | None = None
    seats: int | None = None
    needs: str | None = None
    note: str | None = None
    eta_at: float | None = None
    stars: int | None = None
    method: str | None = None


class PaymentRow(msgspec.Struct, frozen=True, kw_only=True):
    """The current state of a payment; amounts are in minor units of ``currency``."""

    id: str
    trip: str | None
    vehicle: str | None
    state: str
    method: str | None
    amount_minor: int | None
    currency: str | None
    order_no: str | None
    trade_no: str | None
    buyer: str | None
    opened_at: float | None
    paid_at: float | None
    refunded_minor: int | None
    company: str | None
    unclear: str | None
    """The reason why the payment needs a person's attention."""
    seq: int
    updated_at: float | None


class VehicleStateRow(msgspec.Struct, frozen=True, kw_only=True):
    """A vehicle's current state, driver and trip."""

    id: str
    state: str
    driver: str | None
    trip: str | None
    seq: int
    updated_at: float | None
    state_since: float | None = None
    shift_since: float | None = None


class MethodTotal(NamedTuple):
    """Payments by one method in one currency, in minor units."""

    method: str
    currency: str
    payments: int
    paid_minor: int
    refunded_minor: int


class VehicleSales(NamedTuple):
    """A vehicle's payments in a period, the newest first, and totals of the paid ones by method."""

    payments: Sequence[PaymentRow]
    totals: Sequence[MethodTotal]


class SqlQueries:
    """Queries of one database. All raise ``JournalUnavailableError``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def _read(self, kind: type[R], statement: Select[Any]) -> list[R]:
        return await self._database.read(lambda it: [struct_of(kind, row) for row in it.execute(statement)])


class SqlTripRows(SqlQueries):
    """Read only."""

    async def open_trips(self, limit: int = 10_000) -> Sequence[TripRow]:
        """Trips in :data:`~dispatch.domain.trip.trip_state.UNSETTLED`, the oldest request first."""
        table = schema.trip
        statement = select(table).where(table.c.state.in_(sorted(UNSETTLED))).order_by(table.c.requested_at, table.c.id)
        return await self._read(TripRow, statement.limit(limit))

    async def trips_of(self, passenger: PassengerId, limit: int) -> Sequence[TripRow]:
        """A passenger's last trips, the newest first."""
        table = schema.trip
        statement = select(table).where(table.c.passenger == passenger)
        return await self._read(TripRow, statement.order_by(table.c.requested_at.desc(), table.c.id).limit(limit))

    async def payments_of_vehicle(self, vehicle: VehicleId, since: float, until: float) -> VehicleSales:
        """Payments opened in ``since <= t < until``."""
        column = schema.payment.c
        within = (column.vehicle == vehicle, column.opened_at >= since, column.opened_at < until)
        listed = select(schema.payment).where(*within).order_by(column.opened_at.desc(), column.id)
        method = func.coalesce(column.method, "").label("method")
        summed = (
            select(
                method,
                column.currency,
                func.count(),
                func.sum(column.amount_minor),
                func.sum(func.coalesce(column.refunded_minor, 0)),
            )
            .where(*within, column.paid_at.is_not(None))
            .group_by(method, column.currency)
            .order_by(method, column.currency)
        )
        return await self._database.read(
            lambda it: VehicleSales(
                [struct_of(PaymentRow, row) for row in it.execute(listed)],
                [
                    MethodTotal(name, currency, count, int(paid), int(back))
                    for name, currency, count, paid, back in it.execute(summed)
                ],
            )
        )

    async def vehicle_state(self, vehicle: str) -> VehicleStateRow | None:
        found = await self._read(
            VehicleStateRow, select(schema.vehicle_state).where(schema.vehicle_state.c.id == vehicle)
        )
        return found[0] if found else None


def struct_of(kind: type[R], row: Any) -> R:  # noqa: ANN401 - a row of a table with the struct's columns
    return msgspec.convert({name: getattr(row, name) for name in kind.__struct_fields__}, kind)

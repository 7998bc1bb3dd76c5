"""Reads of a driver: the rides and sums of the shift, and dispatchers' notices."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from dispatch.api.fields import MoneyView
from dispatch.api.http_bodies import NoticeList, ShiftAccount, ShiftRide, ShiftSum
from dispatch.clock import Clock
from dispatch.store.queries.alarms import SqlNotices
from dispatch.store.queries.lists import RideRow, SqlLists
from dispatch.store.queries.trip_rows import SqlTripRows
from ws_gateway.http.authenticated_reads import Reader

NOTICES_S: Final = 43_200.0
COLLECTED: Final = frozenset({"paid", "part_refunded", "refunded", "settled_otherwise"})


class DriverReads:
    """``GET /v1/my/shift`` and ``GET /v1/my/notices``. ``zone`` defines the day."""

    def __init__(
        self, rides: SqlLists, states: SqlTripRows, messages: SqlNotices, clock: Clock, zone: ZoneInfo
    ) -> None:
        self._rides = rides
        self._states = states
        self._messages = messages
        self._clock = clock
        self._zone = zone

    async def shift(self, reader: Reader) -> ShiftAccount:
        """The current shift; today if there is none."""
        now = self._clock.city()
        driver = reader.identity.subject
        state = await self._states.vehicle_state(reader.identity.vehicle or "")
        under_way = state is not None and state.driver == driver and state.shift_since is not None
        since = state.shift_since if under_way and state is not None else None
        since = self._midnight(now) if since is None else since
        return account(since, now, await self._rides.rides(driver, since))

    async def notices(self, reader: Reader) -> NoticeList:
        """Notices to the driver's vehicle, or to all, of the last 12 hours."""
        vehicle = reader.identity.vehicle or ""
        since = self._clock.city() - NOTICES_S
        return NoticeList(list(await self._messages.for_vehicle(vehicle, since)))

    def _midnight(self, now: float) -> float:
        day = datetime.fromtimestamp(now, self._zone).date()
        return datetime.combine(day, time(), self._zone).timestamp()


def account(since: float, at: float, rides: Sequence[RideRow]) -> ShiftAccount:
    """The rides, and the sums by payment method: paid fares minus refunds; then the unpaid fares."""
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for ride in rides:
        method = (ride.method or "") if ride.payment_state in COLLECTED else ""
        count, minor = sums.get((method, ride.currency), (0, 0))
        sums[method, ride.currency] = (count + 1, minor + ride.fare_minor - (ride.refunded_minor or 0))
    return ShiftAccount(
        since=since,
        at=at,
        sums=[
            ShiftSum(method, count, MoneyView(minor, currency))
            for (method, currency), (count, minor) in sorted(sums.items(), key=lambda it: (it[0][0] == "", it[0]))
        ],
        rides=[
            ShiftRide(it.id, it.finished_at, it.payment_state, MoneyView(it.fare_minor, it.currency), it.method or "")
            for it in rides
        ],
    )

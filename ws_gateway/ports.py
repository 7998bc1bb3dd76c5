"""What a gateway needs from outside beside the hosts. Each port is small, and says what an implementation owes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

import msgspec

from dispatch.api.alarms import DriverBroadcast
from dispatch.api.server_messages import Alarm
from dispatch.domain.audit import AuditEntry
from dispatch.domain.registry import DeviceRecord, DispatcherRecord, DriverRecord, PassengerRecord, VehicleRecord
from dispatch.geo.travel_time import Route
from dispatch.store.queries.trip_rows import VehicleSales
from dispatch.values.ids import DriverId, PassengerId, VehicleId
from dispatch.values.roles import Role
from dispatch.values.units import CityTime, LatLng

E = TypeVar("E", VehicleRecord, DriverRecord, DispatcherRecord, DeviceRecord, PassengerRecord)


class Registry(Protocol):
    """Who and what the company knows. Raises ``JournalUnavailableError`` where the database does not answer."""

    async def get(self, kind: type[E], entry_id: str) -> E | None:
        """The entry of ``kind`` with this id."""
        ...

    async def may_drive(self, driver: DriverId, vehicle: VehicleId) -> bool:
        """Whether an active driver is permitted an active vehicle."""
        ...

    async def devices_of(self, vehicle: VehicleId) -> Sequence[DeviceRecord]:
        """The devices built into a vehicle."""
        ...

    async def passenger_by_phone(self, phone: str, *, new_id: PassengerId, created: float) -> PassengerRecord:
        """The passenger with this phone, made with ``new_id`` at wall time ``created`` if there is none."""
        ...

    async def phone_of(self, passenger: str) -> str | None:
        """A passenger's number; None where none is known, or it was erased."""
        ...

    async def passenger_by_alipay(self, alipay_user_id: str, *, new_id: PassengerId, created: float) -> PassengerRecord:
        """The same by an account at Alipay."""
        ...


class SalesHistory(Protocol):
    """What was paid. Raises ``JournalUnavailableError`` where the database does not answer."""

    async def payments_of_vehicle(self, vehicle: VehicleId, since: float, until: float) -> VehicleSales:
        """A vehicle's payments that were opened in ``since <= t < until``."""
        ...


class RoadRouter(Protocol):
    """Who knows the way: :class:`dispatch.geo.road_travel_time.RoadGraph`."""

    def drawn(self, origin: LatLng, destination: LatLng, at: CityTime) -> Route:
        """The quickest way, with points to be drawn. Called from any thread."""
        ...


class AlarmStore(Protocol):
    """Alarms as they are kept. Raises ``JournalUnavailableError`` where the database does not answer."""

    async def settle_alarm(self, alarm: str, *, by: str, at: float, note: str) -> Alarm | None:
        """Settle an alarm, unless somebody has: how it stands then. None for one that nobody has heard of."""
        ...


class NoticeStore(Protocol):
    """Messages to drivers as they are kept. Raises ``JournalUnavailableError`` likewise."""

    async def record_notice(self, told: DriverBroadcast) -> DriverBroadcast:
        """Keep it, unless one with its id is there: the one that is there."""
        ...


class AuditLog(Protocol):
    """The log of what dispatchers did. Raises ``JournalUnavailableError``."""

    async def record_entries(self, entries: Sequence[AuditEntry]) -> None:
        """Write these, but those that are there."""
        ...


class SmsSender(Protocol):
    """The way of a code to a phone."""

    async def send(self, phone: str, code: str, at: float) -> None:
        """Send it, at a wall time. Raises ``OSError`` where that is not possible now."""
        ...


class NotificationReceiver(Protocol):
    """Who understands Alipay's notifications."""

    async def receive_notification(self, body: bytes, content_type: str, company: str = "") -> bool:
        """True once a genuine notification is kept for good; False makes Alipay send it again. ``company`` is set
        where it came to the address of a company's own account."""
        ...


class BinaryFrameSource(Protocol):
    """A socket that can hand over its binary frames without the ASGI queue."""

    deliver: Callable[[bytes], None] | None
    """Takes each binary frame, in order; None: frames go through ASGI ``receive``."""


class SignOnNotice(msgspec.Struct, frozen=True):
    """A driver or a device has signed on somewhere: its older connections are to be closed."""

    role: Role
    subject: str
    session: str
    at: float
    """Wall time, so that a late notice closes nobody newer."""


class MapFrameNotice(msgspec.Struct, frozen=True):
    """An encoded :class:`~dispatch.api.fields.CellFrame` of ``host`` for those who watch ``cell``."""

    cell: str
    host: str
    frame: bytes


class MapCountsNotice(msgspec.Struct, frozen=True):
    """An encoded ``map_counts`` message of ``host`` for those who watch counts."""

    host: str
    message: bytes


class ConsoleNotice(msgspec.Struct, frozen=True):
    """An encoded message (``trip``, ``alarm``) for every dispatcher; a newer one of the same slot replaces it."""

    message: bytes
    slot: str | None = None


class DriverNotice(msgspec.Struct, frozen=True):
    """An encoded ``notice`` for the drivers of these vehicles, or (none named) for all."""

    vehicles: tuple[str, ...]
    message: bytes
    slot: str


class RevokedNotice(msgspec.Struct, frozen=True):
    """Sign-ins were ended: the journal knows which."""


class MapHealth(msgspec.Struct, frozen=True):
    """Whether the bus is down, so that the map stands still."""

    stale: bool


BusNotice = SignOnNotice | RevokedNotice | MapFrameNotice | MapCountsNotice | ConsoleNotice | DriverNotice | MapHealth


class GatewayBus(Protocol):
    """Soft state between gateways, matchers and hosts. What is lost here costs a dot on a map, never a trip.

    No method raises for a bus that is down: publishing is then in vain, and ``notices`` says :class:`MapHealth`.
    """

    async def sign_on(self, notice: SignOnNotice) -> None:
        """Tell every gateway, and bring later notices about the same client until ``sign_off``."""
        ...

    async def sign_off(self, role: str, subject: str) -> None:
        """The client has no socket here any more: notices about it are not needed."""
        ...

    async def watch(self, cells: Iterable[str]) -> None:
        """Bring frames of these cells too."""
        ...

    async def unwatch(self, cells: Iterable[str]) -> None:
        """Nobody here looks at these any more."""
        ...

    async def full_frames(self, cells: Iterable[str]) -> list[MapFrameNotice]:
        """The last whole frames of these cells, as far as they are kept."""
        ...

    async def watch_counts(self) -> None:
        """Bring counts of cars by cell too."""
        ...

    async def unwatch_counts(self) -> None:
        """Nobody here looks at counts any more."""
        ...

    async def announce(self, news: Alarm | DriverBroadcast) -> None:
        """Tell the consoles, or drivers, of every gateway."""
        ...

    async def announce_revocation(self) -> None:
        """Tell every gateway that sign-ins were ended."""
        ...

    async def next_notices(self) -> list[BusNotice]:
        """The next notices, waiting for them."""
        ...

"""The gateway's ports: its interfaces to all parts outside, except the hosts. Each docstring is a contract."""

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
    """Vehicles, drivers, dispatchers, devices and passengers. Raises ``JournalUnavailableError``."""

    async def get(self, kind: type[E], entry_id: str) -> E | None: ...

    async def may_drive(self, driver: DriverId, vehicle: VehicleId) -> bool:
        """Whether the driver and the vehicle are active and the driver is permitted the vehicle."""

    async def devices_of(self, vehicle: VehicleId) -> Sequence[DeviceRecord]: ...

    async def passenger_by_phone(self, phone: str, *, new_id: PassengerId, created: float) -> PassengerRecord:
        """Get the passenger with this phone, or create it with ``new_id`` at wall time ``created``."""

    async def phone_of(self, passenger: str) -> str | None:
        """A passenger's number; None if it is unknown or was erased."""

    async def passenger_by_alipay(self, alipay_user_id: str, *, new_id: PassengerId, created: float) -> PassengerRecord:
        """The same by an Alipay user id."""


class SalesHistory(Protocol):
    """Payments of vehicles. Raises ``JournalUnavailableError``."""

    async def payments_of_vehicle(self, vehicle: VehicleId, since: float, until: float) -> VehicleSales:
        """A vehicle's payments opened in ``since <= t < until``."""


class RoadRouter(Protocol):
    """Implemented by :class:`dispatch.geo.road_travel_time.RoadGraph`."""

    def drawn(self, origin: LatLng, destination: LatLng, at: CityTime) -> Route:
        """The quickest route, with points for drawing. Thread-safe."""


class AlarmStore(Protocol):
    """Stored alarms. Raises ``JournalUnavailableError``."""

    async def settle_alarm(self, alarm: str, *, by: str, at: float, note: str) -> Alarm | None:
        """Settle an alarm if it is open; returns its state afterwards, None if it is unknown."""


class NoticeStore(Protocol):
    """Stored notices to drivers. Raises ``JournalUnavailableError``."""

    async def record_notice(self, told: DriverBroadcast) -> DriverBroadcast:
        """Store the notice, or return the one stored under its id before."""


class AuditLog(Protocol):
    """The log of dispatchers' actions. Raises ``JournalUnavailableError``."""

    async def record_entries(self, entries: Sequence[AuditEntry]) -> None:
        """Write the entries, except those written before."""


class SmsSender(Protocol):
    """Sends sign-in codes to phones."""

    async def send(self, phone: str, code: str, at: float) -> None:
        """Send the code at a wall time. Raises ``OSError`` if sending is impossible now."""


class NotificationReceiver(Protocol):
    """Receives Alipay's notifications."""

    async def receive_notification(self, body: bytes, content_type: str, company: str = "") -> bool:
        """True once a genuine notification is committed; on False, Alipay sends it again. ``company`` is set if it
        came to the address of a company's own account."""


class BinaryFrameSource(Protocol):
    """A socket that can hand over its binary frames without the ASGI queue."""

    deliver: Callable[[bytes], None] | None
    """Takes each binary frame, in order; None: frames go through ASGI ``receive``."""


class SignOnNotice(msgspec.Struct, frozen=True):
    """A driver or device signed on at a gateway: its older connections must close."""

    role: Role
    subject: str
    session: str
    at: float
    """Wall time. A late notice does not close newer connections."""


class MapFrameNotice(msgspec.Struct, frozen=True):
    """An encoded :class:`~dispatch.api.fields.CellFrame` of ``host`` for consoles that watch ``cell``."""

    cell: str
    host: str
    frame: bytes


class MapCountsNotice(msgspec.Struct, frozen=True):
    """An encoded ``map_counts`` message of ``host`` for consoles that watch counts."""

    host: str
    message: bytes


class ConsoleNotice(msgspec.Struct, frozen=True):
    """An encoded message (``trip``, ``alarm``) for every dispatcher; a newer one of the same slot replaces it."""

    message: bytes
    slot: str | None = None


class DriverNotice(msgspec.Struct, frozen=True):
    """An encoded ``notice`` for the drivers of these vehicles, or for all drivers if none is named."""

    vehicles: tuple[str, ...]
    message: bytes
    slot: str


class RevokedNotice(msgspec.Struct, frozen=True):
    """Sign-ins were revoked; the journal has the list."""


class MapHealth(msgspec.Struct, frozen=True):
    """Whether the live map is stale because the bus is unavailable."""

    stale: bool


BusNotice = SignOnNotice | RevokedNotice | MapFrameNotice | MapCountsNotice | ConsoleNotice | DriverNotice | MapHealth


class MapBus(Protocol):
    """The live map's part of :class:`GatewayBus`."""

    async def watch(self, cells: Iterable[str]) -> None: ...
    async def unwatch(self, cells: Iterable[str]) -> None: ...

    async def full_frames(self, cells: Iterable[str]) -> list[MapFrameNotice]:
        """The last full frames of these cells, as far as the bus has them."""

    async def watch_counts(self) -> None: ...
    async def unwatch_counts(self) -> None: ...


class GatewayBus(MapBus, Protocol):
    """Soft state shared by gateways, matchers and hosts. A lost message costs a position on a map, never a trip.

    No method raises if the bus is unavailable: publishing then has no effect, and ``next_notices`` returns
    :class:`MapHealth`.
    """

    async def sign_on(self, notice: SignOnNotice) -> None:
        """Publish to every gateway, and receive later notices about the same client until ``sign_off``."""

    async def sign_off(self, role: str, subject: str) -> None:
        """Stop receiving notices about a client that has no socket here any more."""

    async def announce(self, news: Alarm | DriverBroadcast) -> None:
        """Publish to the consoles or drivers of every gateway."""

    async def announce_revocation(self) -> None:
        """Tell every gateway to read the revocations."""

    async def next_notices(self) -> list[BusNotice]: ...

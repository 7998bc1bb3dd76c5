"""Registry records: vehicles, the people and devices that sign in, and driving permissions. Validated on creation.

    RegistryError
    ├── DuplicateEntryError    an id, plate, phone or Alipay account is taken
    └── UnknownEntryError      the record does not exist

Secrets are stored only as hashes (argon2), which the caller creates and verifies.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.values.ids import DeviceId, DispatcherId, DriverId, PassengerId, VehicleId

ANY_VEHICLE: Final = "*"
"""In a permission: the driver may drive every vehicle."""


class RegistryError(Exception):
    """The registry rejected a change and is unchanged."""


class DuplicateEntryError(RegistryError):
    """Another record has the same id, plate, phone or Alipay account as ``entry``."""

    def __init__(self, entry: str) -> None:
        self.entry = entry
        super().__init__(f"{entry}: another record has the same id, plate, phone or Alipay account")


class UnknownEntryError(RegistryError):
    """The record ``entry`` does not exist."""

    def __init__(self, entry: str) -> None:
        self.entry = entry
        super().__init__(f"{entry}: not in the registry")


def _named(**texts: str) -> None:
    for name, text in texts.items():
        if not text or text != text.strip():
            raise ValueError(f"{name} must not be empty or have leading or trailing spaces")


class VehicleRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A company's vehicle. ``seats`` counts passenger seats; ``vehicle_class`` is a class of the tariff."""

    id: VehicleId
    plate: str
    company: str
    vehicle_class: str = "standard"
    seats: int = 4
    wheelchair: bool = False
    child_seat: bool = False
    active: bool = True
    typed_fare: bool = False
    """The vehicle has no meter: the passenger types the fare, and the driver confirms it."""

    def __post_init__(self) -> None:
        _named(id=self.id, plate=self.plate, company=self.company, vehicle_class=self.vehicle_class)
        if self.id == ANY_VEHICLE:
            raise ValueError(f"id must not be {ANY_VEHICLE}, which means every vehicle")
        if not 1 <= self.seats <= 20:
            raise ValueError("seats must be from 1 to 20")


class DriverRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A driver, who signs in with the number ``id`` and a PIN."""

    id: DriverId
    name: str
    phone: str
    pin_hash: str
    active: bool = True

    def __post_init__(self) -> None:
        _named(id=self.id, name=self.name, phone=self.phone, pin_hash=self.pin_hash)


REFUND: Final = "refund"
"""The permission to refund fares of any amount; ``refund:5000`` limits one refund to 50.00."""


PHONES: Final = "phones"
"""The permission to see callers' full phone numbers."""


def refund_limit(permissions: Sequence[str]) -> int | None:
    """The limit of one refund in minor units; None without a limit. Raises ``NOT_ALLOWED`` without the permission."""
    if REFUND in permissions:
        return None
    limits = [
        permission.removeprefix(f"{REFUND}:") for permission in permissions if permission.startswith(f"{REFUND}:")
    ]
    amounts = [int(limit) for limit in limits if limit.isascii() and limit.isdecimal()]
    if not amounts:
        raise DispatchError(ErrorCode.NOT_ALLOWED, detail=f"without the permission {REFUND}")
    return max(amounts)


class DispatcherRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A console user, who signs in with ``id`` and a password."""

    id: DispatcherId
    name: str
    password_hash: str
    permissions: tuple[str, ...] = ()
    active: bool = True

    def __post_init__(self) -> None:
        _named(id=self.id, name=self.name, password_hash=self.password_hash)


class DeviceRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A taximeter built into a vehicle; it signs in with a key."""

    id: DeviceId
    vehicle: VehicleId
    key_hash: str
    active: bool = True

    def __post_init__(self) -> None:
        _named(id=self.id, vehicle=self.vehicle, key_hash=self.key_hash)


class PassengerRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A passenger, known by a phone number or an Alipay account; ``created`` is wall time.

    ``phone`` is None if the number is encrypted; both are None after erasure.
    """

    id: PassengerId
    phone: str | None = None
    created: float
    alipay_user_id: str | None = None

    def __post_init__(self) -> None:
        known = {"phone": self.phone, "alipay_user_id": self.alipay_user_id}
        _named(id=self.id, **{name: text for name, text in known.items() if text is not None})


RegistryRecord = VehicleRecord | DriverRecord | DispatcherRecord | DeviceRecord | PassengerRecord

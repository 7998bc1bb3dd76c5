"""Hosts, registry and books in memory, for tests of the gateway over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from dispatch.actors.core.protocol import (
    Done,
    Envelope,
    HostRestarted,
    HostsUnavailableError,
    Push,
    Quote,
    Refused,
    Reply,
    Subscribed,
    SubscribeReply,
    SubscribeRequest,
)
from dispatch.api.alarms import DriverBroadcast
from dispatch.api.server_messages import Alarm, Snapshot, Update
from dispatch.domain.audit import AuditEntry
from dispatch.domain.commands import decode_command
from dispatch.domain.entity import EntityKey
from dispatch.domain.errors import ErrorCode
from dispatch.domain.registry import DeviceRecord, DispatcherRecord, DriverRecord, PassengerRecord, VehicleRecord
from dispatch.domain.vehicle.position_tracker import FixRow
from dispatch.store.queries.revocations import Revocation
from dispatch.store.queries.trip_rows import MethodTotal, VehicleSales
from dispatch.values.ids import DeviceId, DispatcherId, DriverId, PassengerId, VehicleId
from dispatch.values.roles import Audience
from ws_gateway.auth.passwords import hash_secret

E = TypeVar("E", VehicleRecord, DriverRecord, DispatcherRecord, DeviceRecord, PassengerRecord)
NOW = 1_700_000_000.0


class FakeHosts:
    """One host with numbered streams. Commands are answered by ``decide``, once for each id, as real hosts do."""

    def __init__(self) -> None:
        self.streams: dict[str, list[bytes]] = {}
        self.tail = 1_000
        self.rows: list[FixRow] = []
        self.envelopes: list[Envelope] = []
        self.attachments: list[SubscribeRequest] = []
        self.detached: list[tuple[str, str]] = []
        self.followed: set[tuple[str, str]] = set()
        self.asked: list[object] = []
        self.down = False
        self.gate: asyncio.Event | None = None
        self.decide: Callable[[Envelope], Reply] = lambda envelope: Done(seq=1, state=_command(envelope))
        self._replies: dict[tuple[str, str], tuple[bytes, Reply]] = {}
        self._inbox: asyncio.Queue[Push | HostRestarted] = asyncio.Queue()
        self.got_rows = asyncio.Event()

    async def command(self, envelope: Envelope) -> Reply:
        if self.gate is not None:
            await self.gate.wait()
        if self.down:
            raise HostsUnavailableError
        stored = self._replies.get((envelope.key, envelope.command_id))
        if stored is not None:
            return stored[1] if stored[0] == envelope.digest else Refused(ErrorCode.COMMAND_ID_REUSED, field="id")
        self.envelopes.append(envelope)
        reply = self.decide(envelope)
        self._replies[envelope.key, envelope.command_id] = (envelope.digest, reply)
        return reply

    def fixes(self, rows: list[FixRow]) -> None:
        self.rows.extend(rows)
        self.got_rows.set()

    async def subscribe(self, attachment: SubscribeRequest) -> SubscribeReply:
        if self.down:
            raise HostsUnavailableError
        self.attachments.append(attachment)
        self.followed.add((attachment.key, attachment.principal.role))
        if attachment.trip is not None:
            return Subscribed(seq=0, recovered=False)
        stream = self.streams.get(attachment.key, [])
        if attachment.after is not None and attachment.after >= len(stream) - self.tail:
            missed = [(n, message) for n, message in enumerate(stream, 1) if n > attachment.after]
            return Subscribed(seq=len(stream), recovered=True, updates=missed)
        snapshot = Snapshot(stream=attachment.key, seq=len(stream), recovered=False)
        return Subscribed(seq=len(stream), recovered=False, snapshot=msgspec.msgpack.encode(snapshot))

    async def unsubscribe(self, key: str, audience: Audience) -> None:
        self.detached.append((key, audience))
        self.followed.discard((key, audience))

    async def pushes(self) -> list[Push | HostRestarted]:
        return [await self._inbox.get()]

    async def quote(self, pickup: tuple[float, float], dropoff: tuple[float, float], at: float) -> Quote:
        self.asked.append((pickup, dropoff, at))
        return Quote(seconds=600.0, meters=5_000.0, pickup_s=120.0)

    async def why(self, key: EntityKey) -> dict[str, object]:
        self.asked.append(key)
        return {}

    def happen(self, key: str, audience: Audience, event: str, **view: Any) -> None:
        """A new event of a stream, pushed to whoever follows it."""
        stream = self.streams.setdefault(key, [])
        told = Update(stream=key, seq=len(stream) + 1, event=event, at=NOW, **view)
        stream.append(msgspec.msgpack.encode(told))
        if (key, audience) in self.followed:
            self._inbox.put_nowait(Push(key, audience, len(stream), stream[-1]))

    def push(self, push: Push) -> None:
        """Something that no stream numbers."""
        self._inbox.put_nowait(push)

    def die(self) -> None:
        """The host is born again and knows nobody."""
        self.followed.clear()
        self._inbox.put_nowait(HostRestarted("host-0"))


def _command(envelope: Envelope) -> str:
    return type(decode_command(envelope.body)).__name__


class FakeRegistry:
    """One of each, with cheap secrets: driver D1 with PIN 1234 who may drive V1, and so on."""

    def __init__(self) -> None:
        self.entries: dict[tuple[type[Any], str], Any] = {}
        for number in (1, 2):
            vehicle = VehicleId(f"V{number}")
            self.put(VehicleRecord(id=vehicle, plate=f"PL{number}", company="Yellow", wheelchair=True))
            self.put(
                DriverRecord(
                    id=DriverId(f"D{number}"), name=f"Driver {number}", phone="1", pin_hash=hash_secret("1234")
                )
            )
        self.put(DispatcherRecord(id=DispatcherId("anna"), name="Anna", password_hash=hash_secret("correct horse")))
        self.put(DeviceRecord(id=DeviceId("M1"), vehicle=VehicleId("V1"), key_hash=hash_secret("device-key")))

    def put(self, entry: VehicleRecord | DriverRecord | DispatcherRecord | DeviceRecord | PassengerRecord) -> None:
        self.entries[type(entry), entry.id] = entry

    async def get(self, kind: type[E], entry_id: str) -> E | None:
        found: E | None = self.entries.get((kind, entry_id))
        return found

    async def may_drive(self, driver: DriverId, vehicle: VehicleId) -> bool:
        return driver[1:] == vehicle[1:]

    async def devices_of(self, vehicle: VehicleId) -> Sequence[DeviceRecord]:
        return [entry for (kind, _), entry in self.entries.items() if kind is DeviceRecord and entry.vehicle == vehicle]

    async def passenger_by_phone(self, phone: str, *, new_id: PassengerId, created: float) -> PassengerRecord:
        for (kind, _), entry in self.entries.items():
            if kind is PassengerRecord and entry.phone == phone:
                found: PassengerRecord = entry
                return found
        fresh = PassengerRecord(id=new_id, phone=phone, created=created)
        self.put(fresh)
        return fresh

    async def phone_of(self, passenger: str) -> str | None:
        found: PassengerRecord | None = self.entries.get((PassengerRecord, passenger))
        return None if found is None else found.phone

    async def passenger_by_alipay(self, alipay_user_id: str, *, new_id: PassengerId, created: float) -> PassengerRecord:
        for (kind, _), entry in self.entries.items():
            if kind is PassengerRecord and entry.alipay_user_id == alipay_user_id:
                found: PassengerRecord = entry
                return found
        fresh = PassengerRecord(id=new_id, alipay_user_id=alipay_user_id, created=created)
        self.put(fresh)
        return fresh


class FakeHistory:
    """A car that took 12.34 today."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, float, float]] = []

    async def payments_of_vehicle(self, vehicle: VehicleId, since: float, until: float) -> VehicleSales:
        self.asked.append((vehicle, since, until))
        return VehicleSales([], [MethodTotal("alipay_app", "USD", 1, 1234, 0)])


class FakePayments:
    """Believes every notification whose body is ``genuine``."""

    async def receive_notification(self, body: bytes, content_type: str, company: str = "") -> bool:
        """The port's shape; every company is the same here."""
        del company
        if body == b"broken":
            raise RuntimeError("no such key")
        return body == b"genuine" and content_type.startswith("application/x-www-form-urlencoded")


class FakeAlarms:
    """Alarms in memory; the first settles."""

    def __init__(self) -> None:
        self.kept: dict[str, Alarm] = {}

    async def settle_alarm(self, alarm: str, *, by: str, at: float, note: str) -> Alarm | None:
        found = self.kept.get(alarm)
        if found is not None and found.settled_at is None:
            found = msgspec.structs.replace(found, settled_by=by, settled_at=at, note=note)
            self.kept[alarm] = found
        return found


class FakeNotices:
    """Messages to drivers in memory; the first of an id stays."""

    def __init__(self) -> None:
        self.kept: dict[str, DriverBroadcast] = {}

    async def record_notice(self, told: DriverBroadcast) -> DriverBroadcast:
        return self.kept.setdefault(told.notice.notice, told)


class FakeRevocations:
    """Sign-ins that were ended, in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Revocation] = {}

    async def add(self, revocation: Revocation) -> None:
        self.kept[revocation.id] = revocation

    async def since(self, at: float) -> Sequence[Revocation]:
        return [each for each in self.kept.values() if each.at >= at]


class FakeAudit:
    """What was written down."""

    def __init__(self) -> None:
        self.kept: dict[str, AuditEntry] = {}

    async def record_entries(self, entries: Sequence[AuditEntry]) -> None:
        for entry in entries:
            self.kept.setdefault(entry.id, entry)

"""The registry of a simulation, and the bus between its gateways."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from dispatch.domain.registry import DeviceRecord, DispatcherRecord, DriverRecord, PassengerRecord, VehicleRecord
from dispatch.store.bus import BusMessage
from dispatch.store.queries.revocations import Revocation
from dispatch.values.ids import PassengerId
from sim.simtest.virtual_loop import Incarnation
from ws_gateway.ports import BusNotice, SignOnNotice


class SimRegistry:
    """A registry in which every id exists and each driver may drive the vehicle of the same number."""

    async def get(self, kind: type[Any], entry_id: str) -> Any:  # noqa: ANN401 - one of the registry's entries
        if kind is VehicleRecord:
            return VehicleRecord(id=entry_id, plate=f"plate {entry_id}", company="Our Cabs")  # type: ignore[arg-type]
        if kind is DriverRecord:
            return DriverRecord(id=entry_id, name=f"Driver {entry_id}", phone="+14155550111", pin_hash="x")  # type: ignore[arg-type]
        if kind is DispatcherRecord:
            return DispatcherRecord(id=entry_id, name=entry_id, password_hash="x", permissions=("refund",))  # type: ignore[arg-type]  # noqa: S106 - there are no sign-ins
        return None

    async def may_drive(self, driver: str, vehicle: str) -> bool:
        return driver == f"D{vehicle}"

    async def devices_of(self, vehicle: str) -> Sequence[DeviceRecord]:  # noqa: ARG002 - the port's shape
        return ()

    async def passenger_by_phone(self, phone: str, *, new_id: str, created: float) -> PassengerRecord:  # noqa: ARG002
        return PassengerRecord(id=PassengerId(f"of{phone.removeprefix('+')}"), phone=phone, created=created)

    async def phone_of(self, passenger: str) -> str | None:
        return f"+{passenger.removeprefix('of')}"

    async def add(self, revocation: Revocation) -> None:
        """Sign-ins are not revoked in a simulation."""

    async def since(self, at: float) -> Sequence[Revocation]:  # noqa: ARG002 - the port's shape
        return ()


class SimBus:
    """Forwards sign-ons to all gateways. Map and console messages are discarded."""

    def __init__(self) -> None:
        self._gateways: list[tuple[Incarnation, asyncio.Queue[BusNotice]]] = []

    def for_gateway(self, incarnation: Incarnation) -> Any:  # noqa: ANN401 - a gateway's bus
        queue: asyncio.Queue[BusNotice] = asyncio.Queue()
        self._gateways.append((incarnation, queue))
        return SimGatewayBus(self, queue)

    def notify_all(self, notice: BusNotice) -> None:
        self._gateways = [(incarnation, queue) for incarnation, queue in self._gateways if incarnation.alive]
        for _, queue in self._gateways:
            queue.put_nowait(notice)

    async def publish_many(self, messages: Sequence[BusMessage]) -> Sequence[int]:
        return [0 for _ in messages]

    async def put_many(self, entries: Sequence[tuple[str, bytes]], ttl_s: float) -> None:
        """Not stored."""

    async def close(self) -> None:
        """There are no connections."""

    async def announce(self, news: object) -> None:
        """Discarded."""


class SimGatewayBus:
    """Implements :class:`ws_gateway.ports.GatewayBus`."""

    def __init__(self, bus: SimBus, queue: asyncio.Queue[BusNotice]) -> None:
        self._bus = bus
        self._queue = queue

    async def sign_on(self, notice: SignOnNotice) -> None:
        self._bus.notify_all(notice)

    async def sign_off(self, role: str, subject: str) -> None:
        """Not stored."""

    async def watch(self, cells: Iterable[str]) -> None:
        """Not simulated."""

    async def unwatch(self, cells: Iterable[str]) -> None:
        """Not simulated."""

    async def full_frames(self, cells: Iterable[str]) -> list[Any]:  # noqa: ARG002 - the port's shape
        return []

    async def watch_counts(self) -> None:
        """Not simulated."""

    async def unwatch_counts(self) -> None:
        """Not simulated."""

    async def announce(self, news: object) -> None:
        """Not simulated."""

    async def next_notices(self) -> list[BusNotice]:
        return [await self._queue.get()]

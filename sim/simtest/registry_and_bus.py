"""Who is who in a simulated world, and the bus between its gateways."""

from __future__ import annotations

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
    """A registry that knows every car and driver, and lets each drive its own."""

    async def get(self, kind: type[Any], entry_id: str) -> Any:  # noqa: ANN401 - one of the registry's entries
        """The entry of a kind with this id."""
        if kind is VehicleRecord:
            return VehicleRecord(id=entry_id, plate=f"plate {entry_id}", company="Our Cabs")  # type: ignore[arg-type]
        if kind is DriverRecord:
            return DriverRecord(id=entry_id, name=f"Driver {entry_id}", phone="+14155550111", pin_hash="x")  # type: ignore[arg-type]
        if kind is DispatcherRecord:
            return DispatcherRecord(id=entry_id, name=entry_id, password_hash="x", permissions=("refund",))  # type: ignore[arg-type]  # noqa: S106 - nobody signs in
        return None

    async def may_drive(self, driver: str, vehicle: str) -> bool:
        """Each drives its own."""
        return driver == f"D{vehicle}"

    async def devices_of(self, vehicle: str) -> Sequence[DeviceRecord]:  # noqa: ARG002 - the port's shape
        """No car has any."""
        return ()

    async def passenger_by_phone(self, phone: str, *, new_id: str, created: float) -> PassengerRecord:  # noqa: ARG002
        """The same caller for the same number."""
        return PassengerRecord(id=PassengerId(f"of{phone.removeprefix('+')}"), phone=phone, created=created)

    async def phone_of(self, passenger: str) -> str | None:
        """The number of such a caller."""
        return f"+{passenger.removeprefix('of')}"

    async def add(self, revocation: Revocation) -> None:
        """Nobody's sign-in is ended here."""

    async def since(self, at: float) -> Sequence[Revocation]:  # noqa: ARG002 - the port's shape
        """None was."""
        return ()


class SimBus:
    """Tells every gateway who signed on. What hosts publish for maps and consoles goes nowhere."""

    def __init__(self) -> None:
        self._ears: list[tuple[Incarnation, asyncio.Queue[BusNotice]]] = []

    def joined(self, incarnation: Incarnation) -> Any:  # noqa: ANN401 - a gateway's bus
        """The bus as one gateway has it."""
        queue: asyncio.Queue[BusNotice] = asyncio.Queue()
        self._ears.append((incarnation, queue))
        return SimGatewayBus(self, queue)

    def tell_all(self, notice: BusNotice) -> None:
        """Every gateway that lives."""
        self._ears = [(incarnation, queue) for incarnation, queue in self._ears if incarnation.alive]
        for _, queue in self._ears:
            queue.put_nowait(notice)

    async def publish_many(self, messages: Sequence[BusMessage]) -> Sequence[int]:
        """Nobody looks."""
        return [0 for _ in messages]

    async def put_many(self, entries: Sequence[tuple[str, bytes]], ttl_s: float) -> None:
        """Not stored."""

    async def close(self) -> None:
        """There are no connections."""

    async def announce(self, news: object) -> None:
        """Nobody looks."""


class SimGatewayBus:
    """Implements :class:`ws_gateway.ports.GatewayBus`."""

    def __init__(self, bus: SimBus, queue: asyncio.Queue[BusNotice]) -> None:
        self._bus = bus
        self._queue = queue

    async def sign_on(self, notice: SignOnNotice) -> None:
        self._bus.tell_all(notice)

    async def sign_off(self, role: str, subject: str) -> None:
        """Nothing is kept."""

    async def watch(self, cells: Iterable[str]) -> None:
        """There is no map."""

    async def unwatch(self, cells: Iterable[str]) -> None:
        """There is no map."""

    async def full_frames(self, cells: Iterable[str]) -> list[Any]:  # noqa: ARG002 - the port's shape
        return []

    async def watch_counts(self) -> None:
        """There is no map."""

    async def unwatch_counts(self) -> None:
        """There is no map."""

    async def announce(self, news: object) -> None:
        """There is no console."""

    async def next_notices(self) -> list[BusNotice]:
        return [await self._queue.get()]

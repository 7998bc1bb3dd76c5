"""The street of ``bench offer``, seen by all its processes: a driver of one finds the passenger of another.

What a passenger says to a driver at the kerb, the ride code and where to, goes from process to process by UDP over
loopback. The system under test knows nothing of it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import msgspec

from dispatch.values.ids import TripId, VehicleId
from dispatch.values.units import LatLng
from sim.city.kerbside import Rider, Street

HERE: Final = "127.0.0.1"


class AtTheKerb(msgspec.Struct, frozen=True, array_like=True):
    """Somebody waits."""

    trip: TripId
    code: str
    lat: float
    lng: float


@dataclass(frozen=True)
class Stranger:
    """A passenger whose app is in another process: what becomes of the ride, the app hears from the system."""

    code: str
    destination: LatLng

    def seated(self, vehicle: VehicleId, trip: TripId) -> None:
        """The ride begins."""

    def set_down(self, vehicle: VehicleId) -> None:
        """The ride is over."""

    def turned_away(self) -> None:
        """Nobody is turned away who has booked."""


class SharedStreet(Street):
    """One process's view of the street."""

    def __init__(self) -> None:
        super().__init__()
        self._others: list[tuple[str, int]] = []
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self, folder: Path, part: int) -> None:
        """Listen, and leave word where."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: _Ear(self), local_addr=(HERE, 0))
        port = cast("tuple[str, int]", self._transport.get_extra_info("sockname"))[1]
        (folder / f"street.{part}.port").write_text(str(port))

    def meet(self, folder: Path, part: int, parts: int) -> None:
        """Know where all others listen. They must have left word."""
        ports = [int((folder / f"street.{other}.port").read_text()) for other in range(parts) if other != part]
        self._others = [(HERE, port) for port in ports]

    def close(self) -> None:
        """Listen no more."""
        if self._transport is not None:
            self._transport.close()

    def board(self, trip: TripId, rider: Rider) -> None:
        """A rider of this process is at the kerb; unless the driver was here, the others are told."""
        super().board(trip, rider)
        if trip in self._riders and self._transport is not None:
            lat, lng = rider.destination
            body = msgspec.msgpack.encode(AtTheKerb(trip, rider.code, lat, lng))
            for other in self._others:
                self._transport.sendto(body, other)

    def hear(self, body: bytes) -> None:
        """A rider of another process is at the kerb."""
        told = msgspec.msgpack.decode(body, type=AtTheKerb)
        super().board(told.trip, Stranger(told.code, LatLng(told.lat, told.lng)))


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, street: SharedStreet) -> None:
        self._street = street

    def datagram_received(self, data: bytes, _: tuple[str | object, int]) -> None:
        self._street.hear(data)

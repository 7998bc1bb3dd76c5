"""The kerbside shared by the worker processes of ``bench offer``: a driver of one process meets a passenger of another.

What a passenger tells a driver face to face, the ride code and the destination, goes between the processes by UDP over
loopback. The system under test does not see it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

import msgspec

from dispatch.values.ids import TripId, VehicleId
from dispatch.values.units import LatLng
from sim.city.kerbside import Kerbside, Rider

LOOPBACK: Final = "127.0.0.1"


class WaitingRider(msgspec.Struct, frozen=True, array_like=True):
    """Datagram: a passenger waits at the kerb."""

    trip: TripId
    code: str
    lat: float
    lng: float


@dataclass(frozen=True)
class RemoteRider:
    """A passenger whose app runs in another process; the app follows the ride through the system."""

    code: str
    destination: LatLng

    def seated(self, vehicle: VehicleId, trip: TripId) -> None: ...
    def set_down(self, vehicle: VehicleId) -> None: ...
    def turned_away(self) -> None: ...


class SharedKerbside(Kerbside):
    """The kerbside as one process sees it."""

    def __init__(self) -> None:
        super().__init__()
        self._others: list[tuple[str, int]] = []
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self) -> int:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: _Receiver(self), local_addr=(LOOPBACK, 0))
        return cast("tuple[str, int]", self._transport.get_extra_info("sockname"))[1]

    def share_with(self, ports: Sequence[int]) -> None:
        self._others = [(LOOPBACK, port) for port in ports]

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def board(self, trip: TripId, rider: Rider) -> None:
        """A rider of this process waits; the other processes get a datagram unless the driver is in this one."""
        super().board(trip, rider)
        if trip in self._riders and self._transport is not None:
            lat, lng = rider.destination
            body = msgspec.msgpack.encode(WaitingRider(trip, rider.code, lat, lng))
            for other in self._others:
                self._transport.sendto(body, other)

    def board_remote(self, body: bytes) -> None:
        rider = msgspec.msgpack.decode(body, type=WaitingRider)
        super().board(rider.trip, RemoteRider(rider.code, LatLng(rider.lat, rider.lng)))


class _Receiver(asyncio.DatagramProtocol):
    def __init__(self, kerbside: SharedKerbside) -> None:
        self._kerbside = kerbside

    def datagram_received(self, data: bytes, _: tuple[str | object, int]) -> None:
        self._kerbside.board_remote(data)

"""Worker process of passengers that request rides, and of the drivers that get the offers.

The cars are of a vehicle class of their own, so that no other car of the load gets an offer. Every car sends a fix
every two seconds. Rides are requested at a steady rate, each at its fixed time, near some car. A request counts as
offered once the offer reaches a driver's socket; the wait is measured from the time the request was due, delays of this
process included. The passenger then cancels, and the car is free again.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from bench.harness.concurrency import map_concurrently
from bench.harness.figures import percentiles_ms
from bench.harness.fix_sender import PhoneLocation, retry_online
from bench.harness.worker_process import Answer, run_worker
from dispatch.api.client_messages import CancelTrip, GpsFix, Hello, RequestRide, StartShift
from dispatch.api.fields import Fix
from dispatch.processes.task_set import TaskSet
from dispatch.values.place import Place
from sim.client.socket import OfferedVehicle, SocketClient, connect, peek
from ws_gateway.session.command_flows import trip_id_of

VEHICLE_CLASS: Final = "comfort"
PASSENGER_PREFIX: Final = "offer-p"
FIX_EVERY_S: Final = 2.0
_CONCURRENT_SIGN_INS: Final = 50
_OFFERED_WITHIN_S: Final = 10.0
_NEAR_DEGREES: Final = 0.002


class SignedInPassenger(NamedTuple):
    """A passenger's name and socket."""

    name: str
    client: SocketClient


class OfferLoad:
    """The cars and passengers of this process."""

    def __init__(self) -> None:
        self._random = random.Random(1)
        self._cars: list[PhoneLocation] = []
        self._passengers: deque[SignedInPassenger] = deque()
        self._due: dict[str, tuple[float, SignedInPassenger]] = {}
        """Trips without an offer yet: when each was due, and its passenger."""
        self._waits: list[float] = []
        self._requests = 0
        self._tasks = TaskSet()

    async def open(self, url: str, car_tokens: list[str], passenger_tokens: list[str]) -> Answer:
        async def sign_in(token: str, on_message: Callable[[bytes], None] | None = None) -> SocketClient:
            client = await connect(url, on_message)
            await client.request(Hello(token), "welcome")
            return client

        async def add_car(each: tuple[int, str]) -> None:
            client, car = await sign_in(each[1], self._message_received), PhoneLocation(each[0])
            _send_fix(car, client)
            command = StartShift(f"online-{time.time_ns()}")
            await retry_online(lambda within_s: client.request(command, "accepted", within_s))
            self._cars.append(car)
            self._tasks.spawn(self._send_fixes(car, client))

        async def add_passenger(each: tuple[int, str]) -> None:
            self._passengers.append(SignedInPassenger(f"{PASSENGER_PREFIX}{each[0]}", await sign_in(each[1])))

        await map_concurrently(_CONCURRENT_SIGN_INS, add_car, enumerate(car_tokens))
        await map_concurrently(_CONCURRENT_SIGN_INS, add_passenger, enumerate(passenger_tokens))
        return {"cars": len(self._cars), "passengers": len(self._passengers)}

    async def step(self, per_s: float, seconds: float) -> Answer:
        self._waits, self._due = [], {}
        began = time.perf_counter()
        count = round(per_s * seconds)
        for number in range(count):
            at = began + number / per_s
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            self._request(at)
        ends = time.perf_counter() + _OFFERED_WITHIN_S
        while self._due and time.perf_counter() < ends:  # noqa: ASYNC110 - offers signal no event
            await asyncio.sleep(0.05)
        for trip, (_, passenger) in self._due.items():
            _cancel(passenger, trip)
        return {"requests": count, "never_offered": len(self._due), **percentiles_ms(self._waits, len(self._due))}

    async def _send_fixes(self, car: PhoneLocation, client: SocketClient) -> None:
        await asyncio.sleep(self._random.uniform(0.0, FIX_EVERY_S))
        while not client.closed.done():
            _send_fix(car, client)
            await asyncio.sleep(FIX_EVERY_S)

    def _request(self, at: float) -> None:
        self._requests += 1
        command = f"r{self._requests}-{time.time_ns()}"
        passenger = self._passengers[0]
        self._passengers.rotate(-1)
        car = self._random.choice(self._cars)
        lat, lng = (degrees + self._random.uniform(-_NEAR_DEGREES, _NEAR_DEGREES) for degrees in (car.lat, car.lng))
        self._due[trip_id_of(f"passenger:{passenger.name}:{command}")] = (at, passenger)
        passenger.client.send(RequestRide(command, pickup=Place(lat, lng), vehicle_class=VEHICLE_CLASS))

    def _message_received(self, message: bytes) -> None:
        now = time.perf_counter()
        vehicle = peek(message).vehicle
        if not isinstance(vehicle, OfferedVehicle) or vehicle.offer is None:
            return
        found = self._due.pop(vehicle.offer.trip, None)
        if found is not None:
            self._waits.append(now - found[0])
            _cancel(found[1], vehicle.offer.trip)


def _send_fix(car: PhoneLocation, client: SocketClient) -> None:
    wall = time.time()
    client.send(GpsFix(Fix(int(wall * 1000), wall, car.lat, car.lng, 0.0, 90.0)))


def _cancel(passenger: SignedInPassenger, trip: str) -> None:
    passenger.client.send(CancelTrip(f"c-{trip}", trip, "bench"))


if __name__ == "__main__":
    run_worker(OfferLoad)

"""Passengers and the drivers who are offered their rides: ``python -m bench.load.offers URL CAR_FILE PASSENGER_FILE``.

The cars are of a class of their own, so that no other car of the load is offered anything. ``begin`` connects them and
has every car tell a fix every two seconds; ``step`` has rides requested at a steady rate, each at its fixed time, near
some car. A request is offered once a driver's socket was told; the time from when it was due counts, the way of a
delayed load process included. Then the passenger cancels, and the car is free again.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Final

import uvloop

from bench.harness.socket_client import Client, Vehicle, connect, glance
from bench.harness.worker_process import Answer, obey, spread_ms
from bench.ingest.load import Car
from dispatch.api.fields import Fix
from dispatch.api.messages import CancelTrip, GoOnline, GpsFix, Hello, RequestRide
from dispatch.values.place import Place
from ws_gateway.session.command_flows import trip_id_of

CLASS: Final = "comfort"
FIX_EVERY_S: Final = 2.0
_AT_ONCE: Final = 50
_WAITS_S: Final = 10.0
_TRIES: Final = 12
_AGAIN_S: Final = 5.0
_NEAR: Final = 0.002


class Passenger:
    """Somebody who has signed in."""

    def __init__(self, name: str, client: Client) -> None:
        self.name = name
        self.client = client


class Offers:
    """The cars and passengers of this process."""

    def __init__(self, url: str, cars: list[str], passengers: list[str], seed: int = 1) -> None:
        self._url = url
        self._car_tokens = cars
        self._passenger_tokens = passengers
        self._drawn = random.Random(seed)
        self._cars: list[Car] = []
        self._passengers: deque[Passenger] = deque()
        self._due: dict[str, tuple[float, Passenger]] = {}
        """Trips not offered yet: when each was due, and whose it is."""
        self._waits: list[float] = []
        self._asked = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def begin(self) -> Answer:
        """Connect all."""
        slots = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(self._drive(n, token, slots) for n, token in enumerate(self._car_tokens)))
        await asyncio.gather(*(self._join(n, token, slots) for n, token in enumerate(self._passenger_tokens)))
        return {"cars": len(self._cars), "passengers": len(self._passengers)}

    async def step(self, per_s: float, seconds: float) -> Answer:
        """Requests at this rate for so long, and what became of them."""
        self._waits, self._due = [], {}
        began = time.perf_counter()
        count = round(per_s * seconds)
        for number in range(count):
            at = began + number / per_s
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            self._request(at)
        ends = time.perf_counter() + _WAITS_S
        while self._due and time.perf_counter() < ends:  # noqa: ASYNC110 - offers announce themselves to nobody
            await asyncio.sleep(0.05)
        for trip, (_, passenger) in self._due.items():
            self._cancel(passenger, trip)
        return {"requests": count, "never_offered": len(self._due), **spread_ms(self._waits, len(self._due))}

    async def _drive(self, number: int, token: str, slots: asyncio.Semaphore) -> None:
        car = Car(number)
        async with slots:
            client = await connect(self._url, self._told)
            await client.ask(Hello(token), "welcome")
            self._tell_fix(car, client)
            await _go_online(client)
        self._cars.append(car)
        task = asyncio.create_task(self._tell_fixes(car, client))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tell_fixes(self, car: Car, client: Client) -> None:
        await asyncio.sleep(self._drawn.uniform(0.0, FIX_EVERY_S))
        while not client.closed.done():
            self._tell_fix(car, client)
            await asyncio.sleep(FIX_EVERY_S)

    @staticmethod
    def _tell_fix(car: Car, client: Client) -> None:
        wall = time.time()
        client.send(GpsFix(Fix(int(wall * 1000), wall, car.lat, car.lng, 0.0, 90.0)))

    async def _join(self, number: int, token: str, slots: asyncio.Semaphore) -> None:
        async with slots:
            client = await connect(self._url)
            await client.ask(Hello(token), "welcome")
        self._passengers.append(Passenger(f"offer-p{number}", client))

    def _request(self, at: float) -> None:
        """The passenger who has waited longest asks for a ride near some car."""
        self._asked += 1
        command = f"r{self._asked}-{time.time_ns()}"
        passenger = self._passengers[0]
        self._passengers.rotate(-1)
        near = self._drawn.choice(self._cars)
        lat, lng = (value + self._drawn.uniform(-_NEAR, _NEAR) for value in (near.lat, near.lng))
        self._due[trip_id_of(f"passenger:{passenger.name}:{command}")] = (at, passenger)
        passenger.client.send(RequestRide(command, pickup=Place(lat, lng), vehicle_class=CLASS))

    def _told(self, message: bytes) -> None:
        """A driver was told something."""
        now = time.perf_counter()
        heard = glance(message)
        if not isinstance(heard.vehicle, Vehicle) or heard.vehicle.offer is None:
            return
        trip = heard.vehicle.offer.trip
        found = self._due.pop(trip, None)
        if found is not None:
            self._waits.append(now - found[0])
            self._cancel(found[1], trip)

    @staticmethod
    def _cancel(passenger: Passenger, trip: str) -> None:
        passenger.client.send(CancelTrip(f"c-{trip}", trip, "bench"))


async def _go_online(client: Client) -> None:
    """Say it until it is accepted: on a busy machine the first answer may be "in progress, ask again"."""
    command = GoOnline(f"online-{time.time_ns()}")
    for _ in range(_TRIES - 1):
        with suppress(TimeoutError):
            await client.ask(command, "accepted", _AGAIN_S)
            return
    await client.ask(command, "accepted", _AGAIN_S)


if __name__ == "__main__":
    drivers, riders = (Path(file).read_text(encoding="ascii").split() for file in sys.argv[2:4])
    offers = Offers(sys.argv[1], drivers, riders)
    uvloop.run(obey({"begin": offers.begin, "step": offers.step}))

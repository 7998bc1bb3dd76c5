"""A pool of passengers, each connected during a journey only (or always, with ``stay_connected``)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from functools import partial
from random import Random

from sim.city.city import SimCity
from sim.city.driver import SimDriver
from sim.city.passenger import SimPassenger
from sim.client.app_client import AppClient, ClientContext
from sim.client.sign_in import SignIn, SignInClient, Token, fixed_token
from sim.demand.ride_request import RideRequest


class PassengerPool:
    """Takes the passenger that was free longest, or a new one. Tokens outlive connections."""

    def __init__(
        self,
        city: SimCity,
        context: ClientContext,
        sign_in_client: SignInClient,
        rng: Random,
        *,
        first_number: int,
        tokens: Sequence[str] = (),
    ) -> None:
        self._city = city
        self._context = context
        self._sign_in_client = sign_in_client
        self._rng = rng
        self._next_number = first_number
        self._tokens = iter(tokens)
        self._free: deque[SimPassenger] = deque()
        self._clients: dict[SimPassenger, AppClient] = {}
        self._running: set[SimPassenger] = set()

    @property
    def connected(self) -> int:
        return sum(self._clients[passenger].connected for passenger in self._running)

    def connect_idle(self, count: int) -> None:
        for _ in range(count):
            passenger = self._new_passenger()
            self._free.append(passenger)
            self._connect(passenger)

    def request(self, request: RideRequest) -> None:
        passenger = self._take()
        passenger.begin_journey(request, self._done)
        self._connect(passenger)

    def hail(self, request: RideRequest, driver: SimDriver) -> None:
        passenger = self._take()
        passenger.begin_journey(request, self._done, hails=True)
        self._connect(passenger)
        driver.hailed(passenger)

    def _take(self) -> SimPassenger:
        return self._free.popleft() if self._free else self._new_passenger()

    def _new_passenger(self) -> SimPassenger:
        number = self._next_number
        self._next_number += 1
        rng = Random(self._rng.getrandbits(64))
        token = next(self._tokens, None)
        # 555 is no area code: no real phone has this number.
        by_phone = partial(self._sign_in_client.passenger, f"+1555{number:07d}")
        sign_in: SignIn = by_phone if token is None else fixed_token(Token(token))
        passenger = SimPassenger(f"2088{number:012d}", self._city, rng)
        client = AppClient(self._context, f"P{number}", sign_in, passenger, rng)
        passenger.attach(client)
        self._clients[passenger] = client
        return passenger

    def _connect(self, passenger: SimPassenger) -> None:
        if passenger not in self._running:
            self._running.add(passenger)
            self._city.spawn(self._stay_connected(passenger))

    async def _stay_connected(self, passenger: SimPassenger) -> None:
        """Stay connected until the journey's end. If the server forbids a reconnect, the journey ends."""
        try:
            await self._clients[passenger].run()
            self._context.metrics.violations["app turned away"] += 1
            passenger.abandon()
        finally:
            self._running.discard(passenger)
            if not passenger.on_journey:
                self._free.append(passenger)

    def _done(self, passenger: SimPassenger) -> None:
        if self._city.behaviour.passenger.stay_connected:
            self._free.append(passenger)
        else:
            self._clients[passenger].close()

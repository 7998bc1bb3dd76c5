"""The passengers of a world: a pool of people, each connected only while on a journey (or as long as they like)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from functools import partial
from random import Random

from sim.city.city import City
from sim.city.driver import Driver
from sim.city.passenger import Passenger
from sim.client.app_client import Client, Wire
from sim.client.sign_in import SignIn, SignInDesk, Token, known
from sim.demand.ride_request import Wish


class Crowd:
    """Takes whoever has been free longest, or somebody new. Tokens outlive connections."""

    def __init__(
        self,
        city: City,
        wire: Wire,
        desk: SignInDesk,
        rng: Random,
        *,
        first_number: int,
        tokens: Sequence[str] = (),
    ) -> None:
        self._city = city
        self._wire = wire
        self._desk = desk
        self._rng = rng
        self._next_number = first_number
        self._tokens = iter(tokens)
        self._free: deque[Passenger] = deque()
        self._clients: dict[Passenger, Client] = {}
        self._living: set[Passenger] = set()

    @property
    def connected(self) -> int:
        """How many are connected."""
        return sum(self._clients[passenger].connected for passenger in self._living)

    def warm_up(self, many: int) -> None:
        """Let so many people open their app without wanting anything yet."""
        for _ in range(many):
            passenger = self._new()
            self._free.append(passenger)
            self._wake(passenger)

    def request(self, wish: Wish) -> None:
        """Somebody requests a ride."""
        passenger = self._take()
        passenger.wants(wish, self._done)
        self._wake(passenger)

    def hail(self, wish: Wish, driver: Driver) -> None:
        """Somebody gets into a free car."""
        passenger = self._take()
        passenger.wants(wish, self._done, hails=True)
        self._wake(passenger)
        driver.hailed(passenger)

    def _take(self) -> Passenger:
        return self._free.popleft() if self._free else self._new()

    def _new(self) -> Passenger:
        number = self._next_number
        self._next_number += 1
        rng = Random(self._rng.getrandbits(64))
        token = next(self._tokens, None)
        # 555 is no area code: nobody's real phone.
        by_phone = partial(self._desk.passenger, f"+1555{number:07d}")
        sign_in: SignIn = by_phone if token is None else known(Token(token))
        passenger = Passenger(f"2088{number:012d}", self._city, rng)
        client = Client(self._wire, f"P{number}", sign_in, passenger, rng)
        passenger.use(client)
        self._clients[passenger] = client
        return passenger

    def _wake(self, passenger: Passenger) -> None:
        if passenger not in self._living:
            self._living.add(passenger)
            self._city.spawn(self._live(passenger))

    async def _live(self, passenger: Passenger) -> None:
        """Be connected until the journey's end. Where the server turns us away for good, the journey ends here."""
        try:
            await self._clients[passenger].run()
            self._wire.tally.violation("app turned away")
            passenger.give_up()
        finally:
            self._living.discard(passenger)
            if not passenger.on_journey:
                self._free.append(passenger)

    def _done(self, passenger: Passenger) -> None:
        if self._city.habits.passenger.stay_connected:
            self._free.append(passenger)
        else:
            self._clients[passenger].close()

"""All drivers of a simulation, their apps, and the schedule of their fixes."""

from __future__ import annotations

from functools import partial
from random import Random

from dispatch.geo.distance import haversine_m
from dispatch.values.ids import VehicleId
from dispatch.values.units import LatLng
from sim.city.city import SimCity
from sim.city.config import CarAccount, WorldConfig
from sim.city.driver import SimDriver
from sim.client.app_client import AppClient, ClientContext
from sim.client.sign_in import SignIn, SignInClient, Token, fixed_token


class CityFleet:
    """Drivers in the order of the accounts."""

    def __init__(
        self, config: WorldConfig, city: SimCity, context: ClientContext, sign_in_client: SignInClient, rng: Random
    ) -> None:
        starts = city.demand.places(city.clock.city(), len(config.fleet))
        self.drivers: list[SimDriver] = []
        self.clients: list[AppClient] = []
        for account, start in zip(config.fleet, starts, strict=True):
            own = Random(rng.getrandbits(64))
            driver = SimDriver(VehicleId(account.vehicle), city, start, own)
            client = AppClient(context, account.vehicle, _sign_in(account, sign_in_client), driver, own)
            driver.attach(client)
            self.drivers.append(driver)
            self.clients.append(client)
        self._clock = city.clock
        self._ticks_per_s = len(self.drivers) / config.fix_interval_s
        self._began = city.clock.wall()
        self._ticked = 0

    @property
    def connected(self) -> int:
        return sum(client.connected for client in self.clients)

    def take_due_fixes(self) -> None:
        """Let drivers take the fixes that are due: each once per interval, evenly spread.

        Fixes that were missed during a long pause are omitted.
        """
        due = int((self._clock.wall() - self._began) * self._ticks_per_s)
        count = len(self.drivers)
        self._ticked = max(self._ticked, due - count)
        while self._ticked < due:
            self.drivers[self._ticked % count].tick()
            self._ticked += 1

    def nearest_free(self, place: LatLng, within_m: float) -> SimDriver | None:
        best, best_m = None, within_m
        for driver in self.drivers:
            if driver.can_be_hailed:
                meters = haversine_m(place, driver.here())
                if meters <= best_m:
                    best, best_m = driver, meters
        return best


def _sign_in(account: CarAccount, sign_in_client: SignInClient) -> SignIn:
    if account.token:
        return fixed_token(Token(account.token))
    return partial(sign_in_client.driver, account.driver, account.pin, account.vehicle)

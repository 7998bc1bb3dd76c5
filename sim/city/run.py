"""Runs a simulated city against a server: fleet, passengers and demand in one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from functools import partial
from random import Random
from typing import Final

import httpx
import msgspec

from dispatch.clock import CityClock
from sim.city.behaviour import Behaviour
from sim.city.city import ConfirmPayment, SimCity
from sim.city.config import WorldConfig, open_demand
from sim.city.fleet import CityFleet
from sim.city.kerbside import Kerbside
from sim.city.passenger_pool import PassengerPool
from sim.client.app_client import ClientContext, ConnectLimiter
from sim.client.sign_in import SignInClient, SmsInbox
from sim.demand.ride_request import RideRequest
from sim.metrics.run_metrics import RunMetrics
from sim.time.scheduler import Scheduler
from sim.time.server_clock import ServerClock

TIMER_CHECK_S: Final = 0.02
"""Wall seconds between two checks of scheduler and fleet."""
HTTP_TIMEOUT_S: Final = 15.0
NETWORK_ERROR: Final = "6002"


class _Confirmation(msgspec.Struct, rename="camel"):
    result_code: str


def new_metrics() -> RunMetrics:
    return RunMetrics(ServerClock(CityClock()))


async def confirm_in_sandbox(sandbox: httpx.AsyncClient, trade: str, buyer: str) -> str:
    """The ``resultCode`` of the sandbox's ``/sandbox/tradepay``; 6002 if it did not respond."""
    try:
        answer = await sandbox.post("/sandbox/tradepay", json={"trade_no": trade, "buyer_id": buyer})
        return msgspec.json.decode(answer.content, type=_Confirmation).result_code
    except (httpx.HTTPError, msgspec.DecodeError):
        return NETWORK_ERROR


async def run_world(
    config: WorldConfig, metrics: RunMetrics, stop: asyncio.Event, kerbside: Kerbside | None = None
) -> None:
    """Run drivers and passengers until ``stop`` is set; ``metrics`` is updated continuously.

    An error in a simulated app ends the simulation and is raised in an ``ExceptionGroup``.
    """
    limits = httpx.Limits(max_connections=20)
    async with (
        httpx.AsyncClient(base_url=config.http_url, timeout=HTTP_TIMEOUT_S, limits=limits, trust_env=False) as http,
        httpx.AsyncClient(base_url=config.sandbox_url or "", timeout=HTTP_TIMEOUT_S, trust_env=False) as sandbox,
    ):
        sms = SmsInbox(config.sms_file)
        sign_in_client = SignInClient(http, sms)
        confirm = partial(confirm_in_sandbox, sandbox)
        await _World(config, metrics, confirm, sign_in_client, sms, kerbside or Kerbside()).run(stop)
    metrics.finish()


class _World:
    """The parts of one run."""

    def __init__(  # noqa: PLR0917 - all parts of a run
        self,
        config: WorldConfig,
        metrics: RunMetrics,
        confirm_payment: ConfirmPayment,
        sign_in_client: SignInClient,
        sms: SmsInbox,
        kerbside: Kerbside,
    ) -> None:
        rng = Random(config.seed)
        self._config = config
        self._clock = clock = metrics.clock
        self._scheduler = scheduler = Scheduler(clock)
        self._sms = sms
        self._tasks: set[asyncio.Task[None]] = set()
        self._group: asyncio.TaskGroup | None = None
        self._ready = asyncio.Event()
        self._start_demand_at = clock.wall() + config.patience_s
        self._hail_rng = Random(rng.getrandbits(64))
        self._demand = open_demand(config, Random(rng.getrandbits(64)))
        behaviour = config.behaviour if config.sandbox_url is not None else _without_paying(config.behaviour)
        city = SimCity(
            clock,
            scheduler,
            config.roads,
            self._demand,
            kerbside,
            behaviour,
            metrics,
            confirm_payment,
            self._spawn,
            config.name_at,
        )
        self._behaviour = behaviour

        def new_context() -> ClientContext:
            limiter = ConnectLimiter(clock, config.connects_per_s)
            return ClientContext(config.ws_url, config.run, limiter, clock, scheduler, metrics, config.ping_interval_s)

        self._fleet = CityFleet(config, city, new_context(), sign_in_client, Random(rng.getrandbits(64)))
        pool_rng = Random(rng.getrandbits(64))
        self._pool = PassengerPool(
            city,
            new_context(),
            sign_in_client,
            pool_rng,
            first_number=config.first_passenger,
            tokens=config.passenger_tokens,
        )

    async def run(self, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as self._group:
            self._spawn(self._run_timers())
            self._spawn(self._sms.watch())
            for client in self._fleet.clients:
                self._spawn(client.run())
            self._pool.connect_idle(self._config.warm_passengers)
            self._spawn(self._issue_requests())
            await stop.wait()
            for task in self._tasks:
                task.cancel()

    def _spawn(self, coroutine: Coroutine[None, None, None]) -> None:
        if self._group is None:
            raise RuntimeError("the simulation is not running")
        task = self._group.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run_timers(self) -> None:
        while True:
            self._scheduler.run_due()
            self._fleet.take_due_fixes()
            if not self._ready.is_set() and self._is_ready():
                self._ready.set()
            await asyncio.sleep(TIMER_CHECK_S)

    async def _issue_requests(self) -> None:
        """Issue requests at their times, once enough of the fleet is connected."""
        await self._ready.wait()
        for request in self._demand.requests(self._clock.city()):
            if self._config.served is None or self._config.served.holds(request.pickup):
                await asyncio.sleep(self._clock.wall_until(request.at))
                self._serve_request(request)

    def _serve_request(self, request: RideRequest) -> None:
        if self._hail_rng.random() < self._behaviour.passenger.hail_share:
            driver = self._fleet.nearest_free(request.pickup, self._config.hail_radius_m)
            if driver is not None:
                self._pool.hail(request, driver)
                return
        self._pool.request(request)

    def _is_ready(self) -> bool:
        """True once the server's time is known and enough apps are connected, or the waiting time is over."""
        if not self._clock.known:
            return False
        wanted = self._config.ready_share * len(self._fleet.clients) + self._config.warm_passengers
        connected = self._fleet.connected + self._pool.connected
        return connected >= wanted or self._clock.wall() > self._start_demand_at


def _without_paying(behaviour: Behaviour) -> Behaviour:
    return replace(behaviour, passenger=replace(behaviour.passenger, pays=False))

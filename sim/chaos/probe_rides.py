"""A probe ride after each fault: one driver and one passenger prove that the whole system works again.

From the request to the cash payment a ride needs the gateway, trip, vehicle and payment hosts, the matcher and the
journal. No other passenger gets this vehicle: only it has eight seats, and only the probe requests them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Final

import httpx

from dispatch.api.client_messages import (
    AcceptOffer,
    ArriveAtPickup,
    CancelTrip,
    ClientCommand,
    Collect,
    FinishRide,
    GpsFix,
    RequestRide,
    StartRide,
    StartShift,
)
from dispatch.api.fields import OfferView
from dispatch.api.server_messages import Accepted, ServerMessage, Snapshot, Update, Welcome
from dispatch.clock import CityClock
from dispatch.domain.registry import DriverRecord, VehicleRecord
from dispatch.store.queries.registry import SqlRegistry
from dispatch.values.ids import DriverId, VehicleId
from dispatch.values.place import Place
from dispatch.values.units import LatLng
from sim.client.app_client import AppClient, ClientContext, ConnectLimiter
from sim.client.pending_commands import Answer
from sim.client.sign_in import SignInClient, SmsInbox
from sim.client.unacked_fixes import UnackedFixes
from sim.demo.demo_accounts import COMPANY, LIGHT
from sim.metrics.run_metrics import RunMetrics
from sim.time.scheduler import Scheduler
from sim.time.server_clock import ServerClock

CAR: Final = VehicleId("PROBE")
NUMBER: Final = DriverId("7100")
PHONE: Final = "+15559999999"
SEATS: Final = 8
FIX_S: Final = 1.0
TIMER_CHECK_S: Final = 0.02
OFFER_TIMEOUT_S: Final = 10.0
"""Limit for an offer, then the probe requests again: an offer to a disconnected app may have expired."""
HTTP_TIMEOUT_S: Final = 5.0


async def register_probe(registry: SqlRegistry, pin: str) -> None:
    await registry.add(VehicleRecord(id=CAR, plate="PROBE", company=COMPANY, vehicle_class="van", seats=SEATS))
    await registry.add(DriverRecord(id=NUMBER, name="Probe", phone="+14155550001", pin_hash=LIGHT.hash(pin)))
    await registry.permit(NUMBER, [CAR])


class RefusedError(Exception):
    """A step of the ride was refused; the ride is repeated."""


class _ProbeApp:
    """One app: commands as coroutines, and the last view of the vehicle. ``drives``: it sends fixes."""

    def __init__(self, place: LatLng, clock: ServerClock, *, drives: bool) -> None:
        self.client: AppClient
        self.offer: OfferView | None = None
        self.state = ""
        self._place = place
        self._clock = clock
        self._unacked = UnackedFixes(int(clock.wall() * 10)) if drives else None
        self._view_changed = asyncio.Event()

    def welcomed(self, _: Welcome) -> None:
        if self._unacked is not None:
            self.client.expect(f"vehicle:{CAR}")

    def received(self, message: ServerMessage) -> None:
        if isinstance(message, Update | Snapshot) and message.vehicle is not None:
            self.offer, self.state = message.vehicle.offer, message.vehicle.state
            self._view_changed.set()

    def fix(self) -> None:
        if self._unacked is not None and self.client.connected:
            self.client.send(GpsFix(self._unacked.add(self._clock.city(), *self._place, 0.0, 0.0)))

    async def command(self, command: ClientCommand) -> Accepted:
        """Send until there is an answer. Raises :class:`RefusedError`."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def deliver(answer: Answer) -> None:
            if not future.done():
                future.set_result(answer)

        self.client.command(command, deliver)
        answer = await future
        if not isinstance(answer, Accepted):
            raise RefusedError(f"{command}: {answer}")
        return answer

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._view_changed.clear()
            await self._view_changed.wait()


class ProbeRides:
    """Both apps. ``run`` keeps them connected; ``ride`` returns after a complete ride."""

    def __init__(self, http_url: str, sms: SmsInbox, place: LatLng, pin: str, run: str) -> None:
        self._clock = ServerClock(CityClock())
        self._scheduler = Scheduler(self._clock)
        self._sms = sms
        self._place = Place(*place)
        self._http = httpx.AsyncClient(base_url=http_url, timeout=HTTP_TIMEOUT_S, trust_env=False)
        self.metrics = RunMetrics(self._clock)
        url = http_url.replace("http", "ws", 1) + "/v1/ws"
        context = ClientContext(
            url, f"{run}probe", ConnectLimiter(self._clock, 50.0), self._clock, self._scheduler, self.metrics
        )
        sign_in_client = SignInClient(self._http, sms)
        self._driver = _ProbeApp(place, self._clock, drives=True)
        self._rider = _ProbeApp(place, self._clock, drives=False)
        self._driver.client = AppClient(
            context, "D", lambda: sign_in_client.driver(NUMBER, pin, CAR), self._driver, Random(1)
        )
        self._rider.client = AppClient(context, "P", lambda: sign_in_client.passenger(PHONE), self._rider, Random(2))

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._run_timers())
                group.create_task(self._fixes())
                group.create_task(self._sms.watch())
                group.create_task(self._driver.client.run())
                group.create_task(self._rider.client.run())
        finally:
            await self._http.aclose()

    async def _run_timers(self) -> None:
        while True:
            self._scheduler.run_due()
            await asyncio.sleep(TIMER_CHECK_S)

    async def _fixes(self) -> None:
        while True:
            self._driver.fix()
            await asyncio.sleep(FIX_S)

    async def ride(self) -> None:
        """One ride, from the request to the cash payment; repeated until one succeeds."""
        while True:
            try:
                await self._ride()
            except RefusedError:
                await asyncio.sleep(FIX_S / 2)
            except TimeoutError:
                continue
            else:
                return

    async def _ride(self) -> None:
        driver, rider = self._driver, self._rider
        if driver.state in ("", "offline"):
            await driver.command(StartShift(id=driver.client.next_id()))
        request = RequestRide(id=rider.client.next_id(), pickup=self._place, vehicle_class="van", seats=SEATS)
        accepted = await rider.command(request)
        trip, code = str(accepted.result["trip"]), str(accepted.result["code"])
        try:
            async with asyncio.timeout(OFFER_TIMEOUT_S):
                await driver.wait_until(lambda: driver.offer is not None and driver.offer.trip == trip)
            assert driver.offer is not None  # noqa: S101 - waited for
            await driver.command(AcceptOffer(id=driver.client.next_id(), offer=driver.offer.offer))
        except (TimeoutError, RefusedError):
            await rider.command(CancelTrip(id=rider.client.next_id(), trip=trip, reason="no offer"))
            raise
        await driver.command(ArriveAtPickup(id=driver.client.next_id(), trip=trip))
        await driver.command(StartRide(id=driver.client.next_id(), trip=trip, code=code))
        await driver.command(FinishRide(id=driver.client.next_id(), trip=trip))
        await driver.command(Collect(id=driver.client.next_id(), trip=trip, by="cash"))
        rider.client.leave(f"trip:{trip}")

"""Driver apps: shifts, fixes repeated until acknowledged, offers, rides and collecting."""

import asyncio

import msgspec

from dispatch.api.client_messages import (
    AcceptOffer,
    ArriveAtPickup,
    Collect,
    DeclineOffer,
    EndShift,
    FinishRide,
    GpsFix,
    GpsFixes,
    ReportMeter,
    ReturnTrip,
    StartBreak,
    StartHail,
    StartRide,
    StartShift,
)
from dispatch.api.fields import Fix, VehicleView
from dispatch.api.server_messages import Accepted
from sim.simtest.apps.app import SimApp
from sim.simtest.context import CENTRE, SimContext

FIX_EVERY_S = 20.0
"""City seconds between fixes."""
AT_REST_S = 36.0
"""City seconds between fixes of an idle vehicle in the quiescent phase, while a trip waits."""
MOST_UNACKED = 300
PACE_MPS = 12.0


class DriverApp(SimApp):
    """One driver with one vehicle."""

    def __init__(self, context: SimContext, vehicle: str) -> None:
        super().__init__(context, "driver", f"D{vehicle}", vehicle)
        self.lat, self.lng = context.place()
        self.aim: tuple[float, float] | None = None
        self.fixes: list[Fix] = []
        """Fixes that are not acknowledged."""
        self.sent_at = float("-inf")
        self._n = 0
        self.silent_until = 0.0
        self._ignored: set[str] = set()
        self.collecting: set[str] = set()
        self.start(self._send_fixes(), self._drive())

    def connected(self) -> None:
        if self.fixes:
            self.send(GpsFixes(fixes=self.fixes[-200:]))

    def fixes_acked(self, n: int) -> None:
        self.fixes = [fix for fix in self.fixes if fix.n > n]

    async def _send_fixes(self) -> None:
        step_s = FIX_EVERY_S / self.context.clock.speed
        await asyncio.sleep(self.rng.uniform(0, step_s))
        while True:
            await asyncio.sleep(step_s)
            if self._rests() if self.context.faults.quiescent else self.now < self.silent_until:
                continue
            self._move(FIX_EVERY_S)
            self._n += 1
            self.sent_at = self.now
            fix = Fix(self._n, self.now + self.offset, self.lat, self.lng)
            self.fixes = [*self.fixes[-MOST_UNACKED:], fix]
            self.send(GpsFix(fix=fix))

    def _rests(self) -> bool:
        idle = self.car is not None and self.car.state == "idle"
        return idle and (self.now < self.sent_at + AT_REST_S - 1 or not self.context.a_trip_waits())

    def _move(self, seconds: float) -> None:
        if self.aim is None:
            return
        d_lat, d_lng = self.aim[0] - self.lat, self.aim[1] - self.lng
        far = max(abs(d_lat), abs(d_lng)) * 111_195.0
        part = 1.0 if far == 0 else min(1.0, PACE_MPS * seconds / far)
        self.lat, self.lng = self.lat + d_lat * part, self.lng + d_lng * part

    async def _drive(self) -> None:
        while True:
            car = self.car
            if car is None:
                await self.news(2.0)
                continue
            act = _ACTS.get(car.state)
            if act is not None:
                await act(self, car)
            await self.news(self.rng.uniform(2.0, 8.0) if self.context.faults.quiescent else self.rng.uniform(0.5, 2.0))

    async def _after(self, city_s: float) -> None:
        await asyncio.sleep(city_s / self.context.clock.speed)

    async def _off(self, _: VehicleView) -> None:
        await self._after(self.rng.uniform(1, 20))
        await self.command(StartShift(id=self.next_id()))

    async def _idle(self, _: VehicleView) -> None:
        chance = self.rng.random()
        if self.context.faults.quiescent:
            return
        if chance < 0.02:
            await self.command(StartHail(id=self.next_id()))
        elif chance < 0.03:
            await self.command(StartBreak(id=self.next_id()))
        elif chance < 0.035:
            await self.command(EndShift(id=self.next_id()))
        elif chance < 0.05:
            self.silent_until = self.now + self.rng.uniform(60, 150)

    async def _offered(self, car: VehicleView) -> None:
        offer = car.offer
        if offer is None or offer.offer in self._ignored:
            return
        await self._after(self.rng.uniform(0.5, 12))
        chance = 0.3 if self.context.faults.quiescent else self.rng.random()
        if chance < 0.78:
            await self.command(AcceptOffer(id=self.next_id(), offer=offer.offer), patience=12)
        elif chance < 0.92:
            await self.command(DeclineOffer(id=self.next_id(), offer=offer.offer, reason="too far"), patience=12)
        else:
            self._ignored.add(offer.offer)

    async def _to_pickup(self, car: VehicleView) -> None:
        trip = car.trip or ""
        self.aim = self.context.pickups.get(trip, CENTRE)
        await self._after(self.rng.uniform(15, 70))
        if self.rng.random() < 0.05 and not self.context.faults.quiescent:
            await self.command(ReturnTrip(id=self.next_id(), trip=trip, reason="flat tyre"))
        else:
            await self.command(ArriveAtPickup(id=self.next_id(), trip=trip))

    async def _at_pickup(self, car: VehicleView) -> None:
        trip = car.trip or ""
        await self._after(self.rng.uniform(5, 30))
        code = self.context.codes.get(trip)
        if code is None:
            await self._after(30)
            gone = ReturnTrip(id=self.next_id(), trip=trip, reason="nobody there", no_show=True)
            await self.command(gone)
        else:
            await self.command(StartRide(id=self.next_id(), trip=trip, code=code))

    async def _on_trip(self, car: VehicleView) -> None:
        trip = car.trip or ""
        self.aim = self.context.place()
        if self.rng.random() < 0.3:
            await self._after(self.rng.uniform(15, 30))
            await self.command(ReportMeter(id=self.next_id(), amount=self.rng.randint(300, 4000), currency="USD"))
        await self._after(self.rng.uniform(30, 100))
        done = await self.command(FinishRide(id=self.next_id(), trip=trip))
        if isinstance(done, Accepted):
            self._maybe_collect(trip)

    def _maybe_collect(self, trip: str) -> None:
        """The driver collects the fare if no passenger's app will pay it, and sometimes otherwise."""
        if not self.context.has_rider(trip) or self.rng.random() < 0.35:
            self.context.spawn(self.collect(trip, self.rng.choice(("cash", "code", "scan", "scan"))))

    async def collect(self, trip: str, by: str) -> None:
        if trip in self.collecting:
            return
        self.collecting.add(trip)
        code = f"28{self.rng.randrange(10**16):016d}" if by == "scan" else None
        await self.command(Collect(id=self.next_id(), trip=trip, by=msgspec.convert(by, str), auth_code=code))
        self.collecting.discard(trip)


_ACTS = {
    "offline": DriverApp._off,  # noqa: SLF001
    "break": DriverApp._off,  # noqa: SLF001
    "idle": DriverApp._idle,  # noqa: SLF001
    "offered": DriverApp._offered,  # noqa: SLF001
    "to_pickup": DriverApp._to_pickup,  # noqa: SLF001
    "at_pickup": DriverApp._at_pickup,  # noqa: SLF001
    "on_trip": DriverApp._on_trip,  # noqa: SLF001
}

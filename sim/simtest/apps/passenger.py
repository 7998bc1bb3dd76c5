"""Passenger and dispatcher apps: requests, cancellations, payments, ratings, manual assignments and refunds."""

import asyncio
from collections.abc import Callable

from dispatch.api.client_messages import (
    AssignManually,
    Attach,
    BookByPhone,
    CancelTrip,
    PayFare,
    Rate,
    RefundTrip,
    RequestRide,
    SettleTrip,
    StopPay,
)
from dispatch.api.fields import TripView
from dispatch.api.server_messages import Accepted
from dispatch.values.place import Place
from sim.simtest.alipay.model import Trade
from sim.simtest.apps.app import SimApp
from sim.simtest.context import SimContext

OVER = ("paid", "part_refunded", "refunded", "settled_otherwise", "cancelled", "unserved")
BUYER = "2088102100000001"


class PassengerApp(SimApp):
    """One passenger: requests rides until one is completed and paid, rates it and closes the app."""

    def __init__(self, context: SimContext, number: int, begins_s: float) -> None:
        super().__init__(context, "passenger", f"P{number}")
        self._begins_s = begins_s
        self.trip = ""
        self.content = False
        """Whether a ride was completed and settled."""
        context.spawn(self._live())

    async def _after(self, city_s: float) -> None:
        await asyncio.sleep(city_s / self.context.clock.speed)

    async def _live(self) -> None:
        await self._after(self._begins_s)
        self.open()
        while not self.content:
            await self._ride()
            await self._after(self.rng.uniform(5, 120))
        if not self.context.faults.quiescent:
            self.close()

    async def _ride(self) -> None:
        lat, lng = self.context.place()
        to_lat, to_lng = self.context.place()
        at = self.now + self.rng.uniform(320, 600) if self.rng.random() < 0.15 else None
        request = RequestRide(id=self.next_id(), pickup=Place(lat, lng), dropoff=Place(to_lat, to_lng), at=at)
        self.context.requests += 1
        answer = await self.command(request, patience=200)
        if not isinstance(answer, Accepted):
            return
        self.trip = str(answer.result["trip"])
        self.context.pickups[self.trip] = (lat, lng)
        self.context.codes[self.trip] = str(answer.result["code"])
        if self.rng.random() < 0.15:
            await self._after(self.rng.uniform(0, 150))
            await self.command(CancelTrip(id=self.next_id(), trip=self.trip, reason="changed my mind"))
        await self._until_paid()

    async def _follow(self) -> None:
        await self.command(Attach(id=self.next_id(), stream=f"trip:{self.trip}"), patience=3)

    @property
    def view(self) -> TripView | None:
        return self.trips.get(self.trip)

    async def _until_paid(self) -> None:
        by_app = self.rng.random() < 0.6
        while True:
            await self.news(4.0)
            view = self.view
            if view is None:
                await self._follow()
                continue
            if view.state not in ("fare_due", "paying", *OVER):
                continue
            if view.state in OVER:
                break
            if view.state == "fare_due" and (by_app or self.context.faults.quiescent):
                await self._after(self.rng.uniform(1, 20))
                await self.command(PayFare(id=self.next_id(), trip=self.trip, buyer=BUYER), patience=6)
            elif view.state == "paying" and self.rng.random() < 0.04:
                await self.command(StopPay(id=self.next_id(), trip=self.trip), patience=3)
            await self._after(self.rng.uniform(5, 20))
        if view.finished_at is None:
            return
        self.content = True
        if self.rng.random() < 0.7:
            await self.command(Rate(id=self.next_id(), trip=self.trip, stars=self.rng.randint(1, 5)))


class DispatcherApp(SimApp):
    """A dispatcher: books for callers, assigns manually, cancels, refunds and settles."""

    def __init__(self, context: SimContext) -> None:
        super().__init__(context, "dispatcher", "control")
        self.start(self._work())

    async def _work(self) -> None:
        while True:
            await asyncio.sleep(self.rng.uniform(3.0, 8.0))
            if self.context.faults.quiescent:
                await self._tidy()
            else:
                await self.rng.choice((self._assign, self._assign, self._cancel, self._refund, self._book))()

    def _trips_in(self, *states: str) -> list[str]:
        return [trip for trip, row in self.context.rows("trip").items() if row["state"] in states]

    async def _assign(self) -> None:
        waiting = self._trips_in("matching")
        cars = [car for car, row in self.context.rows("vehicle_state").items() if row["state"] == "idle"]
        if waiting and cars:
            trip, car = self.rng.choice(waiting), self.rng.choice(cars)
            await self.command(AssignManually(id=self.next_id(), trip=trip, vehicle=car), patience=3)

    async def _cancel(self) -> None:
        trips = self._trips_in("matching", "offered", "assigned", "arrived")
        if trips and self.rng.random() < 0.3:
            await self.command(CancelTrip(id=self.next_id(), trip=self.rng.choice(trips), reason="by the office"))

    async def _refund(self) -> None:
        paid = self._trips_in("paid", "part_refunded")
        if paid:
            trip = self.rng.choice(paid)
            part = self.rng.random() < 0.5
            amount = {"amount": 100, "currency": "USD"} if part else {}
            undo = not part and self.rng.random() < 0.3
            request = RefundTrip(id=self.next_id(), trip=trip, reason="complaint", cancel=undo, **amount)  # type: ignore[arg-type]
            await self.command(request, patience=6)

    async def _book(self) -> None:
        lat, lng = self.context.place()
        request = BookByPhone(id=self.next_id(), phone="+14155550100", pickup=Place(lat, lng))
        self.context.requests += 1
        answer = await self.command(request, patience=60)
        if isinstance(answer, Accepted):
            trip = str(answer.result["trip"])
            self.context.pickups[trip] = (lat, lng)
            self.context.codes[trip] = str(answer.result["code"])

    async def _tidy(self) -> None:
        if self.context.wants_rides():
            await self._book()
        for trip in [t for t in self._trips_in("fare_due") if not self.context.has_rider(t)][:2]:
            await self.command(SettleTrip(id=self.next_id(), trip=trip, reason="written off"), patience=5)


class Buyers:
    """Buyers: they pay an order at once, late, or never."""

    def __init__(self, context: SimContext, pay: Callable[[str], bool]) -> None:
        self._context = context
        self._pay_order = pay

    def see(self, trade: Trade) -> None:
        chance = self._context.people.random()
        if chance < 0.75 or self._context.faults.quiescent:
            self._context.spawn(self._pay(trade, self._context.people.uniform(0.2, 4.0)))
        elif chance < 0.9:
            self._context.faults.count("alipay: paid late")
            self._context.spawn(self._pay(trade, self._context.people.uniform(8.0, 80.0)))

    async def _pay(self, trade: Trade, after_s: float) -> None:
        await asyncio.sleep(after_s)
        paid = self._pay_order(trade.order)
        self._context.note(f"buyer of {trade.order} {'paid' if paid else 'could not pay'}")

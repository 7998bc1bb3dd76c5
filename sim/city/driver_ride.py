"""One ride as its driver goes through it, from the accept (or the hail) to the fare.

TO_PICKUP ──arrived──▶ AT_PICKUP ──start──▶ RIDING ──finish──▶ over
    └───────────────────┴── give back, no-show, or lost: the trip ended without us ──▶ over
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Final

from dispatch.api.client_messages import ArriveAtPickup, FinishRide, ReturnTrip, StartRide
from dispatch.api.server_messages import Accepted
from dispatch.domain.errors import ErrorCode
from dispatch.values.ids import TripId
from dispatch.values.units import LatLng
from sim.city.city import draw
from sim.city.driver_context import DriverContext, OnAccepted, OnRefused
from sim.city.kerbside import Rider
from sim.time.scheduler import Timer

ASK_AGAIN_S: Final = 5.0
RETRY_S: Final = 30.0
"""City seconds until the code is asked again, and until something refused is tried again."""


class RideStage(Enum):
    """How far the ride is."""

    TO_PICKUP = auto()
    AT_PICKUP = auto()
    RIDING = auto()
    OVER = auto()


class DriverRide:
    """The trip that a driver has. ``over`` is called once, when the driver has it no more."""

    def __init__(
        self,
        cab: DriverContext,
        trip: TripId,
        over: Callable[[DriverRide], None],
        *,
        pickup: LatLng | None = None,
        dropoff: LatLng | None = None,
        rider: Rider | None = None,
    ) -> None:
        self.trip = trip
        self.stage = RideStage.TO_PICKUP
        self.completed = False
        self.letting_go = False
        self._cab = cab
        self._city = cab.city
        self._over = over
        self._pickup = pickup
        self._dropoff = dropoff
        self._rider = rider
        self._assigned_at = cab.city.clock.city()
        self._plans: list[Timer] = []
        self._city.metrics.assigned(trip, cab.vehicle)

    # ── from the accept to the passenger ─────────────────────────────────────────────────────────────────────────

    def go_to_pickup(self) -> None:
        """Drive to the passenger."""
        habits = self._cab.habits
        self._cab.car.drive_to(self._pickup or self._cab.car.here(), self._report_arrival, habits.pickup_s)
        if self._cab.rng.random() < habits.give_back_share:
            self._plan(draw(self._cab.rng, habits.give_back_s), lambda: self._give_back("engine trouble"))

    def wait_for_rider(self) -> None:
        """Stand at the pick-up until the passenger comes, or for as long as one has to."""
        self.stage = RideStage.AT_PICKUP
        self._plan(self._cab.habits.no_show_s, lambda: self._give_back("nobody came", no_show=True))
        self._city.street.wait_for_rider(self.trip, self._rider_here)

    def _report_arrival(self) -> None:
        message = ArriveAtPickup(id=self._cab.line.next_id(), trip=self.trip)
        self._ask(message, lambda _: self._arrived(), lambda _: self.lose())

    def _arrived(self) -> None:
        self._city.metrics.pickup.add(self._city.clock.city() - self._assigned_at)
        self.wait_for_rider()

    def _rider_here(self, rider: Rider) -> None:
        self._rider = rider
        message = StartRide(id=self._cab.line.next_id(), trip=self.trip, code=rider.code)
        self._ask(message, lambda _: self.drive_rider(), lambda code: self._not_started(rider, code))

    def _not_started(self, rider: Rider, code: int) -> None:
        if code == ErrorCode.WRONG_RIDE_CODE:
            self._plan(ASK_AGAIN_S, lambda: self._rider_here(rider))
        else:
            self.lose()

    def _give_back(self, reason: str, *, no_show: bool = False) -> None:
        if self.stage is RideStage.RIDING or self._rider is not None:
            return
        message = ReturnTrip(id=self._cab.line.next_id(), trip=self.trip, reason=reason, no_show=no_show)
        self._ask_to_end(message, lambda _: self._end())

    # ── with the passenger ───────────────────────────────────────────────────────────────────────────────────────

    def drive_rider(self) -> None:
        """The ride has begun: drive to where the passenger wants to go."""
        self.stage = RideStage.RIDING
        self._call_off()
        self._city.metrics.ride_began(self.trip)
        if self._rider is not None:
            self._rider.seated(self._cab.vehicle, self.trip)
        destination = self._rider.destination if self._rider is not None else self._dropoff
        self._cab.car.drive_to(destination or self._cab.car.here(), self._finish, self._cab.habits.ride_s)

    def _finish(self) -> None:
        message = FinishRide(id=self._cab.line.next_id(), trip=self.trip)
        self._ask_to_end(message, lambda _: self._finished())

    def _finished(self) -> None:
        self.completed = True
        self._city.metrics.ride_completed(self.trip)
        self._end()
        if self._rider is not None:
            self._rider.set_down(self._cab.vehicle)

    # ── letting go ───────────────────────────────────────────────────────────────────────────────────────────────

    def lose(self) -> None:
        """The trip ended without this driver."""
        if self.stage is not RideStage.OVER:
            self._city.metrics.let_go(self.trip, self._cab.vehicle)
            self._end()

    def _ask_to_end(self, message: FinishRide | ReturnTrip, ended: OnAccepted) -> None:
        """Ask to end the assignment: for the metrics it ends with the asking, unless that is refused."""
        self.letting_go = True
        self._city.metrics.let_go(self.trip, self._cab.vehicle)
        self._ask(message, ended, lambda _: self._still_mine())

    def _still_mine(self) -> None:
        """Refused: it is too early for a no-show, or the trip has ended without us, which the next view says."""
        self.letting_go = False
        self._city.metrics.restored(self.trip, self._cab.vehicle)
        if self.stage is RideStage.AT_PICKUP:
            self._plan(RETRY_S, lambda: self._give_back("nobody came", no_show=True))
        elif self.stage is RideStage.RIDING:
            self._plan(RETRY_S, self._finish)

    def _end(self) -> None:
        self.stage = RideStage.OVER
        self._call_off()
        self._city.street.drive_off(self.trip)
        self._cab.car.park()
        self._over(self)

    # ── asking and planning ──────────────────────────────────────────────────────────────────────────────────────

    def _plan(self, city_s: float, act: Callable[[], None]) -> None:
        """Do something later, if the ride still stands then."""

        def if_still_there() -> None:
            if self.stage is not RideStage.OVER and not self.letting_go:
                act()

        self._plans.append(self._city.scheduler.after_city(city_s, if_still_there))

    def _call_off(self) -> None:
        for plan in self._plans:
            plan.cancel()
        self._plans.clear()

    def _ask(
        self, message: ArriveAtPickup | StartRide | FinishRide | ReturnTrip, accepted: OnAccepted, refused: OnRefused
    ) -> None:
        """Ask about this ride. By the time of the answer it may be over; then the answer does not matter."""

        def if_accepted(answer: Accepted) -> None:
            if self.stage is not RideStage.OVER:
                accepted(answer)

        def if_refused(code: int) -> None:
            if self.stage is not RideStage.OVER:
                refused(code)

        self._cab.ask(message, if_accepted, if_refused)

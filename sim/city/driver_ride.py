"""One ride from the driver's side, from the accept (or the hail) to the fare.

TO_PICKUP ──arrived──▶ AT_PICKUP ──start──▶ RIDING ──finish──▶ over
    └───────────────────┴── give back, no-show, or trip lost: ended by others ──▶ over
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from random import Random
from typing import Final

from dispatch.api.client_messages import ArriveAtPickup, ClientCommand, FinishRide, ReturnTrip, StartRide
from dispatch.api.server_messages import Accepted
from dispatch.domain.errors import ErrorCode
from dispatch.values.ids import TripId, VehicleId
from dispatch.values.units import LatLng
from sim.city.behaviour import DriverBehaviour
from sim.city.city import SimCity, draw
from sim.city.kerbside import Rider
from sim.city.vehicle_motion import Car
from sim.client.app_client import AppClient
from sim.client.pending_commands import Answer
from sim.time.scheduler import Timer

OnAccepted = Callable[[Accepted], None]
OnRefused = Callable[[int], None]
CODE_RETRY_S: Final = 5.0
RETRY_S: Final = 30.0
"""City seconds until the code is tried again, and until a refused command is repeated."""


class DriverContext:
    """A driver's vehicle and connection. ``seq``: the last number of the vehicle's stream.

    ``client`` must be set before the first command.
    """

    client: AppClient

    def __init__(self, vehicle: VehicleId, city: SimCity, start: LatLng, rng: Random) -> None:
        self.vehicle = vehicle
        self.city = city
        self.rng = rng
        self.car = Car(city, start, rng)
        self.stream = f"vehicle:{vehicle}"
        self.seq = 0

    @property
    def behaviour(self) -> DriverBehaviour:
        return self.city.behaviour.driver

    def command(self, message: ClientCommand, accepted: OnAccepted, refused: OnRefused) -> None:
        """Send a command. Its answer has a stream number: views with lower numbers are outdated."""

        def answered(answer: Answer) -> None:
            if isinstance(answer, Accepted):
                if answer.stream == self.stream and answer.seq is not None:
                    self.seq = max(self.seq, answer.seq)
                accepted(answer)
            else:
                refused(answer.code)

        self.client.command(message, answered)


class RideStage(Enum):
    """See the diagram above."""

    TO_PICKUP = auto()
    AT_PICKUP = auto()
    RIDING = auto()
    OVER = auto()


class DriverRide:
    """A driver's current trip. ``over`` is called once, at the end."""

    def __init__(
        self,
        context: DriverContext,
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
        self._context = context
        self._city = context.city
        self._over = over
        self._pickup = pickup
        self._dropoff = dropoff
        self._rider = rider
        self._assigned_at = context.city.clock.city()
        self._timers: list[Timer] = []
        self._city.metrics.assigned(trip, context.vehicle)

    def go_to_pickup(self) -> None:
        behaviour = self._context.behaviour
        self._context.car.drive_to(self._pickup or self._context.car.here(), self._report_arrival, behaviour.pickup_s)
        if self._context.rng.random() < behaviour.give_back_share:
            self._schedule(draw(self._context.rng, behaviour.give_back_s), lambda: self._give_back("engine trouble"))

    def wait_for_rider(self) -> None:
        self.stage = RideStage.AT_PICKUP
        self._schedule(self._context.behaviour.no_show_s, lambda: self._give_back("passenger absent", no_show=True))
        self._city.kerbside.wait_for_rider(self.trip, self._rider_arrived)

    def _report_arrival(self) -> None:
        message = ArriveAtPickup(id=self._context.client.next_id(), trip=self.trip)
        self._command(message, lambda _: self._arrived(), lambda _: self.trip_lost())

    def _arrived(self) -> None:
        self._city.metrics.pickup.add(self._city.clock.city() - self._assigned_at)
        self.wait_for_rider()

    def _rider_arrived(self, rider: Rider) -> None:
        self._rider = rider
        message = StartRide(id=self._context.client.next_id(), trip=self.trip, code=rider.code)
        self._command(message, lambda _: self.drive_rider(), lambda code: self._not_started(rider, code))

    def _not_started(self, rider: Rider, code: int) -> None:
        if code == ErrorCode.WRONG_RIDE_CODE:
            self._schedule(CODE_RETRY_S, lambda: self._rider_arrived(rider))
        else:
            self.trip_lost()

    def _give_back(self, reason: str, *, no_show: bool = False) -> None:
        if self.stage is RideStage.RIDING or self._rider is not None:
            return
        message = ReturnTrip(id=self._context.client.next_id(), trip=self.trip, reason=reason, no_show=no_show)
        self._send_end(message, lambda _: self._end())

    def drive_rider(self) -> None:
        self.stage = RideStage.RIDING
        self._cancel_timers()
        self._city.metrics.ride_began(self.trip)
        if self._rider is not None:
            self._rider.seated(self._context.vehicle, self.trip)
        destination = self._rider.destination if self._rider is not None else self._dropoff
        self._context.car.drive_to(
            destination or self._context.car.here(), self._finish, self._context.behaviour.ride_s
        )

    def _finish(self) -> None:
        message = FinishRide(id=self._context.client.next_id(), trip=self.trip)
        self._send_end(message, lambda _: self._finished())

    def _finished(self) -> None:
        self.completed = True
        self._city.metrics.ride_completed(self.trip)
        self._end()
        if self._rider is not None:
            self._rider.set_down(self._context.vehicle)

    def trip_lost(self) -> None:
        if self.stage is not RideStage.OVER:
            self._city.metrics.let_go(self.trip, self._context.vehicle)
            self._end()

    def _send_end(self, message: FinishRide | ReturnTrip, ended: OnAccepted) -> None:
        """Ask to end the assignment. The metrics count it as ended at once, unless the server refuses."""
        self.letting_go = True
        self._city.metrics.let_go(self.trip, self._context.vehicle)
        self._command(message, ended, lambda _: self._end_refused())

    def _end_refused(self) -> None:
        """Refused: too early for a no-show, or the trip has already ended, as the next view shows."""
        self.letting_go = False
        self._city.metrics.restored(self.trip, self._context.vehicle)
        if self.stage is RideStage.AT_PICKUP:
            self._schedule(RETRY_S, lambda: self._give_back("passenger absent", no_show=True))
        elif self.stage is RideStage.RIDING:
            self._schedule(RETRY_S, self._finish)

    def _end(self) -> None:
        self.stage = RideStage.OVER
        self._cancel_timers()
        self._city.kerbside.drive_off(self.trip)
        self._context.car.park()
        self._over(self)

    def _schedule(self, city_s: float, act: Callable[[], None]) -> None:
        """Schedule ``act``, unless the ride ends before."""

        def if_still_there() -> None:
            if self.stage is not RideStage.OVER and not self.letting_go:
                act()

        self._timers.append(self._city.scheduler.after_city(city_s, if_still_there))

    def _cancel_timers(self) -> None:
        for plan in self._timers:
            plan.cancel()
        self._timers.clear()

    def _command(
        self, message: ArriveAtPickup | StartRide | FinishRide | ReturnTrip, accepted: OnAccepted, refused: OnRefused
    ) -> None:
        """Send a command about this ride. An answer after the ride's end is ignored."""

        def if_accepted(answer: Accepted) -> None:
            if self.stage is not RideStage.OVER:
                accepted(answer)

        def if_refused(code: int) -> None:
            if self.stage is not RideStage.OVER:
                refused(code)

        self._context.command(message, if_accepted, if_refused)

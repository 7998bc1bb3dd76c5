"""A driver and the driver's app: shift, offers and street hails. Rides are in :mod:`sim.city.driver_ride`.

The stream ``vehicle:V`` delivers numbered views of the vehicle. If view and driver disagree, the view is right: a trip
that is no longer in the view has ended; a trip that only the view has (the app was restarted) is resumed.
"""

from __future__ import annotations

from enum import Enum, auto
from random import Random
from typing import Final

from dispatch.api.client_messages import AcceptOffer, DeclineOffer, GpsFix, StartBreak, StartHail, StartShift
from dispatch.api.fields import OfferView, TripView, VehicleView
from dispatch.api.server_messages import Accepted, Heard, ServerMessage, Snapshot, Update, Welcome
from dispatch.values.ids import TripId, VehicleId
from dispatch.values.place import Place
from dispatch.values.units import LatLng
from sim.city.city import SimCity, draw
from sim.city.driver_ride import DriverContext, DriverRide
from sim.city.kerbside import Rider
from sim.client.app_client import AppClient
from sim.states import ARRIVED, ASSIGNED, IDLE, OFF_DUTY, OFFERED, WITH_TRIP
from sim.time.scheduler import Timer

RETRY_S: Final = 30.0
"""City seconds between two attempts to go online."""


class DriverDuty(Enum):
    """The current activity of a driver."""

    AWAY = auto()
    GOING_ONLINE = auto()
    FREE = auto()
    HAILING = auto()
    ON_RIDE = auto()
    BREAK = auto()


class SimDriver:
    """One driver in one vehicle."""

    def __init__(self, vehicle: VehicleId, city: SimCity, start: LatLng, rng: Random) -> None:
        self.vehicle = vehicle
        self.duty = DriverDuty.AWAY
        self.ride: DriverRide | None = None
        self._context = DriverContext(vehicle, city, start, rng)
        self._city = city
        self._rng = rng
        self._offer: OfferView | None = None
        self._unpaid: TripId | None = None
        self._cruise_timer: Timer | None = None
        self._decision_timer: Timer | None = None
        self._on_map = False

    def attach(self, client: AppClient) -> None:
        self._context.client = client

    @property
    def can_be_hailed(self) -> bool:
        return self.duty is DriverDuty.FREE and self._offer is None and self._context.client.connected

    def here(self) -> LatLng:
        return self._context.car.here()

    def welcomed(self, _: Welcome) -> None:
        """Unacknowledged fixes go out first, before newer fixes make them old."""
        self._on_map = True
        self._context.client.expect(self._context.stream)
        self._send_unacked()

    def tick(self) -> None:
        if not self._on_map:
            return
        fix = self._context.car.fix()
        if self._context.client.send(GpsFix(fix)):
            self._city.metrics.fix_sent()

    def received(self, message: ServerMessage) -> None:
        match message:
            case Heard(n):
                if self._context.car.unacked.ack(n):
                    self._send_unacked()
            case Update() | Snapshot():
                if message.vehicle is not None:
                    self._apply_view(message.seq, message.vehicle)
                elif message.trip is not None:
                    self._resume_trip(message.trip)
            case _:
                pass

    def _send_unacked(self) -> None:
        for fixes in self._context.car.unacked.resends():
            self._context.client.send(fixes)

    def _apply_view(self, seq: int, view: VehicleView) -> None:
        """Act on a view, unless an answer had a later number."""
        if seq < self._context.seq:
            return
        self._context.seq = seq
        if self._unpaid is not None and view.paid is not None and view.paid.order == self._unpaid:
            self._settled(self._unpaid)
        self._apply_trip(view)
        self._apply_offer(view)
        if view.state in OFF_DUTY and self.duty in (DriverDuty.AWAY, DriverDuty.FREE):
            self._go_online()
        elif view.state in (IDLE, OFFERED) and self.duty in (DriverDuty.AWAY, DriverDuty.GOING_ONLINE):
            self._become_free()

    def _apply_trip(self, view: VehicleView) -> None:
        ride = self.ride
        if ride is not None and view.trip != ride.trip and not ride.letting_go:
            ride.trip_lost()
        if view.trip is None or self.ride is not None or view.state not in WITH_TRIP:
            return
        if self._offer is not None and self._offer.trip == view.trip:
            self._assigned(self._offer)
        elif self.duty is not DriverDuty.HAILING:
            self._context.client.follow(f"trip:{view.trip}")

    def _apply_offer(self, view: VehicleView) -> None:
        offer = view.offer if view.state == OFFERED else None
        if offer is None:
            self._offer = None
        elif self._offer is None or offer.offer != self._offer.offer:
            self._offer = offer
            self._city.metrics.offer_received(TripId(offer.trip))
            self._schedule_decision(offer)

    def _resume_trip(self, trip: TripView) -> None:
        """Continue a trip that this app does not have, because it was restarted."""
        self._context.client.leave(f"trip:{trip.trip}")
        if self.ride is not None or trip.car is None or trip.car.vehicle != self.vehicle:
            return
        ride = self._begin(TripId(trip.trip), trip.pickup, trip.dropoff)
        if trip.state == ASSIGNED:
            ride.go_to_pickup()
        elif trip.state == ARRIVED:
            ride.wait_for_rider()
        else:
            ride.drive_rider()

    def _go_online(self) -> None:
        self.duty = DriverDuty.GOING_ONLINE
        self._context.command(StartShift(id=self._context.client.next_id()), self._online, self._not_online)

    def _online(self, _: Accepted) -> None:
        if self.duty is DriverDuty.GOING_ONLINE:
            self._become_free()

    def _not_online(self, _: int) -> None:
        self._city.scheduler.after_city(RETRY_S, self._try_online)

    def _try_online(self) -> None:
        if self.duty is DriverDuty.GOING_ONLINE:
            self._go_online()

    def _become_free(self) -> None:
        """An offer may exist already: views overtake answers."""
        self.duty = DriverDuty.FREE
        self._stay_or_cruise()
        if self._offer is not None:
            self._schedule_decision(self._offer)

    def _stay_or_cruise(self) -> None:
        if self._cruise_timer is not None:
            self._cruise_timer.cancel()
        if self._context.behaviour.cruise_share > 0:
            idle_s = draw(self._rng, self._context.behaviour.idle_s)
            self._cruise_timer = self._city.scheduler.after_city(idle_s, self._consider_cruising)

    def _consider_cruising(self) -> None:
        if self.duty is not DriverDuty.FREE or self._unpaid is not None:
            return
        if self._rng.random() < self._context.behaviour.cruise_share:
            self._context.car.cruise()
        self._stay_or_cruise()

    def _take_break(self) -> None:
        """No offers for a while. After a refusal (an offer came first) the driver keeps working."""
        self.duty = DriverDuty.BREAK
        self._city.scheduler.after_city(draw(self._rng, self._context.behaviour.break_s), self._end_break)
        self._context.command(StartBreak(id=self._context.client.next_id()), lambda _: None, lambda _: self._no_break())

    def _no_break(self) -> None:
        if self.duty is DriverDuty.BREAK:
            self._become_free()

    def _end_break(self) -> None:
        if self.duty is DriverDuty.BREAK:
            self._go_online()

    def _schedule_decision(self, offer: OfferView) -> None:
        if self._decision_timer is not None:
            self._decision_timer.cancel()
        think_s = draw(self._rng, self._context.behaviour.think_s)
        self._decision_timer = self._city.scheduler.after_city(think_s, lambda: self._decide(offer))

    def _decide(self, offer: OfferView) -> None:
        if self._offer is None or self._offer.offer != offer.offer or self.duty is not DriverDuty.FREE:
            return
        mood = self._rng.random() - self._context.behaviour.ignore_share
        if mood < 0:
            return
        command_id = self._context.client.next_id()
        if mood < self._context.behaviour.decline_share:
            self._context.command(DeclineOffer(id=command_id, offer=offer.offer), _await_view, _await_view)
        else:
            self._context.command(
                AcceptOffer(id=command_id, offer=offer.offer), lambda _: self._assigned(offer), _await_view
            )

    def _assigned(self, offer: OfferView) -> None:
        """The accept succeeded: called for the answer, or for a view that precedes it."""
        if self.ride is None:
            self._begin(TripId(offer.trip), offer.pickup, offer.dropoff).go_to_pickup()

    def _begin(
        self, trip: TripId, pickup: Place | None, dropoff: Place | None, rider: Rider | None = None
    ) -> DriverRide:
        self.duty = DriverDuty.ON_RIDE
        self._offer = None
        self.ride = DriverRide(
            self._context, trip, self._over, pickup=_point(pickup), dropoff=_point(dropoff), rider=rider
        )
        return self.ride

    def _over(self, ride: DriverRide) -> None:
        self.ride = None
        self._become_free()
        if not ride.completed:
            return
        if self._context.behaviour.settle_s > 0:
            self._unpaid = ride.trip
            self._city.scheduler.after_city(self._context.behaviour.settle_s, lambda: self._settled(ride.trip))
        if self._rng.random() < self._context.behaviour.break_share:
            self._take_break()

    def _settled(self, trip: TripId) -> None:
        """The fare is paid, or the waiting time is over."""
        if self._unpaid == trip:
            self._unpaid = None
            if self.duty is DriverDuty.FREE:
                self._stay_or_cruise()

    def hailed(self, rider: Rider) -> None:
        self.duty = DriverDuty.HAILING
        self._context.car.park()
        self._context.command(
            StartHail(id=self._context.client.next_id()),
            lambda answer: self._hail_began(answer, rider),
            lambda _: self._hail_refused(rider),
        )

    def _hail_began(self, answer: Accepted, rider: Rider) -> None:
        trip = TripId(str(answer.result["trip"]))
        self._city.metrics.hail_began(trip)
        self._begin(trip, None, None, rider).drive_rider()

    def _hail_refused(self, rider: Rider) -> None:
        rider.turned_away()
        self._become_free()


def _point(place: Place | None) -> LatLng | None:
    return None if place is None else LatLng(place.lat, place.lng)


def _await_view(_: object) -> None:
    """The next view of the vehicle shows the result."""

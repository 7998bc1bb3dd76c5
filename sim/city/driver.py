"""A driver's app and the driver who holds it: the shift, offers, street hails; :mod:`sim.city.driver_ride` drives.

The driver's *duty* is what the driver does; what the system says of the car comes as numbered views of the stream
``vehicle:V``. Where the two disagree the system is right: a trip that the view no longer names has ended, one that
it names and the driver does not know (an app started anew) is taken up where it stands.
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
from sim.city.city import ClientPort, SimCity, draw
from sim.city.driver_context import DriverContext
from sim.city.driver_ride import DriverRide
from sim.city.kerbside import Rider
from sim.client.states import ARRIVED, ASSIGNED, IDLE, OFF_DUTY, OFFERED, WITH_TRIP
from sim.time.scheduler import Timer

RETRY_S: Final = 30.0
"""City seconds after which a driver who was not let online tries again."""


class DriverDuty(Enum):
    """What a driver does."""

    AWAY = auto()
    GOING_ONLINE = auto()
    FREE = auto()
    HAILING = auto()
    ON_RIDE = auto()
    BREAK = auto()


class SimDriver:
    """One driver in one car."""

    def __init__(self, vehicle: VehicleId, city: SimCity, start: LatLng, rng: Random) -> None:
        self.vehicle = vehicle
        self.duty = DriverDuty.AWAY
        self.ride: DriverRide | None = None
        self._cab = DriverContext(vehicle, city, start, rng)
        self._city = city
        self._rng = rng
        self._offer: OfferView | None = None
        self._unpaid: TripId | None = None
        self._restless: Timer | None = None
        self._thinking: Timer | None = None
        self._on_map = False

    def use(self, line: ClientPort) -> None:
        """The connection of this app. To be called once, before it runs."""
        self._cab.line = line

    @property
    def may_be_hailed(self) -> bool:
        """Whether somebody on the street sees a free car."""
        return self.duty is DriverDuty.FREE and self._offer is None and self._cab.line.connected

    def here(self) -> LatLng:
        """Where the car is."""
        return self._cab.car.here()

    # ── the phone ────────────────────────────────────────────────────────────────────────────────────────────────

    def welcomed(self, _: Welcome) -> None:
        """Connected: what was not heard goes out first, before newer fixes make it old."""
        self._on_map = True
        self._cab.line.expect(self._cab.stream)
        self._send_unheard()

    def tick(self) -> None:
        """Take a fix and send it; what cannot be sent is sent after the next connection."""
        if not self._on_map:
            return
        fix = self._cab.car.fix()
        if self._cab.line.send(GpsFix(fix)):
            self._city.metrics.fix_sent()

    def received(self, message: ServerMessage) -> None:
        """Something came for this app."""
        match message:
            case Heard(n):
                if self._cab.car.unheard.ack(n):
                    self._send_unheard()
            case Update() | Snapshot():
                if message.vehicle is not None:
                    self._see(message.seq, message.vehicle)
                elif message.trip is not None:
                    self._take_up(message.trip)
            case _:
                pass

    def _send_unheard(self) -> None:
        for fixes in self._cab.car.unheard.resends():
            self._cab.line.send(fixes)

    # ── what the system says of the car ──────────────────────────────────────────────────────────────────────────

    def _see(self, seq: int, view: VehicleView) -> None:
        """Act on a view, unless an answer has already told of something later."""
        if seq < self._cab.seq:
            return
        self._cab.seq = seq
        if self._unpaid is not None and view.paid is not None and view.paid.order == self._unpaid:
            self._settled(self._unpaid)
        self._see_trip(view)
        self._see_offer(view)
        if view.state in OFF_DUTY and self.duty in (DriverDuty.AWAY, DriverDuty.FREE):
            self._go_online()
        elif view.state in (IDLE, OFFERED) and self.duty in (DriverDuty.AWAY, DriverDuty.GOING_ONLINE):
            self._become_free()

    def _see_trip(self, view: VehicleView) -> None:
        ride = self.ride
        if ride is not None and view.trip != ride.trip and not ride.letting_go:
            ride.lose()
        if view.trip is None or self.ride is not None or view.state not in WITH_TRIP:
            return
        if self._offer is not None and self._offer.trip == view.trip:
            self._assigned(self._offer)
        elif self.duty is not DriverDuty.HAILING:
            self._cab.line.follow(f"trip:{view.trip}")

    def _see_offer(self, view: VehicleView) -> None:
        offer = view.offer if view.state == OFFERED else None
        if offer is None:
            self._offer = None
        elif self._offer is None or offer.offer != self._offer.offer:
            self._offer = offer
            self._city.metrics.offer_told(TripId(offer.trip))
            self._think_about(offer)

    def _take_up(self, trip: TripView) -> None:
        """A trip that this car has and the driver did not know, because the app was started anew."""
        self._cab.line.leave(f"trip:{trip.trip}")
        if self.ride is not None or trip.car is None or trip.car.vehicle != self.vehicle:
            return
        ride = self._begin(TripId(trip.trip), trip.pickup, trip.dropoff)
        if trip.state == ASSIGNED:
            ride.go_to_pickup()
        elif trip.state == ARRIVED:
            ride.wait_for_rider()
        else:
            ride.drive_rider()

    # ── the shift ────────────────────────────────────────────────────────────────────────────────────────────────

    def _go_online(self) -> None:
        self.duty = DriverDuty.GOING_ONLINE
        self._cab.ask(StartShift(id=self._cab.line.next_id()), self._online, self._not_online)

    def _online(self, _: Accepted) -> None:
        if self.duty is DriverDuty.GOING_ONLINE:
            self._become_free()

    def _not_online(self, _: int) -> None:
        self._city.scheduler.after_city(RETRY_S, self._try_online)

    def _try_online(self) -> None:
        if self.duty is DriverDuty.GOING_ONLINE:
            self._go_online()

    def _become_free(self) -> None:
        """An offer may be there already: views overtake answers."""
        self.duty = DriverDuty.FREE
        self._stay_or_cruise()
        if self._offer is not None:
            self._think_about(self._offer)

    def _stay_or_cruise(self) -> None:
        """While free: now and then look for a better place to wait."""
        if self._restless is not None:
            self._restless.cancel()
        if self._cab.habits.cruise_share > 0:
            idle_s = draw(self._rng, self._cab.habits.idle_s)
            self._restless = self._city.scheduler.after_city(idle_s, self._think_of_moving)

    def _think_of_moving(self) -> None:
        if self.duty is not DriverDuty.FREE or self._unpaid is not None:
            return
        if self._rng.random() < self._cab.habits.cruise_share:
            self._cab.car.cruise()
        self._stay_or_cruise()

    def _take_break(self) -> None:
        """No offers for a while; if that is refused (an offer came first), work goes on."""
        self.duty = DriverDuty.BREAK
        self._city.scheduler.after_city(draw(self._rng, self._cab.habits.break_s), self._end_break)
        self._cab.ask(StartBreak(id=self._cab.line.next_id()), lambda _: None, lambda _: self._no_break())

    def _no_break(self) -> None:
        if self.duty is DriverDuty.BREAK:
            self._become_free()

    def _end_break(self) -> None:
        if self.duty is DriverDuty.BREAK:
            self._go_online()

    # ── offers ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _think_about(self, offer: OfferView) -> None:
        if self._thinking is not None:
            self._thinking.cancel()
        think_s = draw(self._rng, self._cab.habits.think_s)
        self._thinking = self._city.scheduler.after_city(think_s, lambda: self._decide(offer))

    def _decide(self, offer: OfferView) -> None:
        """Accept, decline, or let it expire."""
        if self._offer is None or self._offer.offer != offer.offer or self.duty is not DriverDuty.FREE:
            return
        mood = self._rng.random() - self._cab.habits.ignore_share
        if mood < 0:
            return
        command_id = self._cab.line.next_id()
        if mood < self._cab.habits.decline_share:
            self._cab.ask(DeclineOffer(id=command_id, offer=offer.offer), _as_told, _as_told)
        else:
            self._cab.ask(AcceptOffer(id=command_id, offer=offer.offer), lambda _: self._assigned(offer), _as_told)

    def _assigned(self, offer: OfferView) -> None:
        """The accept holds: the answer says so, or a view that came before it."""
        if self.ride is None:
            self._begin(TripId(offer.trip), offer.pickup, offer.dropoff).go_to_pickup()

    def _begin(
        self, trip: TripId, pickup: Place | None, dropoff: Place | None, rider: Rider | None = None
    ) -> DriverRide:
        self.duty = DriverDuty.ON_RIDE
        self._offer = None
        self.ride = DriverRide(self._cab, trip, self._over, pickup=_point(pickup), dropoff=_point(dropoff), rider=rider)
        return self.ride

    def _over(self, ride: DriverRide) -> None:
        """The ride is over, one way or the other."""
        self.ride = None
        self._become_free()
        if not ride.completed:
            return
        if self._cab.habits.settle_s > 0:
            self._unpaid = ride.trip
            self._city.scheduler.after_city(self._cab.habits.settle_s, lambda: self._settled(ride.trip))
        if self._rng.random() < self._cab.habits.break_share:
            self._take_break()

    def _settled(self, trip: TripId) -> None:
        """The passenger has paid, or the driver waits no longer to see it."""
        if self._unpaid == trip:
            self._unpaid = None
            if self.duty is DriverDuty.FREE:
                self._stay_or_cruise()

    # ── street hail ──────────────────────────────────────────────────────────────────────────────────────────────

    def hailed(self, rider: Rider) -> None:
        """Somebody gets in. The car must be free."""
        self.duty = DriverDuty.HAILING
        self._cab.car.park()
        self._cab.ask(
            StartHail(id=self._cab.line.next_id()),
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


def _as_told(_: object) -> None:
    """The next view of the vehicle says what came of it."""

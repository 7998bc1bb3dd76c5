"""A passenger and the passenger's app, from the request to the rating.

A passenger requests a ride (now or for later) and follows the trip by its views, or hails a free vehicle on the street
and scans its code at the end. A passenger with a fare due pays it, confirms the order at Alipay, and waits for the
view that shows the payment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from dispatch.api.client_messages import CancelTrip, Estimate, PayFare, Rate, RequestRide
from dispatch.api.fields import PaymentView, TripView
from dispatch.api.server_messages import Accepted, ServerMessage, Snapshot, Update, Welcome
from dispatch.domain.errors import ErrorCode
from dispatch.values.ids import CommandId, TripId, VehicleId
from dispatch.values.place import Place
from dispatch.values.units import CityTime, LatLng
from sim.city.city import SimCity, draw
from sim.client.app_client import AppClient
from sim.client.pending_commands import Answer
from sim.demand.ride_request import RideRequest
from sim.states import ARRIVED, ENDED, FARE_DUE, IN_PROGRESS, PAID, PAYING, SEEKING

PAY_TRIES: Final = 3
PAY_AGAIN_S: Final = 2.0
"""Wall seconds until a payment or its confirmation is repeated."""
_PAYMENT_FAILED: Final = frozenset({"4000", "6001", "6002"})
_NOTHING_TO_PAY: Final = frozenset({int(ErrorCode.NO_TRIP_TO_PAY), int(ErrorCode.UNKNOWN_TRIP)})
_BEING_PAID: Final = frozenset({int(ErrorCode.PAYMENT_OPEN), int(ErrorCode.ALREADY_PAID)})


@dataclass(slots=True)
class PassengerTrip:
    """The current ride. ``vehicle`` is set for a street hail only."""

    request: RideRequest
    reserve: bool = False
    trip: TripId | None = None
    state: str = ""
    code: str = ""
    vehicle: VehicleId | None = None
    requested_at: CityTime | None = None
    walking_to: str | None = None
    began: bool = False
    pays: int = 0
    pay_at: float | None = None
    paying: bool = False
    confirmed: str = ""


class SimPassenger:
    """A passenger with an Alipay account (``buyer``: 2088 and twelve digits). One journey at a time."""

    def __init__(self, buyer: str, city: SimCity, rng: Random) -> None:
        self._buyer = buyer
        self._city = city
        self._behaviour = city.behaviour.passenger
        self._rng = rng
        self._journey: PassengerTrip | None = None
        self._done: Callable[[SimPassenger], None] = _ignore
        self._requested_trip = False

    def attach(self, client: AppClient) -> None:
        self._client = client

    def begin_journey(self, request: RideRequest, done: Callable[[SimPassenger], None], *, hails: bool = False) -> None:
        """Begin a journey; ``done`` is called at its end. With ``hails`` the passenger is already in a vehicle."""
        reserve = not hails and self._rng.random() < self._behaviour.reserve_share
        self._journey = PassengerTrip(request, reserve)
        self._done = done
        self._requested_trip = hails
        if self._client.connected:
            self._start_request()

    @property
    def on_journey(self) -> bool:
        return self._journey is not None

    def abandon(self) -> None:
        self._finish()

    @property
    def code(self) -> str:
        return "" if self._journey is None else self._journey.code

    @property
    def destination(self) -> LatLng:
        return self._now().request.dropoff

    def seated(self, vehicle: VehicleId, trip: TripId) -> None:
        """The app relies on the server's views instead."""

    def set_down(self, vehicle: VehicleId) -> None:
        """After a street hail the passenger scans the vehicle's code."""
        journey = self._journey
        if journey is not None and journey.trip is None:
            journey.vehicle = vehicle
            self._pay_soon(journey)

    def turned_away(self) -> None:
        self._finish()

    def welcomed(self, _: Welcome) -> None:
        self._start_request()

    def received(self, message: ServerMessage) -> None:
        if isinstance(message, Update | Snapshot) and message.trip is not None:
            journey = self._journey
            if journey is not None and message.trip.trip == journey.trip:
                self._apply_view(journey, message.trip)

    def _start_request(self) -> None:
        if self._journey is None or self._requested_trip:
            return
        self._requested_trip = True
        journey = self._journey
        if self._rng.random() < self._behaviour.estimate_share:
            pickup, dropoff = self._place(journey.request.pickup), self._place(journey.request.dropoff)
            message = Estimate(id=self._client.next_id(), pickup=pickup, dropoff=dropoff)
            self._client.command(message, lambda _: self._request(journey))
        else:
            self._request(journey)

    def _request(self, journey: PassengerTrip) -> None:
        now = self._city.clock.city()
        command = CommandId(self._client.next_id())
        if journey.reserve:
            self._city.metrics.reservation_sent()
        else:
            journey.requested_at = now
            self._city.metrics.request_sent(command)
        message = RequestRide(
            id=command,
            pickup=self._place(journey.request.pickup),
            dropoff=self._place(journey.request.dropoff),
            at=now + draw(self._rng, self._behaviour.reserve_lead_s) if journey.reserve else None,
        )
        self._client.command(message, lambda answer: self._requested(journey, command, answer))

    def _requested(self, journey: PassengerTrip, command: CommandId, answer: Answer) -> None:
        if not isinstance(answer, Accepted):
            self._city.metrics.request_refused(command)
            self._finish()
            return
        self._set_trip(journey, answer)
        self._city.metrics.request_acknowledged(command, self._trip(journey), answer.state or "")
        if self._rng.random() < self._behaviour.impatient_share:
            patience_s = draw(self._rng, self._behaviour.patience_s)
            self._city.scheduler.after_city(patience_s, lambda: self._cancel_trip(journey))

    def _set_trip(self, journey: PassengerTrip, answer: Accepted) -> None:
        stream = answer.stream or ""
        journey.trip = TripId(stream.removeprefix("trip:"))
        journey.state = journey.state or answer.state or ""
        self._client.expect(stream)

    def _cancel_trip(self, journey: PassengerTrip) -> None:
        if self._journey is journey and journey.state in SEEKING:
            message = CancelTrip(id=self._client.next_id(), trip=self._trip(journey), reason="waited too long")
            self._client.command(message, lambda _: None)

    def _apply_view(self, journey: PassengerTrip, view: TripView) -> None:
        trip = self._trip(journey)
        journey.state = view.state
        self._city.metrics.trip_updated(trip, view.state)
        if view.code:
            journey.code = view.code
        if view.state == ARRIVED:
            self._walk_to(journey, view)
        elif view.state == IN_PROGRESS:
            self._ride_began(journey)
        elif view.state in (FARE_DUE, PAYING):
            self._apply_fare(journey, view)
        elif view.state == PAID:
            self._apply_paid(journey, view)
        elif view.state in ENDED:
            self._finish()
        if view.state in SEEKING and journey.walking_to is not None:
            journey.walking_to = None
            self._city.kerbside.leave(trip)

    def _walk_to(self, journey: PassengerTrip, view: TripView) -> None:
        """Once per vehicle: walk to it and get in if it is still there."""
        car = view.car.vehicle if view.car is not None else ""
        if journey.walking_to == car:
            return
        journey.walking_to = car

        def get_in() -> None:
            if self._journey is journey and journey.state == ARRIVED and journey.walking_to == car:
                self._city.kerbside.board(self._trip(journey), self)

        self._city.scheduler.after_city(draw(self._rng, self._behaviour.walk_s), get_in)

    def _ride_began(self, journey: PassengerTrip) -> None:
        if not journey.began:
            journey.began = True
            if journey.requested_at is not None:
                self._city.metrics.wait.add(self._city.clock.city() - journey.requested_at)

    def _apply_fare(self, journey: PassengerTrip, view: TripView) -> None:
        if not self._behaviour.pays:
            self._finish()
        elif view.state == FARE_DUE:
            self._pay_soon(journey)
        elif view.payment is not None:
            self._confirm_once(journey, view.payment)

    def _pay_soon(self, journey: PassengerTrip) -> None:
        if not self._behaviour.pays:
            self._finish()
        elif journey.paying:
            return
        elif journey.pays >= PAY_TRIES:
            self._finish()
        else:
            journey.paying = True
            self._city.scheduler.after_city(
                draw(self._rng, self._behaviour.reach_for_phone_s), lambda: self._pay(journey)
            )

    def _pay(self, journey: PassengerTrip) -> None:
        journey.pays += 1
        journey.pay_at = journey.pay_at or self._city.clock.wall()
        vehicle = journey.vehicle if journey.trip is None else None
        message = PayFare(id=self._client.next_id(), trip=journey.trip, vehicle=vehicle, buyer=self._buyer)
        self._client.command(message, lambda answer: self._pay_answered(journey, answer))

    def _pay_answered(self, journey: PassengerTrip, answer: Answer) -> None:
        journey.paying = False
        if self._journey is not journey:
            return
        if isinstance(answer, Accepted):
            if journey.trip is None:
                self._set_trip(journey, answer)
        elif answer.code in _NOTHING_TO_PAY or journey.pays >= PAY_TRIES:
            self._finish()
        elif answer.code not in _BEING_PAID:
            self._city.scheduler.after(PAY_AGAIN_S, lambda: self._pay_soon(journey))

    def _confirm_once(self, journey: PassengerTrip, payment: PaymentView) -> None:
        """Once per order: confirm it in the Alipay app."""
        if payment.trade and journey.confirmed != payment.trade:
            journey.confirmed = payment.trade
            self._city.spawn(self._confirm(journey, payment.trade))

    async def _confirm(self, journey: PassengerTrip, trade: str) -> None:
        """Only the server's views decide whether the fare is paid; after a failure the app tries again."""
        outcome = await self._city.confirm_payment(trade, self._buyer)
        if outcome in _PAYMENT_FAILED and self._journey is journey:
            self._city.metrics.counts["cashier_refused"] += 1
            self._city.scheduler.after(PAY_AGAIN_S, lambda: self._confirm_again(journey, trade))

    def _confirm_again(self, journey: PassengerTrip, trade: str) -> None:
        if self._journey is journey and journey.state == PAYING and journey.confirmed == trade:
            self._city.spawn(self._confirm(journey, trade))

    def _apply_paid(self, journey: PassengerTrip, view: TripView) -> None:
        amount = view.payment.amount if view.payment is not None else None
        waited_s = self._city.clock.wall() - (journey.pay_at or self._city.clock.wall())
        trip = self._trip(journey)
        if trip in self._city.metrics.paid:
            return
        self._city.metrics.fare_paid(trip, amount.minor if amount is not None else 0, waited_s)
        if self._rng.random() < self._behaviour.rate_share:
            stars = self._rng.choice((3, 4, 4, 5, 5, 5))
            self._client.command(Rate(id=self._client.next_id(), trip=trip, stars=stars), lambda _: self._finish())
        else:
            self._finish()

    def _finish(self) -> None:
        journey, self._journey = self._journey, None
        if journey is None:
            return
        if journey.trip is not None:
            self._city.kerbside.leave(journey.trip)
            self._client.leave(f"trip:{journey.trip}")
        self._done(self)

    def _now(self) -> PassengerTrip:
        if self._journey is None:
            raise RuntimeError("no journey is under way")
        return self._journey

    def _place(self, point: LatLng) -> Place:
        return Place(point.lat, point.lng, self._city.name_at(point))

    def _trip(self, journey: PassengerTrip) -> TripId:
        if journey.trip is None:
            raise RuntimeError("the trip has no id yet")
        return journey.trip


def _ignore(_: SimPassenger) -> None:
    """No journey has begun yet."""

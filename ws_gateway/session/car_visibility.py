"""The cars that a passenger or guest sees: the assigned car of each subscribed trip, from assignment to drop-off.

Trip updates say which car is assigned. The session then subscribes to that car's positions, and unsubscribes when the
trip loses the car or ends.
"""

from collections.abc import Callable
from functools import partial

import msgspec

from dispatch.actors.core.protocol import Subscribed, SubscribeRequest
from dispatch.domain.entity import Principal
from dispatch.domain.trip.trip_state import WITH_DRIVER
from dispatch.values.roles import Role
from ws_gateway.session.codec import Codec, kind_of
from ws_gateway.session.effects import Answer, Effect, PendingRequests, Resolve, SendMessage, Subscribe, Unsubscribe


class _AssignedCar(msgspec.Struct):
    vehicle: str


class _TripPart(msgspec.Struct):
    trip: str
    state: str
    car: _AssignedCar | None = None


class _TripMessagePart(msgspec.Struct):
    """Partial decode of a trip update or snapshot: only the fields that name the assigned car."""

    trip: _TripPart | None = None


class _PositionPart(msgspec.Struct):
    """Partial decode of a car's position: its trip and its time."""

    trip: str
    at: float


_decode_trip = msgspec.msgpack.Decoder(_TripMessagePart).decode
_decode_position = msgspec.msgpack.Decoder(_PositionPart).decode


class CarVisibility:
    """Every method returns effects. Streams are named by their keys, trips by their ids."""

    def __init__(
        self,
        *,
        role: Role,
        principal: Principal,
        codec: Codec,
        pending: PendingRequests,
        is_subscribed: Callable[[str], bool],
    ) -> None:
        self._role = role
        self._is_subscribed = is_subscribed
        self._principal = principal
        self._codec = codec
        self._pending = pending
        self._car_of_trip: dict[str, str] = {}
        self._shown_at: dict[str, float] = {}
        """City time of the last position shown, by trip."""
        self._known_trips: set[str] = set()
        """Streams of which a trip message was seen."""

    def trip_updated(self, key: str, message: bytes) -> list[Effect]:
        trip = _decode_trip(message).trip
        if trip is None:
            return []
        self._known_trips.add(key)
        if trip.state not in WITH_DRIVER or trip.car is None:
            return self.trip_left(trip.trip)
        car = f"vehicle:{trip.car.vehicle}"
        if self._car_of_trip.get(trip.trip) == car:
            return []
        effects = self.trip_left(trip.trip)
        self._car_of_trip[trip.trip] = car
        return [*effects, Subscribe(car, self._role), self._request_position(trip.trip, car)]

    def trip_left(self, trip: str) -> list[Effect]:
        self._shown_at.pop(trip, None)
        car = self._car_of_trip.pop(trip, None)
        if car is None or car in self._car_of_trip.values():
            return []
        return [Unsubscribe(car, self._role)]

    def trip_resumed(self, key: str) -> list[Effect]:
        """A resumed trip without new updates: fetch a snapshot to learn its car. The client does not get it."""
        if key in self._known_trips:
            return []
        request = SubscribeRequest(key=key, principal=self._principal, after=None)
        return [self._pending.register(request, partial(self._snapshot_fetched, key))]

    def host_lost(self) -> list[Effect]:
        return [self._request_position(trip, car) for trip, car in self._car_of_trip.items()]

    def position(self, key: str, message: bytes) -> list[Effect]:
        """Show a position of the trip's own car, unless an earlier message was newer: a restarted host repeats
        positions."""
        if kind_of(message) != "car":
            return []
        position = _decode_position(message)
        trip = position.trip
        if self._car_of_trip.get(trip) != key or position.at < self._shown_at.get(trip, position.at):
            return []
        self._shown_at[trip] = position.at
        return [SendMessage(self._codec.relay(message), slot=f"car {key}")]

    def _snapshot_fetched(self, key: str, answer: Answer) -> list[Effect]:
        if not isinstance(answer, Subscribed) or answer.snapshot is None or not self._is_subscribed(key):
            return []
        return self.trip_updated(key, answer.snapshot)

    def _request_position(self, trip: str, car: str) -> Resolve:
        request = SubscribeRequest(key=car, principal=self._principal, trip=trip)
        return self._pending.register(request, partial(self._position_fetched, trip, car))

    def _position_fetched(self, trip: str, car: str, answer: Answer) -> list[Effect]:
        """A refusal is ignored: the trip goes on without its car on the map."""
        if self._car_of_trip.get(trip) != car or not isinstance(answer, Subscribed) or answer.snapshot is None:
            return []
        return self.position(car, answer.snapshot)

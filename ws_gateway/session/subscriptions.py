"""The streams that a session follows, and for a passenger or guest the position of the car of each trip under way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from dispatch.actors.core.protocol import Refused, Subscribed, SubscribeRequest
from dispatch.api.messages import Heard, Rejected
from dispatch.domain.entity import EntityKey, Principal
from dispatch.domain.errors import CloseCode, DispatchError, ErrorCode
from dispatch.domain.stream_access import SEES_CAR_OF_TRIP, STREAMS, Reach
from dispatch.domain.trip.trip_state import WITH_DRIVER
from dispatch.values.roles import Role
from ws_gateway.session.codec import Codec, kind_of
from ws_gateway.session.effects import Answer, CloseSocket, Effect, Resolve, SendMessage, Subscribe, Unsubscribe
from ws_gateway.session.pending_requests import PendingRequests
from ws_gateway.session.stream_cursor import StreamCursor

FirstAnswer = Callable[[Subscribed | Refused], Sequence[Effect]]


class _Car(msgspec.Struct):
    vehicle: str


class _Trip(msgspec.Struct):
    trip: str
    state: str
    car: _Car | None = None


class _TripGlance(msgspec.Struct):
    """The little of an update or snapshot that tells which car a passenger may see."""

    trip: _Trip | None = None


class _Load(msgspec.Struct):
    trip: str | None = None


class _CarGlance(msgspec.Struct):
    """The little of an update or snapshot that tells whether a car has a trip."""

    vehicle: _Load | None = None


class _PositionGlance(msgspec.Struct):
    """Whose car a position is, and of what time."""

    trip: str
    at: float


_glance = msgspec.msgpack.Decoder(_TripGlance)
_position = msgspec.msgpack.Decoder(_PositionGlance)
_load = msgspec.msgpack.Decoder(_CarGlance)


class Subscriptions:
    """What one signed-in client follows. Every method answers with effects."""

    def __init__(self, *, role: Role, principal: Principal, codec: Codec, pending: PendingRequests) -> None:
        self._role = role
        self._sees_car = role in SEES_CAR_OF_TRIP
        self._principal = principal
        self._drives = role in ("driver", "device")
        self.car_is_free = False
        """Of who is in a car: whether it is known to have no trip."""
        self._codec = codec
        self._pending = pending
        self._following: dict[str, StreamCursor] = {}
        self._cars: dict[str, str] = {}
        self._shown_at: dict[str, float] = {}
        """City time of the last position, by trip."""
        self._seen: set[str] = set()

    def __len__(self) -> int:
        return len(self._following)

    def __contains__(self, key: str) -> bool:
        return key in self._following

    def check_access(self, key: str, vehicle: str | None) -> None:
        """Raise ``DispatchError`` where the gateway can tell already; the entity decides the rest."""
        kind, entity_id = EntityKey.parse(key)
        match STREAMS[kind].get(self._role):
            case None:
                raise DispatchError(ErrorCode.NOT_ALLOWED, field="stream")
            case Reach.SHARED_TRIP if entity_id != self._principal.id:
                raise DispatchError(ErrorCode.NOT_ALLOWED, field="stream")
            case Reach.OWN_CAR if entity_id != vehicle:
                raise DispatchError(ErrorCode.NOT_YOURS, field="stream")

    def subscribe(self, key: str, after: int | None, first: FirstAnswer | None = None) -> list[Effect]:
        """Follow a stream, or follow it anew from another number. ``first`` hears how the host answered."""
        self._following[key] = StreamCursor(after)
        return [Subscribe(key, self._role), self._ask(key, first)]

    def unsubscribe(self, key: str) -> list[Effect]:
        """Follow it no longer, nor the car that it had."""
        if self._following.pop(key, None) is None:
            return []
        return [*self._lose_car(EntityKey.parse(key).id), Unsubscribe(key, self._role)]

    def pushed(self, key: str, seq: int, message: bytes) -> list[Effect]:
        """A push that the gateway got for ``key``. ``seq`` 0 is not part of the stream."""
        if seq == 0:
            return self._loose(key, message)
        following = self._following.get(key)
        if following is None:
            return []
        was_asking = following.asking
        told = self._tell(key, following.pushed(seq, message))
        if following.asking and not was_asking:
            told.append(self._ask(key, None))
        return told

    def host_lost(self) -> list[Effect]:
        """Some host was born again: ask for every stream from its cursor, and for every car."""
        asked: list[Effect] = [self._ask(key, None) for key, following in self._following.items() if following.lost()]
        asked.extend(self._ask_car(trip, key) for trip, key in self._cars.items())
        return asked

    def _ask(self, key: str, first: FirstAnswer | None) -> Resolve:
        following = self._following[key]
        request = SubscribeRequest(key=key, principal=self._principal, after=following.cursor)
        return self._pending.register(request, partial(self._answered, key, following, first))

    def _answered(self, key: str, following: StreamCursor, first: FirstAnswer | None, answer: Answer) -> list[Effect]:
        if self._following.get(key) is not following:
            return []
        if not isinstance(answer, Subscribed):
            return self._refused(key, first, answer)
        effects = list(first(answer)) if first else []
        effects.extend(self._tell(key, following.attached(answer)))
        if answer.heard:
            effects.append(SendMessage(self._codec.encode(Heard(answer.heard)), slot=f"heard {key}"))
        if following.asking:
            effects.append(self._ask(key, None))
        else:
            effects.extend(self._look_for_car(key))
        return effects

    def _refused(self, key: str, first: FirstAnswer | None, answer: Answer) -> list[Effect]:
        """Nobody answers: the client shall connect again. A plain no: it is told so, and the stream is left."""
        refusal = answer if isinstance(answer, Refused) else Refused(ErrorCode.INTERNAL)
        effects = self.unsubscribe(key)
        if first is not None:
            return [*effects, *first(refusal)]
        error = DispatchError(ErrorCode(refusal.code), field="stream", detail=key)
        if error.retryable:
            return [*effects, CloseSocket(CloseCode.LOST_HOST)]
        said = Rejected(code=error.code, text=error.text, retryable=False, field="stream")
        return [*effects, SendMessage(self._codec.encode(said))]

    def _tell(self, key: str, messages: list[bytes]) -> list[Effect]:
        effects: list[Effect] = [SendMessage(self._codec.relay(message)) for message in messages]
        if self._sees_car and messages:
            effects.extend(self._glance_at(key, messages[-1]))
        if self._drives and messages and key.startswith("vehicle:"):
            told = _load.decode(messages[-1]).vehicle
            self.car_is_free = told is not None and told.trip is None
        return effects

    def _loose(self, key: str, message: bytes) -> list[Effect]:
        """What no stream numbers. A passenger sees a car only for the trip that it is on."""
        kind = kind_of(message)
        if self._sees_car and (kind != "car" or not self._is_newer(key, _position.decode(message))):
            return []
        return [SendMessage(self._codec.relay(message), slot=f"{kind} {key}")]

    def _is_newer(self, key: str, position: _PositionGlance) -> bool:
        """Whether it is about the trip's car, and no older than the last one: a host that was born again hears once
        more what its predecessor had told already."""
        trip = position.trip
        if self._cars.get(trip) != key or position.at < self._shown_at.get(trip, position.at):
            return False
        self._shown_at[trip] = position.at
        return True

    def _look_for_car(self, key: str) -> list[Effect]:
        """A resumed trip of which nothing new was told: look at its state without telling it again."""
        if not self._sees_car or key in self._seen:
            return []
        request = SubscribeRequest(key=key, principal=self._principal, after=None)
        return [self._pending.register(request, partial(self._looked, key))]

    def _looked(self, key: str, answer: Answer) -> list[Effect]:
        if not isinstance(answer, Subscribed) or answer.snapshot is None or key not in self._following:
            return []
        return self._glance_at(key, answer.snapshot)

    def _glance_at(self, key: str, message: bytes) -> list[Effect]:
        trip = _glance.decode(message).trip
        if trip is None:
            return []
        self._seen.add(key)
        if trip.state not in WITH_DRIVER or trip.car is None:
            return self._lose_car(trip.trip)
        car = f"vehicle:{trip.car.vehicle}"
        if self._cars.get(trip.trip) == car:
            return []
        effects = self._lose_car(trip.trip)
        self._cars[trip.trip] = car
        return [*effects, Subscribe(car, self._role), self._ask_car(trip.trip, car)]

    def _ask_car(self, trip: str, car: str) -> Resolve:
        request = SubscribeRequest(key=car, principal=self._principal, trip=trip)
        return self._pending.register(request, partial(self._car_answered, trip, car))

    def _car_answered(self, trip: str, car: str, answer: Answer) -> list[Effect]:
        """The position is a comfort: where nobody tells it, the trip goes on without."""
        if self._cars.get(trip) != car or not isinstance(answer, Subscribed) or answer.snapshot is None:
            return []
        return self._loose(car, answer.snapshot)

    def _lose_car(self, trip: str) -> list[Effect]:
        self._shown_at.pop(trip, None)
        car = self._cars.pop(trip, None)
        if car is None or car in self._cars.values():
            return []
        return [Unsubscribe(car, self._role)]

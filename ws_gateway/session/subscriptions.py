"""The streams that a session is subscribed to."""

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from dispatch.actors.core.protocol import Refused, Subscribed, SubscribeRequest
from dispatch.api.server_messages import Heard, Rejected
from dispatch.domain.entity import EntityKey, Principal
from dispatch.domain.errors import CloseCode, DispatchError, ErrorCode
from dispatch.domain.stream_access import SEES_CAR_OF_TRIP, STREAMS, Reach
from dispatch.values.roles import Role
from ws_gateway.session.car_visibility import CarVisibility
from ws_gateway.session.codec import Codec, kind_of
from ws_gateway.session.effects import (
    Answer,
    CloseSocket,
    Effect,
    PendingRequests,
    Resolve,
    SendMessage,
    Subscribe,
    Unsubscribe,
)
from ws_gateway.session.stream_cursor import StreamCursor

FirstReply = Callable[[Subscribed | Refused], Sequence[Effect]]
"""Takes the host's first reply to a subscription; returns the effects for the client, also of a refusal."""


class _VehiclePart(msgspec.Struct):
    trip: str | None = None


class _VehicleMessagePart(msgspec.Struct):
    """Partial decode of a vehicle update or snapshot: only whether the vehicle has a trip."""

    vehicle: _VehiclePart | None = None


_decode_vehicle = msgspec.msgpack.Decoder(_VehicleMessagePart).decode


class Subscriptions:
    """The subscriptions of one signed-in client. Every method returns effects."""

    def __init__(self, *, role: Role, principal: Principal, codec: Codec, pending: PendingRequests) -> None:
        self.car_is_free = False
        """For a driver or device: True if its car is known to have no trip."""
        self._role = role
        self._principal = principal
        self._codec = codec
        self._pending = pending
        self._in_car = role in ("driver", "device")
        self._cursors: dict[str, StreamCursor] = {}
        self._cars = (
            CarVisibility(
                role=role, principal=principal, codec=codec, pending=pending, is_subscribed=self._cursors.__contains__
            )
            if role in SEES_CAR_OF_TRIP
            else None
        )

    def __len__(self) -> int:
        return len(self._cursors)

    def __contains__(self, key: str) -> bool:
        return key in self._cursors

    def check_access(self, key: str, vehicle: str | None) -> None:
        """Raise ``DispatchError`` if the role alone forbids the stream; otherwise the entity decides."""
        kind, entity_id = EntityKey.parse(key)
        match STREAMS[kind].get(self._role):
            case None:
                raise DispatchError(ErrorCode.NOT_ALLOWED, field="stream")
            case Reach.SHARED_TRIP if entity_id != self._principal.id:
                raise DispatchError(ErrorCode.NOT_ALLOWED, field="stream")
            case Reach.OWN_CAR if entity_id != vehicle:
                raise DispatchError(ErrorCode.NOT_YOURS, field="stream")

    def subscribe(self, key: str, after: int | None, on_first_reply: FirstReply | None = None) -> list[Effect]:
        """Subscribe to a stream from the update after ``after`` (None: from a snapshot); again, if subscribed."""
        self._cursors[key] = StreamCursor(after)
        return [Subscribe(key, self._role), self._request(key, on_first_reply)]

    def unsubscribe(self, key: str) -> list[Effect]:
        if self._cursors.pop(key, None) is None:
            return []
        car_effects = [] if self._cars is None else self._cars.trip_left(EntityKey.parse(key).id)
        return [*car_effects, Unsubscribe(key, self._role)]

    def pushed(self, key: str, seq: int, message: bytes) -> list[Effect]:
        """Take a push for ``key``. Messages with ``seq`` 0 are not part of the stream."""
        if seq == 0:
            return self._unnumbered(key, message)
        cursor = self._cursors.get(key)
        if cursor is None:
            return []
        was_asking = cursor.asking
        effects = self._deliver(key, cursor.pushed(seq, message))
        if cursor.asking and not was_asking:
            effects.append(self._request(key, None))
        return effects

    def host_lost(self) -> list[Effect]:
        """A host restarted: subscribe to every stream again from its cursor."""
        effects: list[Effect] = [
            self._request(key, None) for key, cursor in self._cursors.items() if cursor.host_lost()
        ]
        return effects if self._cars is None else [*effects, *self._cars.host_lost()]

    def _request(self, key: str, on_first_reply: FirstReply | None) -> Resolve:
        cursor = self._cursors[key]
        request = SubscribeRequest(key=key, principal=self._principal, after=cursor.cursor)
        return self._pending.register(request, partial(self._replied, key, cursor, on_first_reply))

    def _replied(
        self, key: str, cursor: StreamCursor, on_first_reply: FirstReply | None, answer: Answer
    ) -> list[Effect]:
        if self._cursors.get(key) is not cursor:
            return []
        if not isinstance(answer, Subscribed):
            return self._refused(key, on_first_reply, answer)
        effects = list(on_first_reply(answer)) if on_first_reply else []
        effects.extend(self._deliver(key, cursor.subscribed(answer)))
        if answer.heard:
            effects.append(SendMessage(self._codec.encode(Heard(answer.heard)), slot=f"heard {key}"))
        if cursor.asking:
            effects.append(self._request(key, None))
        elif self._cars is not None:
            effects.extend(self._cars.trip_resumed(key))
        return effects

    def _refused(self, key: str, on_first_reply: FirstReply | None, answer: Answer) -> list[Effect]:
        """Drop the subscription. If the host was unavailable, close the socket so that the client reconnects."""
        refusal = answer if isinstance(answer, Refused) else Refused(ErrorCode.INTERNAL)
        effects = self.unsubscribe(key)
        if on_first_reply is not None:
            return [*effects, *on_first_reply(refusal)]
        error = DispatchError(ErrorCode(refusal.code), field="stream", detail=key)
        if error.retryable:
            return [*effects, CloseSocket(CloseCode.LOST_HOST)]
        rejected = Rejected(code=error.code, text=error.text, retryable=False, field="stream")
        return [*effects, SendMessage(self._codec.encode(rejected))]

    def _deliver(self, key: str, messages: list[bytes]) -> list[Effect]:
        effects: list[Effect] = [SendMessage(self._codec.relay(message)) for message in messages]
        if not messages:
            return effects
        if self._cars is not None:
            effects.extend(self._cars.trip_updated(key, messages[-1]))
        if self._in_car and key.startswith("vehicle:"):
            vehicle = _decode_vehicle(messages[-1]).vehicle
            self.car_is_free = vehicle is not None and vehicle.trip is None
        return effects

    def _unnumbered(self, key: str, message: bytes) -> list[Effect]:
        if self._cars is not None:
            return self._cars.position(key, message)
        return [SendMessage(self._codec.relay(message), slot=f"{kind_of(message)} {key}")]

"""What the tests of the session share: a session on a clock of its own, spoken to in MessagePack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgpack
import msgspec

from dispatch.actors.core.protocol import Envelope, Quote, Subscribed, SubscribeRequest
from dispatch.api.fields import FareView, MoneyView
from dispatch.api.server_messages import Update
from dispatch.clock import ManualClock
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.geo.cells import Box
from dispatch.values.place import Place
from dispatch.values.roles import Role
from dispatch.values.units import CityTime, WallTime
from ws_gateway.session.codec import CODECS
from ws_gateway.session.effects import Answer, CloseSocket, Effect, Resolve, SendMessage
from ws_gateway.session.identity import Identity, SessionRules
from ws_gateway.session.session import Session
from ws_gateway.settings import GatewaySettings

START = 1_700_000_000.0
FIX = [1, START, 37.7, -122.4, 5.0, 90.0]
KEY = "vehicle:V1"
SERVED = Box(south=37.0, west=-123.0, north=38.0, east=-122.0)


def price(_: Place, quote: Quote, __: CityTime) -> FareView:
    """A dollar a kilometre."""
    return FareView(total=MoneyView(minor=round(quote.meters / 10), currency="USD"), lines=[])


def verify(token: str, wall: WallTime) -> Identity:
    """Tokens of the form ``driver D1 V1``; ``expired`` and anything else is refused."""
    if token == "expired":
        raise DispatchError(ErrorCode.TOKEN_EXPIRED)
    role, _, rest = token.partition(" ")
    subject, _, vehicle = rest.partition(" ")
    if role not in ("driver", "passenger", "dispatcher", "device", "guest"):
        raise DispatchError(ErrorCode.BAD_TOKEN)
    return Identity(
        role=msgspec.convert(role, Role), subject=subject, vehicle=vehicle or None, expires_at=WallTime(wall + 3600)
    )


class Talk:
    """A session, and what it said so far."""

    def __init__(self, token: str | None = None, *, protocol: str = "taxi.v1.msgpack", **settings: Any) -> None:
        self.clock = ManualClock(START)
        self.json = protocol.endswith("json")
        self.session = Session(
            session_id="s1",
            codec=CODECS[protocol],
            clock=self.clock,
            settings=GatewaySettings(**settings),
            rules=SessionRules(secret=b"secret", price=price, served=SERVED),
            verify=verify,
        )
        self.effects: list[Effect] = []
        if token is not None:
            self.say(t="hello", token=token)

    def say(self, **message: Any) -> list[Effect]:
        """Send a message; the effects of it."""
        encoded = msgspec.json.encode(message) if self.json else msgspec.msgpack.encode(message)
        return self.note(self.session.receive(encoded.decode() if self.json else encoded))

    def raw(self, frame: bytes | str) -> list[Effect]:
        """Send a frame as it is."""
        return self.note(self.session.receive(frame))

    def answer(self, ask: Resolve, answer: Answer) -> list[Effect]:
        """Answer a question of the session."""
        return self.note(self.session.resolve(ask.number, answer))

    def push(self, key: str, seq: int, message: bytes) -> list[Effect]:
        """A push of a host."""
        return self.note(self.session.pushed(key, seq, message))

    def note(self, effects: Sequence[Effect]) -> list[Effect]:
        """Keep the effects."""
        self.effects.extend(effects)
        return list(effects)


def said(effects: Sequence[Effect]) -> list[dict[str, Any]]:
    """The messages among the effects, as the independent ``msgpack`` package reads them."""
    return [msgpack.unpackb(effect.message) for effect in effects if isinstance(effect, SendMessage)]


def asked(effects: Sequence[Effect]) -> list[Resolve]:
    """The questions among the effects."""
    return [effect for effect in effects if isinstance(effect, Resolve)]


def closed(effects: Sequence[Effect]) -> int | None:
    """The close code among the effects."""
    return next((int(effect.code) for effect in effects if isinstance(effect, CloseSocket)), None)


def envelope(ask: Resolve) -> Envelope:
    """The command in a question."""
    assert isinstance(ask.request, Envelope)
    return ask.request


def attachment(ask: Resolve) -> SubscribeRequest:
    """The attachment in a question."""
    assert isinstance(ask.request, SubscribeRequest)
    return ask.request


def update(stream: str, seq: int) -> bytes:
    """An encoded update that says nothing more."""
    return msgspec.msgpack.encode(Update(stream=stream, seq=seq, event="e", at=START))


def attached(seq: int, *, updates: Sequence[tuple[int, bytes]] = (), recovered: bool = True) -> Subscribed:
    """A host's answer to an attachment."""
    return Subscribed(seq=seq, recovered=recovered, updates=list(updates))


def only(effects: Any) -> dict[str, Any]:
    """The only message among the effects."""
    messages = said(effects)
    assert len(messages) == 1
    return messages[0]


def passenger(after: int | None = 0) -> tuple[Talk, list[Effect]]:
    """A passenger who resumes a trip; the effects of the hello."""
    talk = Talk()
    cursor = [{"stream": "trip:t1", "seq": after}]
    return talk, talk.say(t="hello", token="passenger P1", resume=cursor)

"""What pages give to browsers and must get back as it was: signed notes (PyJWT, HS256), each for one purpose.

Their key is made from the gateways' secret, so that no sign-in of a driver or passenger passes for one, nor the
reverse. The times are checked against the clock that is passed in.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, ClassVar, Final, TypeVar

import jwt
import msgspec

from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.values.units import WallTime

_ALGORITHM: Final = "HS256"
_OPTIONS: Final[Any] = {"require": ["aud", "exp"], "verify_exp": False, "verify_iat": False, "verify_nbf": False}


class PageSession(msgspec.Struct, frozen=True):
    """Who is at the browser: an Alipay user, as the application of ``account`` knows him (a company, or ``""``)."""

    PURPOSE: ClassVar[str] = "taxi-pay-session"
    LIFE_S: ClassVar[float] = 3600.0

    user_id: str
    account: str
    sid: str


class AuthorizationRequest(msgspec.Struct, frozen=True):
    """On the way to the authorization page and back: from which car (empty: to sign in to the app), to whose
    application."""

    PURPOSE: ClassVar[str] = "taxi-pay-journey"
    LIFE_S: ClassVar[float] = 600.0

    vehicle: str
    account: str
    nonce: str
    trip: str = ""
    """The ride whose page is to be seen again; empty: the one in the car."""


class SignInTicket(msgspec.Struct, frozen=True):
    """What the passenger's app turns into a token: who came back from Alipay, and the digest of a cookie that came
    along."""

    PURPOSE: ClassVar[str] = "taxi-alipay-ticket"
    LIFE_S: ClassVar[float] = 120.0

    user_id: str
    other_half: str


class SignedForm(msgspec.Struct, frozen=True):
    """What a form does, for which session, and the fare that it showed. ``nonce`` makes its repeats the same act."""

    PURPOSE: ClassVar[str] = "taxi-pay-form"
    LIFE_S: ClassVar[float] = 3600.0

    sid: str
    trip: str
    act: str
    nonce: str
    minor: int | None = None


SignedValue = PageSession | AuthorizationRequest | SignInTicket | SignedForm
N = TypeVar("N", PageSession, AuthorizationRequest, SignInTicket, SignedForm)


class FormSigner:
    """Makes and reads notes. ``secret``: 32 bytes or more."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 32:
            raise ValueError("the secret must have 32 bytes or more")
        self._key = blake2b(secret, digest_size=32, person=b"taxi-pay-page").digest()

    def sign(self, note: SignedValue, wall: WallTime) -> str:
        """The note as text, good from now on for the life of its kind."""
        claims = {"aud": note.PURPOSE, "exp": int(wall + note.LIFE_S), "note": msgspec.to_builtins(note)}
        return jwt.encode(claims, self._key, _ALGORITHM)

    def read(self, kind: type[N], text: str, wall: WallTime) -> N:
        """The note of this kind in ``text``. Raises ``DispatchError``: ``BAD_TOKEN``, ``TOKEN_EXPIRED``."""
        try:
            claims = jwt.decode(text, self._key, algorithms=[_ALGORITHM], audience=kind.PURPOSE, options=_OPTIONS)
            note = msgspec.convert(claims.get("note"), kind)
        except (jwt.InvalidTokenError, msgspec.ValidationError) as error:
            raise DispatchError(ErrorCode.BAD_TOKEN) from error
        if wall >= claims["exp"]:
            raise DispatchError(ErrorCode.TOKEN_EXPIRED)
        return note

    def state_for(self, journey: str) -> str:
        """The ``state`` that belongs to a sealed journey: 32 characters that nobody else can tell."""
        return blake2b(journey.encode(), digest_size=16, key=self._key).hexdigest()

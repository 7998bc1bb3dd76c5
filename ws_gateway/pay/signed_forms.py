"""Signed values that pages give to browsers and get back unchanged (PyJWT, HS256), each for one purpose.

Their key derives from the gateways' secret, so a token of a sign-in is not accepted as one, nor the reverse. Times are
checked against the clock that is passed in.
"""

from hashlib import blake2b
from typing import Any, ClassVar, Final, TypeVar

import jwt
import msgspec

from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.values.units import WallTime

_ALGORITHM: Final = "HS256"
_OPTIONS: Final[Any] = {"require": ["aud", "exp"], "verify_exp": False, "verify_iat": False, "verify_nbf": False}


class PageSession(msgspec.Struct, frozen=True):
    """The visitor: an Alipay user, as identified by the application of ``account`` (a company, or ``""``)."""

    PURPOSE: ClassVar[str] = "taxi-pay-session"
    LIFE_S: ClassVar[float] = 3600.0

    user_id: str
    account: str
    sid: str


class AuthorizationRequest(msgspec.Struct, frozen=True):
    """A visit to the authorization page: from which car (empty: from the app), of which application."""

    PURPOSE: ClassVar[str] = "taxi-pay-journey"
    LIFE_S: ClassVar[float] = 600.0

    vehicle: str
    account: str
    nonce: str
    trip: str = ""
    """The ride whose page is to be shown again; empty: the current one in the car."""


class SignInTicket(msgspec.Struct, frozen=True):
    """Exchanged by the passenger's app for a token: the Alipay user, and the digest of a cookie."""

    PURPOSE: ClassVar[str] = "taxi-alipay-ticket"
    LIFE_S: ClassVar[float] = 120.0

    user_id: str
    other_half: str


class SignedForm(msgspec.Struct, frozen=True):
    """A form's action and session, and the fare that it showed. Repeats with the same ``nonce`` act once."""

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
    """``secret``: 32 bytes or more."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 32:
            raise ValueError("the secret must have 32 bytes or more")
        self._key = blake2b(secret, digest_size=32, person=b"taxi-pay-page").digest()

    def sign(self, note: SignedValue, wall: WallTime) -> str:
        """The value as text, valid from now for the lifetime of its kind."""
        claims = {"aud": note.PURPOSE, "exp": int(wall + note.LIFE_S), "note": msgspec.to_builtins(note)}
        return jwt.encode(claims, self._key, _ALGORITHM)

    def read(self, kind: type[N], text: str, wall: WallTime) -> N:
        """Raises ``DispatchError``: ``BAD_TOKEN``, ``TOKEN_EXPIRED``."""
        try:
            claims = jwt.decode(text, self._key, algorithms=[_ALGORITHM], audience=kind.PURPOSE, options=_OPTIONS)
            note = msgspec.convert(claims.get("note"), kind)
        except (jwt.InvalidTokenError, msgspec.ValidationError) as error:
            raise DispatchError(ErrorCode.BAD_TOKEN) from error
        if wall >= claims["exp"]:
            raise DispatchError(ErrorCode.TOKEN_EXPIRED)
        return note

    def state_for(self, journey: str) -> str:
        """The OAuth ``state`` of a signed request: 32 characters that only we can compute."""
        return blake2b(journey.encode(), digest_size=16, key=self._key).hexdigest()

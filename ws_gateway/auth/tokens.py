"""Signed tokens: subject, role and expiry. HS256 by PyJWT; all gateways of one system share the key."""

from typing import Any, Final

import jwt
import msgspec

from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.values.roles import Role
from dispatch.values.units import WallTime
from ws_gateway.session.identity import Identity

_ALGORITHM: Final = "HS256"
_IN_CAR: Final = frozenset({"driver", "device"})
# The clock is passed in, so times are checked here: the library reads the machine's clock.
_OPTIONS: Final[Any] = {"require": ["sub", "iat", "exp"], "verify_exp": False, "verify_iat": False, "verify_nbf": False}


class _Claims(msgspec.Struct):
    """The content of a token."""

    sub: str
    role: Role
    exp: float
    iat: float
    sid: str = ""
    vehicle: str | None = None


class Tokens:
    """Issues and verifies tokens. ``secret``: 32 bytes or more."""

    def __init__(self, secret: bytes, ttl_s: float) -> None:
        if len(secret) < 32:
            raise ValueError("the token secret must have 32 bytes or more")
        self._secret = secret
        self._ttl_s = ttl_s

    def issue(
        self,
        role: Role,
        subject: str,
        *,
        session: str,
        wall: WallTime,
        vehicle: str | None = None,
        ttl_s: float | None = None,
    ) -> str:
        """A token valid from ``wall`` for ``ttl_s``, by default for the lifetime of a sign-in."""
        claims = {
            "sub": subject,
            "role": role,
            "sid": session,
            "iat": int(wall),
            "exp": int(wall + (self._ttl_s if ttl_s is None else ttl_s)),
            "vehicle": vehicle,
        }
        return jwt.encode(claims, self._secret, _ALGORITHM)

    def verify(self, token: str, wall: WallTime) -> Identity:
        """Raises ``DispatchError``: ``BAD_TOKEN``, ``TOKEN_EXPIRED``."""
        try:
            decoded = jwt.decode(token, self._secret, algorithms=[_ALGORITHM], options=_OPTIONS)
            claims = msgspec.convert(decoded, _Claims)
        except (jwt.InvalidTokenError, msgspec.ValidationError) as error:
            raise DispatchError(ErrorCode.BAD_TOKEN, field="token") from error
        if claims.role in _IN_CAR and not claims.vehicle:
            raise DispatchError(ErrorCode.BAD_TOKEN, field="token")
        if wall >= claims.exp:
            raise DispatchError(ErrorCode.TOKEN_EXPIRED, field="token")
        return Identity(
            role=claims.role,
            subject=claims.sub,
            expires_at=WallTime(claims.exp),
            session=claims.sid,
            vehicle=claims.vehicle,
            issued_at=WallTime(claims.iat),
        )

"""Signed tokens."""

from __future__ import annotations

import jwt
import pytest

from dispatch.domain.errors import DispatchError
from dispatch.values.units import WallTime
from tests.ws_gateway.conftest import SECRET
from ws_gateway.auth.tokens import Tokens


def test_tokens_expire_and_cannot_be_made_up() -> None:
    """A token is good until its second, under our key and algorithm only, and a driver's needs a car."""
    tokens = Tokens(SECRET, 100.0)
    token = tokens.issue("driver", "D1", session="s", wall=WallTime(1000.0), vehicle="V1")
    assert tokens.verify(token, WallTime(1099.0)).vehicle == "V1"
    with pytest.raises(DispatchError, match="2001"):
        tokens.verify(token, WallTime(1100.0))
    claims = {"sub": "x", "role": "driver", "iat": 0, "exp": 9e9}
    bad = [
        Tokens(b"x" * 32, 100.0).issue("dispatcher", "anna", session="s", wall=WallTime(0.0)),
        tokens.issue("driver", "D1", session="s", wall=WallTime(1000.0)),
        jwt.encode({**claims, "role": "king"}, SECRET, "HS256"),
        jwt.encode({"sub": "x", "role": "dispatcher"}, SECRET, "HS256"),
        jwt.encode({**claims, "vehicle": "V1"}, SECRET + SECRET, "HS512"),
        token[:-2],
    ]
    for each in bad:
        with pytest.raises(DispatchError, match="2000"):
            tokens.verify(each, WallTime(1050.0))
    with pytest.raises(ValueError, match="32 bytes"):
        Tokens(b"short", 1.0)

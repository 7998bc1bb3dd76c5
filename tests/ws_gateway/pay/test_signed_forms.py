"""Sealed notes: only ours, only for their purpose, only in their time."""

from __future__ import annotations

import jwt
import pytest

from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.values.units import WallTime
from ws_gateway.auth.tokens import Tokens
from ws_gateway.pay.signed_forms import AuthorizationRequest, FormSigner, PageSession

SECRET = b"0123456789abcdef0123456789abcdef"
NOW = WallTime(1_000.0)
SESSION = PageSession(user_id="2088", account="", sid="s1")
JOURNEY = AuthorizationRequest(vehicle="V1", account="", nonce="n1")


def refused(signer: FormSigner, kind: type[PageSession], text: str, wall: float = NOW) -> ErrorCode:
    """The code with which a text is refused as a note of this kind."""
    with pytest.raises(DispatchError) as caught:
        signer.read(kind, text, WallTime(wall))
    return caught.value.code


def test_a_note_comes_back_as_it_was() -> None:
    """Until its time is over."""
    signer = FormSigner(SECRET)
    sealed = signer.sign(SESSION, NOW)
    assert signer.read(PageSession, sealed, WallTime(NOW + 3599)) == SESSION
    assert refused(signer, PageSession, sealed, NOW + 3600) is ErrorCode.TOKEN_EXPIRED


def test_a_note_serves_one_purpose() -> None:
    """A journey is no session, and a sign-in's token is no note at all, nor a note a sign-in."""
    signer, tokens = FormSigner(SECRET), Tokens(SECRET, 100.0)
    assert refused(signer, PageSession, signer.sign(JOURNEY, NOW)) is ErrorCode.BAD_TOKEN
    assert refused(signer, PageSession, tokens.issue("passenger", "P1", session="x", wall=NOW)) is ErrorCode.BAD_TOKEN
    with pytest.raises(DispatchError):
        tokens.verify(signer.sign(SESSION, NOW), NOW)


@pytest.mark.parametrize("text", ["", "x", "a.b.c", jwt.encode({"aud": PageSession.PURPOSE, "exp": 9e9}, SECRET)])
def test_what_we_did_not_seal(text: str) -> None:
    """Is refused, whatever it says."""
    assert refused(FormSigner(SECRET), PageSession, text) is ErrorCode.BAD_TOKEN


def test_an_unsigned_note() -> None:
    """The algorithm ``none`` is none of ours."""
    claims = {"aud": PageSession.PURPOSE, "exp": 9e9, "note": {"user_id": "2", "account": "", "sid": "s"}}
    assert refused(FormSigner(SECRET), PageSession, jwt.encode(claims, "", "none")) is ErrorCode.BAD_TOKEN


def test_the_state_belongs_to_the_journey() -> None:
    """It is short, the same each time, and another for another journey or another secret."""
    signer, other = FormSigner(SECRET), FormSigner(SECRET[::-1])
    sealed = signer.sign(JOURNEY, NOW)
    assert len(signer.state_for(sealed)) == 32
    assert signer.state_for(sealed) == signer.state_for(sealed)
    assert len({signer.state_for(sealed), other.state_for(sealed), signer.state_for(sealed + "x")}) == 3


def test_a_short_secret() -> None:
    """Could be guessed, and is refused at the start."""
    with pytest.raises(ValueError, match="32 bytes"):
        FormSigner(b"short")

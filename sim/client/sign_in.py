"""Sign-in over HTTP: a driver's number and PIN, or the code that a passenger's phone gets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import httpx
import msgspec

from sim.client.sms_inbox import SmsInbox

SIGN_IN_S: Final = 15.0
_TOO_MANY: Final = 429


class Token(msgspec.Struct, frozen=True):
    """A short-lived token. ``expires_at``: Unix seconds of wall time."""

    token: str
    expires_at: float = float("inf")


SignIn = Callable[[], Awaitable[Token]]


def known(token: Token) -> SignIn:
    """The sign-in of who has a token already."""

    async def have() -> Token:
        return token

    return have


class SignInError(Exception):
    """The server did not let us in. ``code``: its error number, or None where it did not answer as it should."""

    def __init__(self, text: str, *, code: int | None, retryable: bool) -> None:
        self.code = code
        self.retryable = retryable
        super().__init__(text)


class _Refusal(msgspec.Struct):
    code: int
    text: str
    retryable: bool = False


class SignInClient:
    """Signs people in at one server. Raises :class:`SignInError`."""

    def __init__(self, http: httpx.AsyncClient, sms: SmsInbox) -> None:
        self._http = http
        self._sms = sms

    async def driver(self, number: str, pin: str, vehicle: str) -> Token:
        """By number and PIN, in a vehicle that the driver may drive."""
        return await self._token("/v1/auth/driver", {"number": number, "pin": pin, "vehicle": vehicle})

    async def passenger(self, phone: str) -> Token:
        """Ask for a code, read it from the phone, and give it back."""
        text = self._sms.next_to(phone)
        await self._post("/v1/auth/passenger/code", {"phone": phone})
        try:
            code = await asyncio.wait_for(text, SIGN_IN_S)
        except TimeoutError as error:
            raise SignInError("no code came", code=None, retryable=True) from error
        return await self._token("/v1/auth/passenger", {"phone": phone, "code": code})

    async def _token(self, path: str, body: dict[str, str]) -> Token:
        try:
            return msgspec.json.decode(await self._post(path, body), type=Token)
        except msgspec.DecodeError as error:
            raise SignInError(f"{path}: {error}", code=None, retryable=False) from error

    async def _post(self, path: str, body: dict[str, str]) -> bytes:
        try:
            answer = await self._http.post(path, json=body)
        except httpx.HTTPError as error:
            raise SignInError(f"{path}: {error!r}", code=None, retryable=True) from error
        if answer.is_success:
            return answer.content
        raise _refused(path, answer)


def _refused(path: str, answer: httpx.Response) -> SignInError:
    try:
        refusal = msgspec.json.decode(answer.content, type=_Refusal)
    except msgspec.DecodeError:
        retryable = answer.is_server_error or answer.status_code == _TOO_MANY
        return SignInError(f"{path}: status {answer.status_code}", code=None, retryable=retryable)
    return SignInError(f"{path}: {refusal.text}", code=refusal.code, retryable=refusal.retryable)

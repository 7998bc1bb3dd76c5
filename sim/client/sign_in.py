"""Sign-in over HTTP: by a driver's number and PIN, or by a code in a text message to a passenger's phone."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import httpx
import msgspec

POLL_S: Final = 0.05
SIGN_IN_S: Final = 15.0
_TOO_MANY: Final = 429


class _Text(msgspec.Struct):
    phone: str
    code: str


_decoder: Final = msgspec.json.Decoder(_Text)


class SmsInbox:
    """Text messages from a development server's file: JSON lines ``{"phone", "code", "at"}``, from now on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_to = path.stat().st_size if path.exists() else 0
        self._waiting: defaultdict[str, list[asyncio.Future[str]]] = defaultdict(list)

    def next_code(self, phone: str) -> asyncio.Future[str]:
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting[phone].append(future)
        return future

    async def watch(self) -> None:
        while True:
            self.poll()
            await asyncio.sleep(POLL_S)

    def poll(self) -> None:
        if not self._waiting:
            return
        with contextlib.suppress(FileNotFoundError), self._path.open("rb") as file:
            file.seek(self._read_to)
            new = file.read()
            whole = new.rfind(b"\n") + 1
            self._read_to += whole
            for line in new[:whole].splitlines():
                self._deliver(line)

    def _deliver(self, line: bytes) -> None:
        text = _decoder.decode(line)
        for future in self._waiting.pop(text.phone, []):
            if not future.done():
                future.set_result(text.code)


class Token(msgspec.Struct, frozen=True):
    """A short-lived token. ``expires_at``: Unix seconds of wall time."""

    token: str
    expires_at: float = float("inf")


SignIn = Callable[[], Awaitable[Token]]


def fixed_token(token: Token) -> SignIn:
    async def sign_in() -> Token:
        return token

    return sign_in


class SignInError(Exception):
    """A sign-in failed. ``code``: the server's error number, or None without a valid answer."""

    def __init__(self, text: str, *, code: int | None, retryable: bool) -> None:
        self.code = code
        self.retryable = retryable
        super().__init__(text)


class _Refusal(msgspec.Struct):
    code: int
    text: str
    retryable: bool = False


class SignInClient:
    """Signs in at one server. Raises :class:`SignInError`."""

    def __init__(self, http: httpx.AsyncClient, sms: SmsInbox) -> None:
        self._http = http
        self._sms = sms

    async def driver(self, number: str, pin: str, vehicle: str) -> Token:
        return await self._token("/v1/auth/driver", {"number": number, "pin": pin, "vehicle": vehicle})

    async def passenger(self, phone: str) -> Token:
        text = self._sms.next_code(phone)
        await self._post("/v1/auth/passenger/code", {"phone": phone})
        try:
            code = await asyncio.wait_for(text, SIGN_IN_S)
        except TimeoutError as error:
            raise SignInError("no code received", code=None, retryable=True) from error
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

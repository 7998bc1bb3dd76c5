"""The HTTP client of all gateways: kept connections, one deadline for a whole call, no exception for network errors.

Only this module imports httpx.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeVar

import httpx
import msgspec

from dispatch.payment.core.port import Unknown
from dispatch.payment.gateways.response_capture import record

MAX_ANSWER_BYTES: Final = 256 * 1024

Transport = httpx.AsyncBaseTransport
"""Replaces the network, in tests."""
T = TypeVar("T")


class HttpResponse(msgspec.Struct, frozen=True):
    """A whole response with HTTP status 200."""

    body: bytes
    headers: Mapping[str, str]
    """By name in lower case."""


class HttpStatus(msgspec.Struct, frozen=True):
    """The head of a response with any status."""

    code: int
    headers: Mapping[str, str]


class HttpClient:
    """Connections to one gateway. Close them with :meth:`aclose`."""

    def __init__(self, *, timeout_s: float, max_connections: int = 32, transport: Transport | None = None) -> None:
        self._timeout_s = timeout_s
        self._slots = asyncio.Semaphore(max_connections)
        limits = httpx.Limits(max_connections=max_connections, keepalive_expiry=30.0)
        # Neither redirects nor proxies from the environment may come between us and the gateway.
        self._http = httpx.AsyncClient(
            timeout=timeout_s, limits=limits, transport=transport, follow_redirects=False, trust_env=False
        )

    async def post(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpResponse | Unknown:
        """Post a form in UTF-8, or ``content`` as it is. The response is recorded for the ledger."""
        data = dict(form) if form is not None else None
        request = self._http.build_request("POST", url, params=params, data=data, content=content, headers=headers)
        response = await self._within_deadline(lambda: self._fetch(request, MAX_ANSWER_BYTES))
        if isinstance(response, HttpResponse):
            record(response.body)
        return response

    async def get(
        self, url: str, *, params: Mapping[str, str] | None = None, max_bytes: int = MAX_ANSWER_BYTES
    ) -> HttpResponse | Unknown:
        request = self._http.build_request("GET", url, params=params)
        return await self._within_deadline(lambda: self._fetch(request, max_bytes))

    async def probe(self, url: str) -> HttpStatus | Unknown:
        """The status and headers with which ``url`` answers; the body is not read."""
        return await self._within_deadline(lambda: self._head(url))

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _within_deadline(self, exchange: Callable[[], Awaitable[T | Unknown]]) -> T | Unknown:
        """Anything but a complete exchange leaves its outcome unknown."""
        try:
            # The deadline covers the whole call, including the wait for a free connection.
            async with asyncio.timeout(self._timeout_s), self._slots:
                return await exchange()
        except (TimeoutError, httpx.TimeoutException):
            return Unknown("timeout")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Unknown(f"connection: {type(error).__name__}")

    async def _fetch(self, request: httpx.Request, max_bytes: int) -> HttpResponse | Unknown:
        response = await self._http.send(request, stream=True)
        try:
            if response.status_code != httpx.codes.OK:
                return Unknown(f"HTTP {response.status_code}")
            body = bytearray()
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > max_bytes:
                    return Unknown(f"an answer of more than {max_bytes} bytes")
            return HttpResponse(bytes(body), dict(response.headers))
        finally:
            await response.aclose()

    async def _head(self, url: str) -> HttpStatus:
        async with self._http.stream("GET", url) as response:
            return HttpStatus(response.status_code, dict(response.headers))

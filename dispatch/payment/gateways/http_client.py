"""The way to a gateway: kept connections, one deadline for a whole call, and no exception for what the network does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import httpx
import msgspec

from dispatch.payment.core.port import Unknown
from dispatch.payment.gateways.response_capture import record

MAX_ANSWER_BYTES: Final = 256 * 1024


class HttpResponse(msgspec.Struct, frozen=True):
    """An answer with HTTP status 200."""

    body: bytes
    headers: Mapping[str, str]
    """By name in small letters."""


class HttpClient:
    """Connections to one gateway. Let go of them with :meth:`aclose`."""

    def __init__(
        self, *, timeout_s: float, max_connections: int = 32, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._timeout_s = timeout_s
        self._room = asyncio.Semaphore(max_connections)
        limits = httpx.Limits(max_connections=max_connections, keepalive_expiry=30.0)
        # Redirects and proxies of the environment have no place between us and the money.
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
        """Post a form in UTF-8, or ``content`` as it is."""
        data = dict(form) if form is not None else None
        request = self._http.build_request("POST", url, params=params, data=data, content=content, headers=headers)
        page = await self._exchange(request, MAX_ANSWER_BYTES)
        if isinstance(page, HttpResponse):
            record(page.body)
        return page

    async def get(
        self, url: str, *, params: Mapping[str, str] | None = None, max_bytes: int = MAX_ANSWER_BYTES
    ) -> HttpResponse | Unknown:
        """Fetch a page of at most ``max_bytes``."""
        return await self._exchange(self._http.build_request("GET", url, params=params), max_bytes)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _exchange(self, request: httpx.Request, max_bytes: int) -> HttpResponse | Unknown:
        """Anything but a whole answer with status 200 leaves open what became of the request."""
        try:
            # The whole call has one deadline, waiting for a free connection included.
            async with asyncio.timeout(self._timeout_s), self._room:
                return await self._send(request, max_bytes)
        except (TimeoutError, httpx.TimeoutException):
            return Unknown("timeout")
        except httpx.HTTPError as error:
            return Unknown(f"connection: {type(error).__name__}")

    async def _send(self, request: httpx.Request, max_bytes: int) -> HttpResponse | Unknown:
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

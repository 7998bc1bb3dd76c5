"""A call over the line ends in a page or in Unknown, within its deadline, whatever the network does."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from dispatch import payment
from dispatch.payment.core.port import Unknown
from dispatch.payment.gateways.http_client import HttpClient, HttpResponse, HttpStatus

URL = "https://gateway.invalid/x"


def line(answer: httpx.Response, **limits: float) -> HttpClient:
    return HttpClient(timeout_s=limits.get("timeout_s", 5.0), transport=httpx.MockTransport(lambda _: answer))


async def test_page() -> None:
    """Status 200 is a page, with its headers."""
    page = await line(httpx.Response(200, content=b"x", headers={"Signature": "s"})).get(URL)

    assert isinstance(page, HttpResponse)
    assert (page.body, page.headers["signature"]) == (b"x", "s")


@pytest.mark.parametrize("status", [204, 302, 404, 500])
async def test_other_statuses(status: int) -> None:
    """A redirect is not followed and an error page is not read."""
    elsewhere = httpx.Response(status, headers={"location": "https://elsewhere.invalid/"})

    assert await line(elsewhere).post(URL, form={"a": "1"}) == Unknown(f"HTTP {status}")


async def test_size_limit() -> None:
    """Reading stops where the limit is passed."""

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1000

    page = await line(httpx.Response(200, content=endless())).get(URL, max_bytes=5000)

    assert page == Unknown("an answer of more than 5000 bytes")


async def test_deadline_covers_the_body() -> None:
    """An answer that begins and never ends cannot hold a call."""

    async def stuck() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.Event().wait()

    assert await line(httpx.Response(200, content=stuck()), timeout_s=0.01).get(URL) == Unknown("timeout")


async def test_a_probe_reads_any_status() -> None:
    """Only the head of the answer counts; an address that is none, or nobody behind it, is unknown."""
    seen = await line(httpx.Response(404, headers={"Date": "d"})).probe(URL)

    assert isinstance(seen, HttpStatus)
    assert (seen.code, seen.headers["date"]) == (404, "d")
    assert isinstance(await HttpClient(timeout_s=5.0).probe("http://127.0.0.1:1/"), Unknown)
    assert isinstance(await HttpClient(timeout_s=5.0).probe("http://[:1/"), Unknown)


def test_only_the_client_speaks_http() -> None:
    """No other file of the payment package imports httpx."""
    package = Path(payment.__file__).parent
    assert [path.name for path in package.rglob("*.py") if "httpx" in path.read_text("utf-8")] == ["http_client.py"]

"""Answers are heard as they came, by whoever listens in the same task."""

import asyncio

import httpx

from dispatch.payment.gateways.http_client import HttpClient
from dispatch.payment.gateways.response_capture import capture_responses, record


async def test_pages_of_calls() -> None:
    """Each answer in its order, in either charset; those outside the block are nobody's."""
    answers = iter([httpx.Response(200, content="车".encode()), httpx.Response(200, content="车".encode("gbk"))])
    line = HttpClient(timeout_s=5.0, transport=httpx.MockTransport(lambda _: next(answers, httpx.Response(500))))

    with capture_responses() as pages:
        for _ in range(3):
            await line.post("https://gateway.invalid/")
    record(b"later")

    assert pages == ["车", "车"]


async def test_tasks_do_not_hear_each_other() -> None:
    """Two calls at once keep their answers apart."""

    async def call(text: str) -> list[str]:
        with capture_responses() as pages:
            await asyncio.sleep(0)
            record(text.encode())
            await asyncio.sleep(0)
        return pages

    assert list(await asyncio.gather(call("a"), call("b"))) == [["a"], ["b"]]

"""Whose pages may open a socket."""

from __future__ import annotations

import pytest
import websockets
from websockets.asyncio.client import connect
from websockets.typing import Origin, Subprotocol

from tests.ws_gateway.conftest import Start
from ws_gateway.server.origins import OriginPolicy, normal


def _scope(*origins: str, host: str = "taxi.example", scheme: str = "ws") -> dict[str, object]:
    headers = [(b"host", host.encode()), *((b"origin", each.encode()) for each in origins)]
    return {"type": "websocket", "scheme": scheme, "headers": headers}


@pytest.mark.parametrize(
    ("scope", "admitted"),
    [
        (_scope(), True),
        (_scope("http://taxi.example"), True),
        (_scope("HTTP://Taxi.Example:80"), True),
        (_scope("https://taxi.example"), False),
        (_scope("https://taxi.example", scheme="wss"), True),
        (_scope("https://city.example"), True),
        (_scope("https://city.example:8443"), False),
        (_scope("http://taxi.example.evil.example"), False),
        (_scope("http://evil.example"), False),
        (_scope("null"), False),
        (_scope(""), False),
        (_scope("http://taxi.example", "http://evil.example"), False),
        (_scope("http://[::1"), False),
    ],
)
def test_pages_of_ours_and_no_others(scope: dict[str, object], admitted: bool) -> None:
    """The address that was asked, what is set, and apps without an origin; nothing that only looks alike."""
    assert OriginPolicy(["https://city.example"]).allows(scope) is admitted


def test_every_origin_where_it_is_set() -> None:
    """``*`` opens to all."""
    assert OriginPolicy(["*"]).allows(_scope("http://evil.example"))
    assert normal("null") == ""


@pytest.mark.integration
async def test_a_foreign_page_gets_no_socket(start: Start) -> None:
    """It is refused in the handshake; our own page and an app without an origin are served."""
    gateway = await start()
    url = f"ws://127.0.0.1:{gateway.port}/v1/ws"
    for origin, served in ((f"http://127.0.0.1:{gateway.port}", True), (None, True), ("http://evil.example", False)):
        opening = connect(url, subprotocols=[Subprotocol("taxi.v1.json")], origin=Origin(origin) if origin else None)
        if served:
            async with opening:
                pass
        else:
            with pytest.raises(websockets.InvalidStatus, match="403"):
                await opening

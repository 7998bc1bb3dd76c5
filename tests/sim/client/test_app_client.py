"""The connection of a simulated app: whatever becomes of it, the app tries again."""

from __future__ import annotations

from collections import Counter
from random import Random
from unittest.mock import MagicMock, create_autospec

import pytest
from websockets.exceptions import InvalidUpgrade

from sim.client import app_client
from sim.client.app_client import App, AppClient, ClientContext
from sim.client.sign_in import Token
from sim.client.socket import ABNORMAL_CLOSURE


class StopError(Exception):
    """Ends the test."""


@pytest.mark.parametrize(
    "error", [ConnectionError("closed"), InvalidUpgrade("Upgrade"), OSError("reset"), TimeoutError()]
)
async def test_a_handshake_that_breaks_off_is_a_connection_that_broke(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the server dies after the TCP connection, and before its answer: the next attempt follows."""
    attempts = MagicMock(side_effect=[error, error, StopError])
    monkeypatch.setattr(app_client, "connect", attempts)
    context = MagicMock(spec=ClientContext)
    context.clock.wall.return_value = 0.0
    context.metrics.closes = Counter()

    async def at_once() -> None:
        return None

    context.connect_limiter.wait_turn = at_once

    async def sign_in() -> Token:
        return Token("token", 1e9)

    app = AppClient(context, "V1", sign_in, create_autospec(App, instance=True), Random(1))

    with pytest.raises(StopError):
        await app.run()
    assert attempts.call_count == 3
    assert context.metrics.closes == {ABNORMAL_CLOSURE: 2}

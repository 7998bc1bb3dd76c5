"""The connection of a simulated app: whatever becomes of it, the app tries again."""

from __future__ import annotations

from random import Random
from unittest.mock import MagicMock, create_autospec

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidUpgrade

from sim.client import app_client as client
from sim.client.app_client import App, AppClient, ClientContext
from sim.client.sign_in import Token


@pytest.mark.parametrize(
    "error", [ConnectionClosedError(None, None), InvalidUpgrade("Upgrade"), OSError("reset"), TimeoutError()]
)
async def test_a_handshake_that_breaks_off_is_a_connection_that_broke(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the server dies after it was dialled, and before it has answered."""
    monkeypatch.setattr(client, "connect", MagicMock(side_effect=error))
    wire = MagicMock(spec=ClientContext)
    wire.clock.wall.return_value = 0.0

    async def sign_in() -> Token:
        return Token("token", 1e9)

    app = AppClient(wire, "V1", sign_in, create_autospec(App, instance=True), Random(1))

    assert await app._one_connection() is None
    wire.metrics.closed.assert_called_once_with(client._BROKEN)

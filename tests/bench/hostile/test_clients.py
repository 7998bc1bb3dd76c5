"""The worker process of hostile clients, at a gateway with hosts in memory."""

from __future__ import annotations

import pytest

from bench.hostile import clients
from bench.hostile.clients import HostileClients
from bench.hostile.kinds import STILL_THERE
from tests.ws_gateway.conftest import Running

pytestmark = pytest.mark.integration


async def test_ended_clients_are_counted_and_replaced(gateway: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """By kind and end; those that the server has not ended are cut when the time is over."""
    monkeypatch.setattr(clients, "CONCURRENT", {"huge_frame": 1, "malformed_upgrade": 2, "never_pongs": 3})
    monkeypatch.setattr(clients, "_PAUSE_S", 0.05)
    hostile = HostileClients()
    await hostile.open(gateway.port, [gateway.token("driver", f"D{n}", f"V{n}") for n in range(200)])
    ends = (await hostile.attack(1.0))["ends"]
    assert ends["huge_frame:1009"] >= 2
    assert sum(count for end, count in ends.items() if end.startswith("malformed_upgrade:4")) >= 4
    assert {end for end in ends if end.startswith("never_pongs")} <= {f"never_pongs:{STILL_THERE}"}

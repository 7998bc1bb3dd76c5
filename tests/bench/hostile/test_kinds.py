"""Hostile clients at a gateway: each is closed with its code, and those beside it hear nothing of it."""

from __future__ import annotations

import asyncio

import pytest

from bench.hostile.kinds import KINDS, MALFORMED, STILL_THERE, Attack, AttackTarget, malformed_upgrade, silent
from dispatch.domain.errors import CloseCode
from tests.ws_gateway.conftest import Running, Start, eventually

pytestmark = pytest.mark.integration

QUICK = {
    "ping_interval_s": 1.5,
    "ping_timeout_s": 1.0,
    "hello_timeout_s": 0.5,
    "request_s": 0.5,
    "close_s": 0.5,
}
KEEPALIVE = 1011
ENDS: dict[str, set[int]] = {
    "slow_reader": {CloseCode.SLOW, KEEPALIVE, 1006},
    "slow_writer": {CloseCode.HELLO_TIMEOUT},
    "slow_request": {1006},
    "never_pongs": {KEEPALIVE},
    "half_open": {KEEPALIVE, 1006},
    "compressed_bomb": {1002},
    "huge_frame": {1009},
    "flood": {CloseCode.FLOOD, CloseCode.SLOW},  # whichever is noticed first
}


async def _beside(gateway: Running, attack: Attack) -> int | str:
    """How it ended. Another client is served meanwhile, and nothing of the attacker is left."""
    target = AttackTarget("127.0.0.1", gateway.port, gateway.token("driver", "D1", "V1"), 6.0)
    other = await gateway.client("driver", "D2", "V2")
    attacking = asyncio.create_task(attack(target))
    number = 0
    while not attacking.done():
        number += 1
        assert (await other.ask(t="ping", id=f"c{number}"))["t"] == "accepted"
        await asyncio.wait([attacking], timeout=0.05)
    counted = gateway.app.hub
    await eventually(lambda: counted.sockets == 1)
    return await attacking


@pytest.mark.parametrize("kind", KINDS)
async def test_each_is_closed_and_harms_nobody(start: Start, kind: str) -> None:
    """With a code of its own, or cut where it would not hear one."""
    gateway = await start(**QUICK)
    assert await _beside(gateway, KINDS[kind]) in ENDS[kind]


@pytest.mark.parametrize("number", range(len(MALFORMED)))
async def test_no_malformed_handshake_opens_a_socket(start: Start, number: int) -> None:
    """It is refused with a status, or cut; never left open."""
    gateway = await start(**QUICK)
    end = await _beside(gateway, malformed_upgrade(MALFORMED[number]))
    assert end != STILL_THERE
    assert end == 1006 or (isinstance(end, int) and 400 <= end < 500)


async def test_a_crowd_from_one_address_is_limited(start: Start) -> None:
    """So many at once and no more; those that say nothing are closed."""
    gateway = await start(**{**QUICK, "sockets_by_address": (1.0, 20)})
    target = AttackTarget("127.0.0.1", gateway.port, "", 6.0)
    ends = await asyncio.gather(*(silent(target) for _ in range(60)))
    assert ends.count(403) >= 60 - 20 - 6
    assert set(ends) == {403, int(CloseCode.HELLO_TIMEOUT)}

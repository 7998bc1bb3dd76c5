"""Work that waits its turn."""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import pairwise

from tests.ws_gateway.conftest import eventually
from ws_gateway.server.http_protocol import FairQueue


async def test_others_come_between_two_pieces() -> None:
    """In order, and never two in one turn of the loop."""
    done: list[str] = []
    turns = FairQueue()
    for number in range(3):
        turns.add(partial(done.append, f"piece {number}"))
    while turns:
        await asyncio.sleep(0)
        done.append("another")
    assert [each for each in done if each != "another"] == ["piece 0", "piece 1", "piece 2"]
    assert all("another" in pair for pair in pairwise(done))


async def test_a_piece_that_breaks_ends_nothing() -> None:
    """The loop hears of it, and the next has its turn."""
    done: list[str] = []
    broken: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: broken.append(context["exception"]))
    turns = FairQueue()
    turns.add(lambda: done.append(str(int("x"))))
    turns.add(partial(done.append, "next"))
    await eventually(lambda: done)
    assert done == ["next"]
    assert [type(each) for each in broken] == [ValueError]

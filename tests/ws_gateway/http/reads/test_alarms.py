"""The list of alarms."""

from __future__ import annotations

import pytest

from dispatch.api.server_messages import Alarm
from dispatch.store.queries.alarms import SqlAlarms
from tests.dispatch.domain.builders import NOON
from tests.ws_gateway.http.reads.fixtures import Library

pytestmark = pytest.mark.integration


async def test_the_board_of_alarms(library: Library) -> None:
    """What waits, however old, and what was settled in the last day."""
    alarms = SqlAlarms(library.journal.database)
    await alarms.record_alarms([Alarm(f"a{n}", "fire", NOON - n, {}) for n in (1, 2, 3)])
    await alarms.settle_alarm("a2", by="anna", at=NOON - 1, note="")
    await alarms.settle_alarm("a3", by="anna", at=NOON - 90_000, note="")
    listed = (await library.get("/v1/alarms"))["alarms"]
    assert [(it["alarm"], it.get("settled_by")) for it in listed] == [("a1", None), ("a2", "anna")]

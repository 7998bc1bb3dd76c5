"""Entities replayed from the journal."""

from __future__ import annotations

import pytest

from dispatch.config.loader import load_settings
from dispatch.domain.entity import EntityKey
from dispatch.payment.gateways.factory import payment_rules_of
from tests.dispatch.domain.builders import RULES
from tests.ws_gateway.http.reads.fixtures import Library, ride
from ws_gateway.http.reads.entity_history import EntityHistory

pytestmark = pytest.mark.integration


async def test_both_replays_end_in_the_same_state(library: Library) -> None:
    """From the first event, and from the last snapshot on; the full one has every event."""
    await ride(library)
    history = EntityHistory(library.journal, RULES, payment_rules_of(load_settings()))
    for key in (EntityKey("trip", "t1"), EntityKey("vehicle", "V1")):
        full, current = await history.full(key), await history.current(key)
        assert full is not None
        assert current is not None
        assert (full.entity.seq, full.entity.state, full.view) == (
            current.entity.seq,
            current.entity.state,
            current.view,
        )
        assert [event.seq for event in full.events] == list(range(1, full.entity.seq + 1))


async def test_an_entity_without_events_is_none(library: Library) -> None:
    """Nothing ever happened to it."""
    history = EntityHistory(library.journal, RULES, payment_rules_of(load_settings()))
    assert await history.full(EntityKey("trip", "none")) is None
    assert await history.current(EntityKey("trip", "none")) is None

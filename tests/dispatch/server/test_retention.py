"""Expired rows are deleted in small transactions, by the clock that each kind of row is dated with."""

from __future__ import annotations

from typing import cast

from dispatch.clock import ManualClock
from dispatch.config.settings import JournalSettings
from dispatch.server.retention import DAY_S, ROWS_PER_TRANSACTION, Retention
from dispatch.store.queries.retention import SqlRetention


class FakeStore:
    """Two full transactions of replies and one row of what was said."""

    def __init__(self) -> None:
        self.replies = [ROWS_PER_TRANSACTION, ROWS_PER_TRANSACTION, 0]
        self.said = [1, 0]
        self.asked: list[tuple[str, float, int]] = []

    async def remove_replies(self, before: float, most: int) -> int:
        self.asked.append(("replies", before, most))
        return self.replies.pop(0)

    async def remove_said(self, before: float, most: int) -> int:
        self.asked.append(("said", before, most))
        return self.said.pop(0)


async def test_rows_are_deleted_until_none_is_left() -> None:
    """A transaction deletes a bounded number of rows; both kinds have their own retention period."""
    store, clock = FakeStore(), ManualClock(1_000 * DAY_S)
    settings = JournalSettings(keep_replies_days=30.0, keep_said_days=900.0)

    deleted = await Retention(cast("SqlRetention", store), clock, settings).delete_expired()

    assert deleted == {"replies": 2 * ROWS_PER_TRANSACTION, "said": 1}
    replies = ("replies", clock.wall() - 30 * DAY_S, ROWS_PER_TRANSACTION)
    assert store.asked == [replies] * 3 + [("said", clock.city() - 900 * DAY_S, ROWS_PER_TRANSACTION)] * 2


async def test_nothing_is_deleted_without_a_period() -> None:
    """0 days keep all rows."""
    store = FakeStore()
    settings = JournalSettings(keep_replies_days=0.0, keep_said_days=0.0)

    deleted = await Retention(cast("SqlRetention", store), ManualClock(), settings).delete_expired()

    assert (deleted, store.asked) == ({"replies": 0, "said": 0}, [])

"""A slow reader holds at most one message per channel."""

from __future__ import annotations

import pytest

from dispatch.store.bus import BusMessage, BusUnavailableError
from dispatch.store.buses.latest_by_channel import LatestByChannel


async def test_the_latest_message_keeps_its_channels_place() -> None:
    """Channels are read in the order of their first unread message."""
    unread = LatestByChannel()
    for channel, payload in (("red", b"1"), ("blue", b"1"), ("red", b"2")):
        unread.deliver(BusMessage(channel, payload))

    assert [await unread.take(), await unread.take()] == [BusMessage("red", b"2"), BusMessage("blue", b"1")]


async def test_dropped_channels_are_not_read() -> None:
    """Their unread messages are gone."""
    unread = LatestByChannel()
    unread.deliver(BusMessage("red", b"1"))
    unread.deliver(BusMessage("blue", b"1"))
    unread.forget(["red", "green"])

    assert await unread.take() == BusMessage("blue", b"1")


async def test_a_failure_follows_the_unread_messages() -> None:
    """Of several failures the first is raised."""
    unread = LatestByChannel()
    unread.deliver(BusMessage("red", b"1"))
    unread.fail(BusUnavailableError("first"))
    unread.fail(BusUnavailableError("second"))

    assert await unread.take() == BusMessage("red", b"1")
    with pytest.raises(BusUnavailableError, match="first"):
        await unread.take()

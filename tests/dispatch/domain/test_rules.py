"""Rules that several entities share."""

from __future__ import annotations

import msgspec

from tests.dispatch.domain.builders import RULES


def test_rides_from_the_airport_are_told_by_its_zone() -> None:
    """A start within the zone of the tariff's airport counts, another place and a city without zones do not."""
    assert RULES.from_airport(37.6152, -122.3899)
    assert not RULES.from_airport(37.78, -122.42)
    assert not msgspec.structs.replace(RULES, zones=()).from_airport(37.6152, -122.3899)

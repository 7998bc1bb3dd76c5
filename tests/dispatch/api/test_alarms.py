"""An alarm's id."""

from __future__ import annotations

import msgspec

from dispatch.api.alarms import alarm_of
from dispatch.api.fields import Id
from dispatch.domain.entity import DomainNotice


def test_a_repeat_is_the_same_alarm() -> None:
    """Name, fields and time make the id, in whatever order the fields come; any other is another alarm."""
    first = alarm_of(DomainNotice("unclear", {"trip": "t1", "order": "o1"}), 5.0)
    assert alarm_of(DomainNotice("unclear", {"order": "o1", "trip": "t1"}), 5.0) == first
    others = [
        alarm_of(DomainNotice("unclear", {"trip": "t1", "order": "o1"}), 6.0),
        alarm_of(DomainNotice("unclear", {"trip": "t1", "order": "o2"}), 5.0),
        alarm_of(DomainNotice("unserved", {"trip": "t1", "order": "o1"}), 5.0),
    ]
    assert len({first.alarm, *(other.alarm for other in others)}) == 4
    assert msgspec.convert(first.alarm, Id) == first.alarm

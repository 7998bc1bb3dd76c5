"""Messages outside the streams: alarms to dispatchers, and dispatchers' messages to drivers."""

import msgspec

from dispatch.api.server_messages import Alarm, Notice
from dispatch.domain.entity import DomainNotice
from dispatch.values.ids import derived_id


class DriverBroadcast(msgspec.Struct, frozen=True):
    """A message to the drivers of ``vehicles``; to all drivers if empty."""

    notice: Notice
    vehicles: tuple[str, ...] = ()

    def is_for(self, vehicle: str) -> bool:
        return not self.vehicles or vehicle in self.vehicles


def alarm_of(notice: DomainNotice, at: float) -> Alarm:
    """The alarm of a notice at a city time. The same notice always gives the same id, however often it is raised."""
    content = msgspec.json.encode([notice.name, notice.fields, at], order="sorted")
    return Alarm(alarm=derived_id("a", content), name=notice.name, at=at, fields=dict(notice.fields))

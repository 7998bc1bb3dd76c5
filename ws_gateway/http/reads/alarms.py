"""The list of alarms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from dispatch.api.http_bodies import AlarmList
from dispatch.api.server_messages import Alarm
from dispatch.clock import Clock
from ws_gateway.http.authenticated_reads import Reader

SETTLED_S: Final = 86_400.0


class AlarmLists(Protocol):
    """Stored alarms. Raises ``JournalUnavailableError``."""

    async def listed(self, settled_since: float) -> Sequence[Alarm]:
        """Open alarms, and those settled since a city time."""
        ...


class AlarmReads:
    """``GET /v1/alarms``."""

    def __init__(self, alarms: AlarmLists, clock: Clock) -> None:
        self._alarms = alarms
        self._clock = clock

    async def listed(self, _: Reader) -> AlarmList:
        """Open alarms, and those settled within the last day of city time."""
        return AlarmList(list(await self._alarms.listed(self._clock.city() - SETTLED_S)))

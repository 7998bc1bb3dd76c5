"""The list of alarms."""

from typing import Final

from dispatch.api.http_bodies import AlarmList
from dispatch.clock import Clock
from dispatch.store.queries.alarms import SqlAlarms
from ws_gateway.http.authenticated_reads import Reader

SETTLED_S: Final = 86_400.0


class AlarmReads:
    """``GET /v1/alarms``."""

    def __init__(self, alarms: SqlAlarms, clock: Clock) -> None:
        self._alarms = alarms
        self._clock = clock

    async def listed(self, _: Reader) -> AlarmList:
        """Open alarms, and those settled within the last day of city time."""
        return AlarmList(list(await self._alarms.listed(self._clock.city() - SETTLED_S)))

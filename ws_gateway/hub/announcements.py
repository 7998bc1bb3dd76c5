"""Settled alarms and notices to drivers: committed first, then announced to all connected clients.

Clients that were offline read them when they return (``GET /v1/alarms``, ``GET /v1/my/notices``).
"""

import msgspec

from dispatch.actors.core.protocol import Refused
from dispatch.api.alarms import DriverBroadcast
from dispatch.domain.errors import ErrorCode
from ws_gateway.ports import AlarmStore, GatewayBus, NoticeStore
from ws_gateway.session.effects import PlainValues, SettleAlarmRequest


class AlarmAnnouncer:
    """Raises ``JournalUnavailableError`` if the commit failed; then nothing is announced."""

    def __init__(self, alarms: AlarmStore, notices: NoticeStore, bus: GatewayBus) -> None:
        self._alarms = alarms
        self._notices = notices
        self._bus = bus

    async def settle_alarm(self, request: SettleAlarmRequest) -> PlainValues | Refused:
        """The alarm as settled, by this dispatcher or by an earlier one; ``UNKNOWN_ALARM`` otherwise."""
        alarm = await self._alarms.settle_alarm(request.alarm, by=request.by, at=request.at, note=request.note)
        if alarm is None:
            return Refused(ErrorCode.UNKNOWN_ALARM, field="alarm", detail=request.alarm)
        await self._bus.announce(alarm)
        values = msgspec.to_builtins(alarm)
        return PlainValues({name: values.get(name, "") for name in ("alarm", "settled_by", "settled_at", "note")})

    async def broadcast(self, broadcast: DriverBroadcast) -> PlainValues | Refused:
        """A repeat announces the same notice again; another body under its id is refused."""
        stored = await self._notices.record_notice(broadcast)
        if (stored.notice.text, stored.vehicles) != (broadcast.notice.text, broadcast.vehicles):
            return Refused(ErrorCode.COMMAND_ID_REUSED, field="id")
        await self._bus.announce(stored)
        return PlainValues({"notice": stored.notice.notice})

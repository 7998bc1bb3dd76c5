"""Settled alarms and messages to drivers: committed first, then told to all who are there.

Who is away reads them when it comes back (``GET /v1/alarms``, ``GET /v1/my/notices``).
"""

from __future__ import annotations

import msgspec

from dispatch.actors.core.protocol import Refused
from dispatch.api.alarms import DriverBroadcast
from dispatch.domain.errors import ErrorCode
from ws_gateway.ports import AlarmStore, GatewayBus, NoticeStore
from ws_gateway.session.effects import PlainValues, SettleAlarmRequest


class AlarmAnnouncer:
    """Raises ``JournalUnavailableError`` where nothing could be committed; then nothing is told."""

    def __init__(self, alarms: AlarmStore, notices: NoticeStore, bus: GatewayBus) -> None:
        self._alarms = alarms
        self._notices = notices
        self._bus = bus

    async def settle_alarm(self, request: SettleAlarmRequest) -> PlainValues | Refused:
        """How the alarm stands: settled by this dispatcher, or by who was first. ``UNKNOWN_ALARM`` else."""
        alarm = await self._alarms.settle_alarm(request.alarm, by=request.by, at=request.at, note=request.note)
        if alarm is None:
            return Refused(ErrorCode.UNKNOWN_ALARM, field="alarm", detail=request.alarm)
        await self._bus.announce(alarm)
        values = msgspec.to_builtins(alarm)
        return PlainValues({name: values.get(name, "") for name in ("alarm", "settled_by", "settled_at", "note")})

    async def broadcast(self, told: DriverBroadcast) -> PlainValues | Refused:
        """Drivers are told. A repeat tells the same again; another body under its id is refused."""
        kept = await self._notices.record_notice(told)
        if (kept.notice.text, kept.vehicles) != (told.notice.text, told.vehicles):
            return Refused(ErrorCode.COMMAND_ID_REUSED, field="id")
        await self._bus.announce(kept)
        return PlainValues({"notice": kept.notice.notice})

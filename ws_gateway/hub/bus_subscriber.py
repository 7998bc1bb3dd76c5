"""The gateway's side of the bus: its channels, and the notices that their messages become.

Rule 1. The wanted channels are remembered here, so that all are subscribed to again after an outage of the bus.
Rule 2. An outage is reported once when it begins and once when it ends, and has no other effect.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from cachetools import LRUCache

from dispatch.actors.runtime.console_publisher import ConsoleFrame
from dispatch.api.alarms import DriverBroadcast
from dispatch.api.server_messages import Alarm
from dispatch.store.bus import Bus, BusMessage, BusUnavailableError, Subscription
from dispatch.store.buses import keys
from ws_gateway import ports

SIGN_ON_PREFIX: Final = "taxi:sign-on:"
"""Channels of drivers and devices: each new sign-on is published, so that other gateways close older sockets."""

_RETRY_S: Final = 1.0
_REMEMBERED: Final = 3_000
REPEATED: Final = 20


class AnnouncementFrame(msgspec.Struct, frozen=True, array_like=True):
    """A gateway's last settled alarms and its last notices to drivers."""

    settled: list[Alarm]
    notices: list[DriverBroadcast]


_console = msgspec.msgpack.Decoder(ConsoleFrame)
_announcements = msgspec.msgpack.Decoder(AnnouncementFrame)
_sign_on = msgspec.msgpack.Decoder(ports.SignOnNotice)
_encode = msgspec.msgpack.Encoder().encode


class BusSubscriber:
    """Implements :class:`ws_gateway.ports.GatewayBus` on any bus.

    ``hosts`` publish notices for consoles, ``map_hosts`` frames of the live map; ``number`` is this gateway's.
    """

    def __init__(self, bus: Bus, hosts: Sequence[str], map_hosts: Sequence[str], number: int = 0) -> None:
        self._bus = bus
        self._map_hosts = tuple(map_hosts)
        self._channel = keys.gateway_channel(number)
        consoles = [keys.console_channel(host) for host in hosts]
        gateways = [keys.gateway_channel(each) for each in range(keys.GATEWAY_CHANNELS)]
        self._wanted: dict[str, None] = dict.fromkeys([*consoles, *gateways, keys.REVOKED])
        self._subscription: Subscription | None = None
        self._stale = False
        self._passed_on: LRUCache[str, None] = LRUCache(_REMEMBERED)
        self._settled: deque[Alarm] = deque(maxlen=REPEATED)
        self._announced: deque[DriverBroadcast] = deque(maxlen=REPEATED)

    async def sign_on(self, notice: ports.SignOnNotice) -> None:
        """Subscribe to later sign-ons of the same client, then publish this one."""
        channel = _sign_on_channel(notice.role, notice.subject)
        await self._listen([channel])
        try:
            await self._bus.publish(channel, _encode(notice))
        except BusUnavailableError:
            return

    async def sign_off(self, role: str, subject: str) -> None:
        await self._leave([_sign_on_channel(role, subject)])

    async def watch(self, cells: Iterable[str]) -> None:
        await self._listen(self._channels(cells))

    async def unwatch(self, cells: Iterable[str]) -> None:
        await self._leave(self._channels(cells))

    async def full_frames(self, cells: Iterable[str]) -> list[ports.MapFrameNotice]:
        wanted_keys = [(cell, host) for cell in cells for host in self._map_hosts]
        try:
            found = await self._bus.get_many([keys.map_whole(cell, host) for cell, host in wanted_keys])
        except BusUnavailableError:
            return []
        return [
            ports.MapFrameNotice(cell, host, frame)
            for (cell, host), frame in zip(wanted_keys, found, strict=True)
            if frame is not None
        ]

    async def watch_counts(self) -> None:
        await self._listen([keys.map_counts_channel(host) for host in self._map_hosts])

    async def unwatch_counts(self) -> None:
        await self._leave([keys.map_counts_channel(host) for host in self._map_hosts])

    async def announce(self, news: Alarm | DriverBroadcast) -> None:
        """Each frame repeats the last announcements, because a slow reader gets the newest frame only."""
        if isinstance(news, DriverBroadcast):
            self._announced.append(news)
        else:
            self._settled.append(news)
        frame = AnnouncementFrame(list(self._settled), list(self._announced))
        try:
            await self._bus.publish(self._channel, _encode(frame))
        except BusUnavailableError:
            return

    async def announce_revocation(self) -> None:
        try:
            await self._bus.publish(keys.REVOKED, b"")
        except BusUnavailableError:
            return

    async def next_notices(self) -> list[ports.BusNotice]:
        """Wait for the next notices. Subscribes again after an outage."""
        try:
            if self._subscription is None:
                self._subscription = await self._subscribe()
                if self._stale:
                    self._stale = False
                    return [ports.MapHealth(stale=False)]
            return self._read(await self._subscription.__anext__())
        except BusUnavailableError:
            await self.close()
            if not self._stale:
                self._stale = True
                return [ports.MapHealth(stale=True)]
            await asyncio.sleep(_RETRY_S)
            return []

    async def close(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            await subscription.close()

    async def _subscribe(self) -> Subscription:
        """Subscribe to all wanted channels, also to those wanted while this call runs."""
        known = dict(self._wanted)
        subscription = await self._bus.subscribe(known)
        while known.keys() != self._wanted.keys():
            wanted = dict(self._wanted)
            await subscription.drop([channel for channel in known if channel not in wanted])
            await subscription.add([channel for channel in wanted if channel not in known])
            known = wanted
        return subscription

    def _channels(self, cells: Iterable[str]) -> list[str]:
        return [keys.map_channel(cell, host) for cell in cells for host in self._map_hosts]

    async def _listen(self, channels: list[str]) -> None:
        self._wanted.update(dict.fromkeys(channels))
        if self._subscription is not None:
            try:
                await self._subscription.add(channels)
            except BusUnavailableError:
                return  # the reader of notices hears of the outage too, and subscribes to what is wanted then

    async def _leave(self, channels: list[str]) -> None:
        for channel in channels:
            self._wanted.pop(channel, None)
        if self._subscription is not None:
            try:
                await self._subscription.drop(channels)
            except BusUnavailableError:
                return

    def _read(self, message: BusMessage) -> list[ports.BusNotice]:
        if message.channel.startswith(keys.MAP_PREFIX):
            cell, _, host = message.channel.removeprefix(keys.MAP_PREFIX).partition(":")
            return [ports.MapFrameNotice(cell, host, message.payload)]
        if message.channel.startswith(keys.MAP_COUNTS_PREFIX):
            return [ports.MapCountsNotice(message.channel.removeprefix(keys.MAP_COUNTS_PREFIX), message.payload)]
        if message.channel.startswith(SIGN_ON_PREFIX):
            return [_sign_on.decode(message.payload)]
        if message.channel == keys.REVOKED:
            return [ports.RevokedNotice()]
        if message.channel.startswith(keys.GATEWAY_PREFIX):
            frame = _announcements.decode(message.payload)
            return [*self._alarm_notices(frame.settled), *self._driver_notices(frame.notices)]
        return self._console_notices(_console.decode(message.payload))

    def _console_notices(self, frame: ConsoleFrame) -> list[ports.BusNotice]:
        trips = [ports.ConsoleNotice(_encode(notice), f"trip {notice.trip.trip}") for notice in frame.trips]
        return [*trips, *self._alarm_notices(frame.alarms)]

    def _alarm_notices(self, alarms: Iterable[Alarm]) -> list[ports.BusNotice]:
        """Frames repeat the last alarms: each is passed on once when it is raised and once when it is settled. A host's
        repeat of an alarm that was settled meanwhile is dropped."""
        notices: list[ports.BusNotice] = []
        for alarm in alarms:
            settled = f"{alarm.alarm} settled"
            outdated = alarm.settled_at is None and settled in self._passed_on
            state = f"{alarm.alarm} {alarm.settled_at}"
            if state not in self._passed_on and not outdated:
                notices.append(ports.ConsoleNotice(_encode(alarm), f"alarm {alarm.alarm}"))
            self._passed_on[state] = None
            if alarm.settled_at is not None:
                self._passed_on[settled] = None
        return notices

    def _driver_notices(self, announced: Iterable[DriverBroadcast]) -> list[ports.BusNotice]:
        new = [each for each in announced if each.notice.notice not in self._passed_on]
        self._passed_on.update((each.notice.notice, None) for each in new)
        return [ports.DriverNotice(each.vehicles, _encode(each.notice), f"notice {each.notice.notice}") for each in new]


def _sign_on_channel(role: str, subject: str) -> str:
    return f"{SIGN_ON_PREFIX}{role}:{subject}"

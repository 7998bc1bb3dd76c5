"""Access to the entities, for gateways, hosts and matchers: :class:`dispatch.actors.core.protocol.Hosts`."""

import asyncio
from typing import Final

import msgspec
import structlog

from dispatch.actors.core.protocol import (
    Envelope,
    HostRestarted,
    HostsUnavailableError,
    Push,
    PushBatch,
    Quote,
    Refused,
    Reply,
    Subscribed,
    SubscribeReply,
    SubscribeRequest,
)
from dispatch.actors.rpc.client import Connect, RpcClient, RpcUnavailableError
from dispatch.actors.runtime.cluster_config import ClusterConfig
from dispatch.domain.entity import EntityKey
from dispatch.domain.errors import ErrorCode
from dispatch.domain.vehicle.position_tracker import FixRow
from dispatch.values.roles import Audience

log = structlog.get_logger()

FIX_BATCH_S: Final = 0.05
POLL_S: Final = 10.0
WHY_S: Final = 10.0
"""Longer, because the calling process may have to look up the matcher first."""
MOST_FIXES_KEPT: Final = 100_000

_encode = msgspec.msgpack.Encoder().encode
_decode_subscribed = msgspec.msgpack.Decoder(Subscribed | Refused).decode
_decode_batch = msgspec.msgpack.Decoder(PushBatch).decode
_decode_quote = msgspec.msgpack.Decoder(Quote).decode


class HostClient:
    """RPC clients of all hosts and matchers. ``gateway`` names this process to the hosts' push queues.

    ``connect`` connects to an actor by its name. A process that may create dedicated hosts passes its own.
    """

    def __init__(self, system: ClusterConfig, gateway: str, connect: Connect) -> None:
        self._system = system
        self._clock = system.clock()
        self._gateway = gateway
        self._connect = connect
        self._actors: dict[str, RpcClient] = {}
        self._fixes: dict[str, list[FixRow]] = {}
        self._host_of_vehicle: dict[str, str] = {}
        self._fix_timer: asyncio.TimerHandle | None = None
        self._pollers: dict[str, asyncio.Task[None]] = {}
        self._arrived: list[Push | HostRestarted] = []
        self._arrival = asyncio.Event()

    def start(self) -> None:
        for host in self._system.placement.standing_hosts():
            if not host.startswith("payment"):
                self._poll_from(host)

    async def stop(self) -> None:
        pollers = list(self._pollers.values())
        self._pollers.clear()
        for poller in pollers:
            poller.cancel()
        await asyncio.gather(*pollers, return_exceptions=True)

    async def command(self, envelope: Envelope) -> Reply:
        host = self._system.placement.host_of(EntityKey.parse(envelope.key))
        return await self.actor(host).command(envelope)

    def actor(self, name: str) -> RpcClient:
        actor = self._actors.get(name)
        if actor is None:
            actor = self._actors[name] = RpcClient(name, self._clock, self._connect)
        return actor

    def fixes(self, rows: list[FixRow]) -> None:
        for row in rows:
            host = self._host_of_vehicle.get(row.vehicle)
            if host is None:
                host = self._system.placement.host_of(EntityKey("vehicle", row.vehicle))
                self._host_of_vehicle[row.vehicle] = host
            self._fixes.setdefault(host, []).append(row)
        if self._fix_timer is None:
            self._fix_timer = asyncio.get_running_loop().call_later(FIX_BATCH_S, self._send_fixes)

    def _send_fixes(self) -> None:
        self._fix_timer = None
        waiting, self._fixes = self._fixes, {}
        for host, rows in waiting.items():
            if not self.actor(host).notify("fixes", _encode(rows)):
                self._fixes[host] = rows[-MOST_FIXES_KEPT:]
        if self._fixes:
            self._fix_timer = asyncio.get_running_loop().call_later(FIX_BATCH_S, self._send_fixes)

    async def subscribe(self, request: SubscribeRequest) -> SubscribeReply:
        host = self._system.placement.host_of(EntityKey.parse(request.key))
        self._poll_from(host)
        body = _encode(request)
        for _ in range(8):
            try:
                answer = await self.actor(host).call("subscribe", self._gateway, body)
            except RpcUnavailableError:
                await asyncio.sleep(0.25)
                continue
            reply: SubscribeReply = _decode_subscribed(answer)
            if not (isinstance(reply, Refused) and reply.code == ErrorCode.IN_PROGRESS):
                return reply
        raise HostsUnavailableError(host)

    async def unsubscribe(self, key: str, audience: Audience) -> None:
        host = self._system.placement.host_of(EntityKey.parse(key))
        self.actor(host).notify("unsubscribe", self._gateway, key, audience)

    async def pushes(self) -> list[Push | HostRestarted]:
        while not self._arrived:
            self._arrival.clear()
            await self._arrival.wait()
        arrived, self._arrived = self._arrived, []
        return arrived

    def _poll_from(self, host: str) -> None:
        if host not in self._pollers:
            self._pollers[host] = asyncio.get_running_loop().create_task(self._poll(host))

    async def _poll(self, host: str) -> None:
        actor = self.actor(host)
        incarnation, cursor = "", 0
        while True:
            try:
                body = await actor.call("poll", self._gateway, incarnation, cursor, POLL_S, within_s=POLL_S + 3)
            except RpcUnavailableError as error:
                log.debug("host not answering", host=host, error=str(error))
                await asyncio.sleep(0.1)
                continue
            batch: PushBatch = _decode_batch(body)
            if batch.incarnation != incarnation:
                if incarnation:
                    log.info("host restarted", host=host)
                    self._arrive([HostRestarted(host)])
                incarnation = batch.incarnation
            cursor = batch.cursor
            self._arrive(batch.pushes)

    def _arrive(self, pushes: list[Push] | list[HostRestarted]) -> None:
        if pushes:
            self._arrived.extend(pushes)
            self._arrival.set()

    async def quote(self, pickup: tuple[float, float], dropoff: tuple[float, float], at: float) -> Quote:
        for matcher in self._system.matchers:
            try:
                return _decode_quote(await self.actor(matcher).call("quote", *pickup, *dropoff, at))
            except RpcUnavailableError:
                continue
        raise HostsUnavailableError("no matcher is available")

    async def why(self, key: EntityKey) -> dict[str, object]:
        found: dict[str, object] = {}
        for matcher in self._system.matchers:
            try:
                answer = msgspec.msgpack.decode(await self.actor(matcher).call("why", key.kind, key.id, within_s=WHY_S))
            except RpcUnavailableError as error:
                raise HostsUnavailableError(str(error)) from error
            if answer is not None:
                found[matcher] = answer
        return found

    async def ready(self) -> bool:
        names = [*self._system.placement.standing_hosts(), *self._system.matchers]
        try:
            await asyncio.gather(*(self.actor(name).call("ping", within_s=1.0) for name in names))
        except RpcUnavailableError:
            return False
        return True

    async def exposed(self) -> dict[str, bytes]:
        names = [*self._system.placement.standing_hosts(), *self._system.matchers]

        async def one(name: str) -> tuple[str, bytes | None]:
            try:
                return name, await self.actor(name).call("metrics_text", within_s=1.0)
            except RpcUnavailableError:
                return name, None

        return {name: body for name, body in await asyncio.gather(*map(one, names)) if body is not None}

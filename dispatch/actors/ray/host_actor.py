"""The Ray actor of a host of entities: opens its journal and clients, and serves :class:`EntityHost` over RPC.

If a call fails, its effect is unknown: the caller repeats it under the same command id. ``max_restarts=-1``: Ray
restarts a dead host; ``max_task_retries=0``: Ray never repeats a call.
"""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

import msgspec

from dispatch.actors.core.entity_types import entity_kinds
from dispatch.actors.core.placement import kind_of
from dispatch.actors.core.protocol import Envelope, Reply
from dispatch.actors.ray.discovery import FindActor, connect_by_ray, serve
from dispatch.actors.rpc.transport import Address
from dispatch.actors.runtime.cluster_config import ClusterConfig
from dispatch.actors.runtime.entity_host import HostParts, build_host
from dispatch.actors.runtime.host_client import HostClient
from dispatch.actors.runtime.lazy_start import LazyBus, LazyStart
from dispatch.actors.runtime.track_writer import TrackWriter
from dispatch.domain.entity import Command
from dispatch.domain.rules import Rules
from dispatch.domain.vehicle.track_recorder import TrackRecorder, TrackRules
from dispatch.observability.logging import Format, Level, log_to_file
from dispatch.observability.metrics import Metrics
from dispatch.payment.core.payment import PaymentRules
from dispatch.store.journal import StoredCommand
from dispatch.store.journals.sql_journal import open_journal
from dispatch.store.queries.alarms import SqlAlarms

if TYPE_CHECKING:
    from dispatch.actors.runtime.payment_worker import PaymentWorker


class HostSetup(msgspec.Struct, frozen=True):
    """The configuration of a host, passed to each incarnation."""

    name: str
    system: ClusterConfig
    rules: Rules
    payment_rules: PaymentRules
    track: TrackRules
    passivate_after_s: float
    commit_window_s: float
    log_level: Level
    log_format: Format


class HostCalls:
    """The calls of a host: to other hosts, and for a payment host to the payment gateways."""

    def __init__(self, client: HostClient, payments: PaymentWorker | None) -> None:
        self._client = client
        self._payments = payments

    async def call(self, envelope: Envelope) -> Reply:
        return await self._client.command(envelope)

    async def call_gateway(self, scheduled: StoredCommand) -> Command:
        if self._payments is None:
            raise RuntimeError(f"not a payment host: cannot execute {scheduled.name} of {scheduled.owner}")
        return await self._payments.perform(scheduled)


class HostActor:
    """One host. Made a Ray actor by ``dispatch.actors.ray.cluster``; all methods run on the actor's event loop."""

    def __init__(self, setup: bytes, find: FindActor) -> None:
        self._setup = msgspec.msgpack.decode(setup, type=HostSetup)
        self._find = find
        self._incarnation = token_hex(6)
        self._address = LazyStart(self._start)
        data_dir = Path(self._setup.system.data_dir)
        log_to_file(self._setup.name, data_dir, self._setup.log_level, self._setup.log_format)

    async def address(self) -> Address:
        """The address of this host's RPC server. This is the only call that goes over Ray."""
        return await self._address.ready()

    async def _start(self) -> Address:
        host = build_host(await _parts(self._setup, self._incarnation, self._find))
        await host.start()
        return await serve(host.rpc_methods, self._incarnation)


async def _parts(setup: HostSetup, incarnation: str, find: FindActor) -> HostParts:
    system, clock = setup.system, setup.system.clock()
    client = HostClient(system, setup.name, connect_by_ray(find))
    journal = await open_journal(system.journal_url, shards=system.placement.shards, clock=clock)
    kind = kind_of(setup.name)
    recorder = TrackRecorder(setup.track) if setup.track.keep_s > 0 and kind == "vehicle" else None
    return HostParts(
        name=setup.name,
        incarnation=incarnation,
        placement=system.placement,
        kinds=entity_kinds(setup.rules, setup.payment_rules),
        clock=clock,
        journal=journal,
        metrics=Metrics(),
        bus=LazyBus(system.redis_url),
        record_alarms=SqlAlarms(journal.database).record_alarms,
        calls=HostCalls(client, _payment_worker(system) if kind == "payment" else None),
        matchers=[client.actor(matcher) for matcher in system.matchers],
        passivate_after_s=setup.passivate_after_s,
        commit_window_s=setup.commit_window_s,
        recorder=recorder,
        tracks=TrackWriter(recorder, setup.track, system.journal_url, clock) if recorder is not None else None,
    )


def _payment_worker(system: ClusterConfig) -> PaymentWorker:
    # Imports httpx, cryptography and the settings, which only payment hosts need.
    from dispatch.actors.runtime.payment_worker import PaymentWorker  # noqa: PLC0415

    return PaymentWorker(system)

"""The actors of a running system: how they are made, kept alive, and put to rest.

Ray starts a dead actor again. What it does not do is notice a process that is there but silent (a stopped one was
not noticed in 25 s): the :class:`Watchdog` asks each for its incarnation, and kills who does not answer.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import ray
import ray.exceptions
import structlog

from dispatch.actors.core.placement import Placement
from dispatch.actors.ray.discovery import connect_by_ray, find_actor
from dispatch.actors.ray.host_actor import HostActor, HostSetup
from dispatch.actors.ray.matcher_actor import MatcherActor, MatcherSetup
from dispatch.actors.ray.session import this_node
from dispatch.actors.rpc.client import RpcUnavailableError
from dispatch.actors.runtime.cluster_config import NAMESPACE, ClusterConfig
from dispatch.actors.runtime.host_client import HostClient
from dispatch.config.loader import Settings
from dispatch.config.rules import rules_of, track_rules_of
from dispatch.payment.gateways.factory import payment_rules_of
from dispatch.processes.monitored_process import SILENT_AFTER_S, HangDetector
from dispatch.store.journal import StoredCommand

log = structlog.get_logger()

OBJECT_STORE_BYTES: Final = 128 * 1024 * 1024
CALLS_AT_ONCE: Final = 1000
PING_EVERY_S: Final = 1.0
BIRTH_WITHIN_S: Final = 120.0


class HeadNotStartedError(Exception):
    """Ray did not come up; the text is Ray's."""


def start_head() -> str:
    """Start a Ray head in this process's care and say its address. It ends with :func:`stop_head`.

    Ray gives its raylet 30 s, which a busy machine may need for the imports alone: it is tried a second time. Raises
    :class:`HeadNotStartedError`.
    """
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    for last in (False, True):
        try:
            return _init_head()
        except Exception as error:
            ray.shutdown()
            if last:
                raise HeadNotStartedError(f"Ray did not start: {error}") from error
    raise AssertionError("the last try returns or raises")


def _init_head() -> str:
    # Ray makes its workers nice (15) to whatever else runs; hosts hold offers and fares, and yield to nobody.
    # "local": one of our own, also where another cluster runs on this machine, which Ray would join by itself.
    context: Any = ray.init(
        address="local",
        namespace=NAMESPACE,
        num_cpus=max(os.cpu_count() or 1, 2),
        include_dashboard=False,
        log_to_driver=False,
        configure_logging=False,
        object_store_memory=OBJECT_STORE_BYTES,
        _node_ip_address="127.0.0.1",
        _system_config={"worker_niceness": 0},
    )
    return str(context.address_info["gcs_address"])


def stop_head() -> None:
    """End the head and all its actors."""
    ray.shutdown()


def placement_of(settings: Settings) -> Placement:
    """Where entities live, by the settings."""
    ray_settings = settings.ray
    return Placement(
        policy=ray_settings.placement,
        shards=settings.journal.shards,
        hosts={
            "vehicle": ray_settings.vehicle_hosts,
            "trip": ray_settings.trip_hosts,
            "payment": ray_settings.payment_hosts,
        },
    )


def matcher_names(settings: Settings) -> tuple[str, ...]:
    """The names of the regions' matchers."""
    return tuple(f"matcher-{number}" for number in range(settings.matching.regions))


class HostFinder:
    """Finds a host's handle; makes a dedicated one on first use. Travels to hosts, which call each other."""

    def __init__(self, template: HostSetup) -> None:
        self._template = template

    def __call__(self, name: str) -> Any:  # noqa: ANN401 - Ray's handles are untyped
        """The handle. Raises ``ValueError`` where there is no such actor and none can be made."""
        if self._template.system.placement.dedicated_to(name) is None:
            return find_actor(name)
        return self.make(name)

    def make(self, name: str) -> Any:  # noqa: ANN401 - Ray's handles are untyped
        """Make a host, or find the one that is there."""
        setup = msgspec.structs.replace(self._template, name=name)
        return _actor(HostActor, name).remote(msgspec.msgpack.encode(setup), self)


def host_finder(settings: Settings, system: ClusterConfig) -> HostFinder:
    """A finder that makes hosts by these settings."""
    return HostFinder(
        HostSetup(
            name="",
            system=system,
            rules=rules_of(settings),
            payment_rules=payment_rules_of(settings),
            track=track_rules_of(settings),
            passivate_after_s=settings.ray.passivate_after_s,
            commit_window_s=settings.journal.commit_window_ms / 1000,
            log_level=settings.log.level,
            log_format=settings.log.format,
        )
    )


def _actor(cls: type, name: str) -> Any:  # noqa: ANN401 - Ray's handles are untyped
    return ray.remote(cls).options(
        name=name,
        namespace=NAMESPACE,
        lifetime="detached",
        get_if_exists=True,
        num_cpus=0,
        scheduling_strategy="SPREAD",
        max_restarts=-1,
        max_task_retries=0,
        max_concurrency=CALLS_AT_ONCE,
    )


class Cluster:
    """All actors of one system, made by its supervisor."""

    def __init__(self, settings: Settings, system: ClusterConfig) -> None:
        self._settings = settings
        self._system = system
        self.finder = host_finder(settings, system)
        self.hosts = HostClient(system, "supervisor", connect_by_ray(self.finder))

    async def start(self, dues: Sequence[StoredCommand] = ()) -> None:
        """Make every standing actor, and wait until all are up. ``dues``: owners to be woken in dedicated placement.

        Raises ``RpcUnavailableError`` where one does not come up in time.
        """
        standing = self._system.placement.standing_hosts()
        await asyncio.gather(
            *(asyncio.to_thread(self.finder.make, name) for name in standing),
            *(asyncio.to_thread(self._make_matcher, number) for number in range(len(self._system.matchers))),
        )
        owners = [self._system.placement.host_of(owner) for owner in dict.fromkeys(due.owner for due in dues)]
        names = [*standing, *self._system.matchers, *(owner for owner in owners if owner not in standing)]
        await asyncio.gather(*(self.hosts.line(name).call("ping", within_s=BIRTH_WITHIN_S) for name in names))

    def _make_matcher(self, region: int) -> None:
        settings = self._settings
        matching = settings.matching
        setup = MatcherSetup(
            name=self._system.matchers[region],
            region=region,
            regions=len(self._system.matchers),
            system=self._system,
            city=settings.city.name,
            cache_dir=str(settings.city.cache_dir.resolve()),
            h3_resolution=matching.h3_resolution,
            window_s=matching.window_s,
            max_pickup_s=matching.max_pickup_s,
            stale_after_s=settings.vehicle.stale_after_s,
            hold_s=matching.hold_s,
            candidates=matching.candidates,
            ageing=matching.ageing,
            ageing_ceiling_s=matching.ageing_ceiling_s,
            log_level=settings.log.level,
            log_format=settings.log.format,
        )
        _actor(MatcherActor, setup.name).remote(msgspec.msgpack.encode(setup))

    async def watch(self) -> None:
        """Replace whoever falls silent, for ever."""
        names = [*self._system.placement.standing_hosts(), *self._system.matchers]
        await asyncio.gather(*(self._watch_one(name) for name in names))

    async def _watch_one(self, name: str) -> None:
        line = self.hosts.line(name)
        pid, node, hang_detector, silent_s = 0, "", HangDetector(), 0.0
        while True:
            try:
                _, pid, node = await line.call("ping", within_s=SILENT_AFTER_S)
                hang_detector.reset()
                silent_s = 0.0
            except RpcUnavailableError as error:
                if isinstance(error.__cause__, TimeoutError) and pid:
                    silent_s += SILENT_AFTER_S
                here = node == this_node()
                if pid and (hang_detector.is_hung(pid, silent_s) if here else silent_s >= SILENT_AFTER_S):
                    log.warning("silent actor is replaced", actor=name, pid=pid)
                    await asyncio.to_thread(_kill, name, pid if here else 0)
                    pid = 0
            await asyncio.sleep(PING_EVERY_S)

    async def drain(self) -> None:
        """Let every standing host write what it has decided."""
        names = [*self._system.matchers, *self._system.placement.standing_hosts()]

        async def one(name: str) -> None:
            try:
                await self.hosts.line(name).call("drain", within_s=8.0)
            except RpcUnavailableError as error:
                log.warning("not drained", actor=name, error=str(error))

        await asyncio.gather(*map(one, names))


def _kill(name: str, pid: int) -> None:
    """End a process that does not answer; Ray starts its actor again. ``pid`` is 0 for one of another machine."""
    try:
        if pid:
            os.kill(pid, signal.SIGKILL)
        else:
            ray.kill(find_actor(name), no_restart=False)
    except (ProcessLookupError, ValueError, ray.exceptions.RayError) as error:
        log.info("silent process had ended", actor=name, error=repr(error))

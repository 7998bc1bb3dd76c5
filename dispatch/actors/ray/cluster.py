"""The actors of a running system: creation, supervision, shutdown.

Ray restarts an actor that has died. It does not notice a process that hangs (a stopped one was not noticed in 25 s):
:meth:`Cluster.watch` pings each actor and kills those that do not answer.
"""

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
from dispatch.actors.ray.discovery import connect_by_ray, find_actor, this_node
from dispatch.actors.ray.host_actor import HostActor, HostSetup
from dispatch.actors.ray.matcher_actor import MatcherActor, MatcherSetup
from dispatch.actors.rpc.client import RpcUnavailableError
from dispatch.actors.runtime.cluster_config import NAMESPACE, ClusterConfig
from dispatch.actors.runtime.host_client import HostClient
from dispatch.config.loader import Settings
from dispatch.config.rules import rules_of, track_rules_of
from dispatch.matching.types import MatcherSettings
from dispatch.payment.gateways.factory import payment_rules_of
from dispatch.processes.monitored_process import SILENT_AFTER_S, HangDetector
from dispatch.store.journal import StoredCommand

log = structlog.get_logger()

OBJECT_STORE_BYTES: Final = 128 * 1024 * 1024
CALLS_AT_ONCE: Final = 1000
PING_EVERY_S: Final = 1.0
START_WITHIN_S: Final = 120.0


class HeadNotStartedError(Exception):
    """Ray did not start; the text is Ray's."""


def start_head() -> str:
    """Start a Ray head and return its address. :func:`stop_head` ends it.

    Ray waits 30 s for its raylet, which a busy machine may need for the imports alone: a second attempt is made.
    Raises :class:`HeadNotStartedError`.
    """
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    for last in (False, True):
        try:
            return _init_head()
        except Exception as error:
            ray.shutdown()
            if last:
                raise HeadNotStartedError(f"Ray did not start: {error}") from error
    raise AssertionError("the second attempt returns or raises")


def _init_head() -> str:
    # worker_niceness: by default Ray runs workers at niceness 15, but hosts hold offers and fares.
    # "local": always a new cluster. By default Ray would join another cluster that runs on this machine.
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
    ray.shutdown()


def placement_of(settings: Settings) -> Placement:
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
    return tuple(f"matcher-{number}" for number in range(settings.matching.regions))


class HostFinder:
    """Finds the handle of a host; creates a dedicated host on first use. Hosts receive a copy to call each other."""

    def __init__(self, template: HostSetup) -> None:
        self._template = template

    def __call__(self, name: str) -> Any:  # noqa: ANN401 - Ray's handles are untyped
        """The handle. Raises ``ValueError`` if there is no such actor and none can be created."""
        if self._template.system.placement.dedicated_to(name) is None:
            return find_actor(name)
        return self.make(name)

    def make(self, name: str) -> Any:  # noqa: ANN401 - Ray's handles are untyped
        """Create a host, or find the existing one."""
        setup = msgspec.structs.replace(self._template, name=name)
        return _actor(HostActor, name).remote(msgspec.msgpack.encode(setup), self)


def host_finder(settings: Settings, system: ClusterConfig) -> HostFinder:
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
    """All actors of one system, created by its supervisor."""

    def __init__(self, settings: Settings, system: ClusterConfig) -> None:
        self._settings = settings
        self._system = system
        self.finder = host_finder(settings, system)
        self.hosts = HostClient(system, "supervisor", connect_by_ray(self.finder))

    async def start(self, scheduled: Sequence[StoredCommand] = ()) -> None:
        """Create all standing actors and wait until they have started.

        In dedicated placement the hosts of the owners of ``scheduled`` commands are started too. Raises
        ``RpcUnavailableError`` if an actor does not start in time.
        """
        standing = self._system.placement.standing_hosts()
        await asyncio.gather(
            *(asyncio.to_thread(self.finder.make, name) for name in standing),
            *(asyncio.to_thread(self._make_matcher, number) for number in range(len(self._system.matchers))),
        )
        owners = [self._system.placement.host_of(owner) for owner in dict.fromkeys(each.owner for each in scheduled)]
        names = [*standing, *self._system.matchers, *(owner for owner in owners if owner not in standing)]
        await asyncio.gather(*(self.hosts.actor(name).call("ping", within_s=START_WITHIN_S) for name in names))

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
            settings=MatcherSettings(
                stale_after_s=settings.vehicle.stale_after_s,
                hold_s=matching.hold_s,
                candidates=matching.candidates,
                ageing=matching.ageing,
                ageing_ceiling_s=matching.ageing_ceiling_s,
            ),
            log_level=settings.log.level,
            log_format=settings.log.format,
        )
        _actor(MatcherActor, setup.name).remote(msgspec.msgpack.encode(setup))

    async def watch(self) -> None:
        names = [*self._system.placement.standing_hosts(), *self._system.matchers]
        await asyncio.gather(*(self._watch_one(name) for name in names))

    async def _watch_one(self, name: str) -> None:
        actor, silence = self.hosts.actor(name), Silence(this_node())
        while True:
            try:
                _, pid, node = await actor.call("ping", within_s=SILENT_AFTER_S)
                silence.answered(pid, node)
            except RpcUnavailableError as error:
                silence.observe(timed_out=isinstance(error.__cause__, TimeoutError))
                if silence.is_hung:
                    log.warning("unresponsive actor killed", actor=name, pid=silence.pid)
                    await asyncio.to_thread(_kill, name, silence.pid if silence.is_local else 0)
                    silence.killed()
            await asyncio.sleep(PING_EVERY_S)

    async def drain(self) -> None:
        names = [*self._system.matchers, *self._system.placement.standing_hosts()]

        async def one(name: str) -> None:
            try:
                await self.hosts.actor(name).call("drain", within_s=8.0)
            except RpcUnavailableError as error:
                log.warning("actor not drained", actor=name, error=str(error))

        await asyncio.gather(*map(one, names))


class Silence:
    """How long an actor's process has not answered, and whether it is hung.

    A process of this node is hung by the verdict of :class:`HangDetector`, which measures its CPU time. A process of
    another node is hung after SILENT_AFTER_S. A process that has never answered, or whose connection fails, is left
    to Ray.
    """

    def __init__(self, this_node: str) -> None:
        self._this_node = this_node
        self._node = ""
        self._detector = HangDetector()
        self._silent_s = 0.0
        self.pid = 0

    def answered(self, pid: int, node: str) -> None:
        self.pid, self._node = pid, node
        self._silent_s = 0.0
        self._detector.reset()

    def observe(self, *, timed_out: bool) -> None:
        if timed_out and self.pid:
            self._silent_s += SILENT_AFTER_S

    @property
    def is_local(self) -> bool:
        return self._node == self._this_node

    @property
    def is_hung(self) -> bool:
        if not self.pid:
            return False
        return self._detector.is_hung(self.pid, self._silent_s) if self.is_local else self._silent_s >= SILENT_AFTER_S

    def killed(self) -> None:
        self.pid = 0


def _kill(name: str, pid: int) -> None:
    """Kill a hung process; Ray restarts its actor. ``pid`` is 0 for a process of another node."""
    try:
        if pid:
            os.kill(pid, signal.SIGKILL)
        else:
            ray.kill(find_actor(name), no_restart=False)
    except (ProcessLookupError, ValueError, ray.exceptions.RayError) as error:
        log.info("unresponsive process had already ended", actor=name, error=repr(error))

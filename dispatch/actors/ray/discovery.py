"""This process in the Ray cluster: join and leave it, find actors by the address of their RPC server, and serve one."""

import asyncio
import logging
import os
from collections.abc import Callable
from typing import Any, Final

import ray
import ray.exceptions

from dispatch.actors.ray.private_api import enable_token_authentication
from dispatch.actors.rpc.client import ActorNotFoundError, Connect, RpcPeer
from dispatch.actors.rpc.transport import Address, Offered, RpcServer, connect
from dispatch.actors.runtime.cluster_config import NAMESPACE, ClusterConfig
from dispatch.processes.gc_freeze import freeze_startup_objects

CONNECT_WITHIN_S: Final = 30.0
"""Ray blocks while an actor starts, and does not always report that it never will."""

FindActor = Callable[[str], Any]
"""Returns the handle of an actor by its name. Raises ``ValueError`` if there is none."""


def find_actor(name: str) -> Any:  # noqa: ANN401 - Ray's handles are untyped
    """The handle of a standing actor. Raises ``ValueError`` if there is none."""
    return ray.get_actor(name, namespace=NAMESPACE)


def connect_by_ray(find: FindActor = find_actor) -> Connect:
    async def open_connection(name: str) -> RpcPeer:
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                handle = await asyncio.to_thread(find, name)
                return await connect(Address(*await handle.address.remote()))
        except (ray.exceptions.RayError, ValueError, OSError, TimeoutError) as error:
            raise ActorNotFoundError(f"{name}: {type(error).__name__}") from error

    return open_connection


def own_host() -> str:
    return str(ray.util.get_node_ip_address())  # type: ignore[no-untyped-call] # Ray is untyped


def join_cluster(system: ClusterConfig) -> None:
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    enable_token_authentication()
    ray.init(
        address=system.ray_address,
        namespace=NAMESPACE,
        log_to_driver=False,
        configure_logging=False,
        ignore_reinit_error=True,
    )


def leave_cluster() -> None:
    ray.shutdown()


def this_node() -> str:
    return str(ray.get_runtime_context().get_node_id())


async def serve(methods: Offered, incarnation: str) -> Address:
    """Serve the methods of a started actor, and ``ping``: the incarnation, the process id and the Ray node."""
    freeze_startup_objects()

    async def ping() -> tuple[str, int, str]:
        return incarnation, os.getpid(), this_node()

    async def drain() -> None:
        server.close()
        await methods["drain"]()

    server = RpcServer({**methods, "ping": ping, "drain": drain})
    return await server.open(own_host())

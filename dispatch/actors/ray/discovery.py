"""How an actor is reached: Ray tells where its process listens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import ray
import ray.exceptions

from dispatch.actors.rpc.client import ActorNotFoundError, Connect, RpcPeer
from dispatch.actors.rpc.transport import Address, connect
from dispatch.actors.runtime.cluster_config import NAMESPACE

DIAL_WITHIN_S: Final = 30.0
"""Ray waits for an actor that is being born; that it will never be, it does not always say."""

FindActor = Callable[[str], Any]
"""Gives the handle of an actor by its name; may raise ``ValueError`` where there is none."""


def find_actor(name: str) -> Any:  # noqa: ANN401 - Ray's handles are untyped
    """The handle of a standing actor. Raises ``ValueError`` where there is none."""
    return ray.get_actor(name, namespace=NAMESPACE)


def connect_by_ray(find: FindActor = find_actor) -> Connect:
    """Ask Ray for the actor, the actor for its address, and connect."""

    async def dial(name: str) -> RpcPeer:
        try:
            async with asyncio.timeout(DIAL_WITHIN_S):
                handle = await asyncio.to_thread(find, name)
                return await connect(Address(*await _result(handle.address.remote())))
        except (ray.exceptions.RayError, ValueError, OSError, TimeoutError) as error:
            raise ActorNotFoundError(f"{name}: {type(error).__name__}") from error

    return dial


def own_host() -> str:
    """The address under which this node's processes are reached."""
    return str(ray.util.get_node_ip_address())  # type: ignore[no-untyped-call] # Ray is untyped


async def _result(ref: Any) -> Any:  # noqa: ANN401 - Ray's references are untyped
    return await ref

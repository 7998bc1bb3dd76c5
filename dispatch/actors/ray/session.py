"""This process as a driver of the running Ray cluster: join it, leave it, name its node."""

from __future__ import annotations

import logging

import ray

from dispatch.actors.ray.private_api import enable_token_authentication
from dispatch.actors.runtime.cluster_config import NAMESPACE, ClusterConfig


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

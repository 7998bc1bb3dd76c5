"""This process as a driver of the running Ray cluster: join it, leave it, name its node."""

from __future__ import annotations

import logging

import ray
from ray._private.authentication.authentication_token_setup import maybe_enable_token_auth_if_token_available

from dispatch.actors.runtime.cluster_config import NAMESPACE, ClusterConfig


def join_cluster(system: ClusterConfig) -> None:
    """Make this process a driver of the running Ray cluster, by the token that its head has made for this user."""
    # Ray asks for its token by itself only where it looks for a cluster; one that is named it would join without.
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    maybe_enable_token_auth_if_token_available(warn_if_disabled=False)
    ray.init(
        address=system.ray_address,
        namespace=NAMESPACE,
        log_to_driver=False,
        configure_logging=False,
        ignore_reinit_error=True,
    )


def leave_cluster() -> None:
    """The end of :func:`join_cluster`; does nothing where it did not succeed."""
    ray.shutdown()


def this_node() -> str:
    """The node of Ray's that this process belongs to."""
    return str(ray.get_runtime_context().get_node_id())

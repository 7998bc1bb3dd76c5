"""The process of one gateway: ``python -m ws_gateway --data-dir DIR --fd N --number I``, as the supervisor starts it.

The listening socket is inherited, so several gateways share one port and a replacement takes over from a dead one.
"""

import argparse
import asyncio
import socket
from pathlib import Path

import structlog
import uvloop

from dispatch.actors.ray.discovery import join_cluster
from dispatch.actors.runtime.cluster_config import ClusterConfig
from dispatch.config.loader import Settings, load_settings
from dispatch.observability.logging import configure_logging
from dispatch.processes.gc_freeze import freeze_startup_objects
from dispatch.processes.monitored_process import heartbeat
from ws_gateway.app import create_app
from ws_gateway.server.uvicorn_server import Tls, make_server, prepare
from ws_gateway.wiring import open_dependencies


async def serve_gateway(
    cluster: ClusterConfig, settings: Settings, listening: socket.socket, number: int, pipe: int
) -> None:
    """Serve on ``listening`` until a signal, then drain. ``pipe`` takes the heartbeats."""
    heartbeats = asyncio.ensure_future(heartbeat(pipe))
    try:
        async with open_dependencies(cluster, settings, number) as dependencies:
            prepare(listening)
            app = create_app(dependencies)
            certificates, key = settings.server.tls_cert, settings.server.tls_key
            tls = Tls(certificates, key) if certificates and key else None
            server = make_server(app, dependencies.settings, app.hub.drain, app.may_connect, tls)
            freeze_startup_objects()
            await server.serve(sockets=[listening])
    finally:
        heartbeats.cancel()


def main() -> None:
    parser = argparse.ArgumentParser(prog="ws_gateway", description="One gateway of a running system.")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--fd", type=int, required=True, help="file descriptor of the inherited listening socket")
    parser.add_argument("--number", type=int, default=0)
    parser.add_argument("--alive-fd", type=int, required=True, help="file descriptor of the inherited heartbeat pipe")
    arguments = parser.parse_args()
    cluster = ClusterConfig.read(arguments.data_dir)
    settings = load_settings(cluster.config_file, dict(cluster.overrides))
    configure_logging(settings.log.level, settings.log.format)
    join_cluster(cluster)
    structlog.get_logger("gateway").info("gateway starting", number=arguments.number)
    listening = socket.socket(fileno=arguments.fd)
    uvloop.run(serve_gateway(cluster, settings, listening, arguments.number, arguments.alive_fd))

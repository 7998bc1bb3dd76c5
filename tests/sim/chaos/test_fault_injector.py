"""What is injected is what was meant: a share of the sockets to one port, the process that writes a log."""

from __future__ import annotations

import socket
from pathlib import Path
from random import Random
from subprocess import PIPE

from dispatch.actors.core.placement import Placement
from dispatch.actors.runtime.cluster_config import ClusterConfig
from dispatch.processes import child_processes as processes
from sim.chaos.fault_injector import cut
from sim.chaos.process_finder import ProcessFinder

WRITER = "import sys, time; log = open(sys.argv[1], 'a'); print('open', flush=True); time.sleep(60)"


def test_sockets_are_cut() -> None:
    """About half of those to the port, and none to another one."""
    with socket.create_server(("127.0.0.1", 0)) as ours, socket.create_server(("127.0.0.1", 0)) as other:
        to_ours = [socket.create_connection(ours.getsockname()) for _ in range(20)]
        to_other = [socket.create_connection(other.getsockname()) for _ in range(5)]

        found = cut(ours.getsockname()[1], Random(1))

        assert 0 < found < 20
        assert sum(_ended(each) for each in to_ours) == found
        assert not any(_ended(each) for each in to_other)
        for each in (*to_ours, *to_other):
            each.close()


def _ended(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False


def test_a_host_is_found_by_its_log(tmp_path: Path) -> None:
    """By the log that it has open; a system without such a process has none."""
    log = tmp_path / "logs" / "trip-0.log"
    log.parent.mkdir()
    placement = Placement(policy="sharded", shards=4, hosts={"vehicle": 2, "trip": 1, "payment": 1})
    system = ClusterConfig(
        ray_address="",
        journal_url="",
        redis_url="",
        placement=placement,
        matchers=("matcher-0",),
        speed=1.0,
        wall_anchor=0.0,
        city_anchor=0.0,
        data_dir=str(tmp_path),
    )
    targets = ProcessFinder(system, 1, lambda: 4711)
    writer = processes.start_python(["-c", WRITER, str(log)], stdout=PIPE)
    assert writer.stdout is not None
    writer.stdout.readline()
    try:
        assert targets.find("trip-0") == writer.pid
        assert targets.find("vehicle-0") is None
        assert targets.find("postgresql") == 4711
        assert {targets.choose("vehicle host", Random(seed)) for seed in range(9)} == {"vehicle-0", "vehicle-1"}
        assert targets.choose("raylet", Random(1)) == "raylet"
    finally:
        processes.kill_tree(writer.pid)
        writer.wait()
        writer.stdout.close()

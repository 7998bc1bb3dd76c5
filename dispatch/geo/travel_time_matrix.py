"""All-pairs travel seconds as a file that processes of one machine share in memory.

Rule 1: a reader sees a whole table or none: it is written beside its place and moved there. Rule 2: of several
processes that start at once one builds, the others wait for it. The file is named by the network's digest, so
that a changed network never meets an old table.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dispatch.geo.road_network import RoadNetwork

TableArray = npt.NDArray[np.uint16]
MAX_NODES = 10_000
"""A table of so many nodes takes 200 MB and some 10 s to build."""
_UNREACHABLE = np.iinfo(np.uint16).max
_ROWS = 512


def load_or_build(network: RoadNetwork, cache: Path) -> TableArray:
    """The table of a network: whole seconds [from, to], 65,535 for what takes longer or cannot be reached.

    Read-only, mapped from a file in ``cache``, which is made where it is missing. Raises ValueError for a
    network of more than :data:`MAX_NODES` nodes, OSError where the directory cannot be written.
    """
    if network.size > MAX_NODES:
        raise ValueError(f"no table for {network.size} nodes: {MAX_NODES} at most")
    cache.mkdir(parents=True, exist_ok=True)
    path = cache / f"travel-seconds-{network.digest}.npy"
    if not path.exists():
        with (cache / f"{path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                _build(network, path)
    table: TableArray = np.load(path, mmap_mode="r")
    return table


def _build(network: RoadNetwork, path: Path) -> None:
    unfinished = path.with_suffix(".part")
    table = np.lib.format.open_memmap(unfinished, mode="w+", dtype=np.uint16, shape=(network.size, network.size))
    for start in range(0, network.size, _ROWS):
        sources = np.arange(start, min(start + _ROWS, network.size))
        seconds = np.rint(network.seconds_from(sources))
        table[sources] = np.minimum(seconds, _UNREACHABLE).astype(np.uint16)
    table.flush()
    del table
    os.replace(unfinished, path)  # noqa: PTH105 - the word says that it is atomic

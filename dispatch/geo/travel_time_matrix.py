"""All-pairs travel seconds in a file that the processes of one machine map into memory.

Rule 1: a reader sees a complete table or none: the file is written under another name and renamed. Rule 2: if several
processes start together, one builds the table and the others wait for it. The file name contains the network's
digest, so a changed network never uses an old table.
"""

import fcntl
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dispatch.geo.road_network import RoadNetwork

TableArray = npt.NDArray[np.uint16]
MAX_NODES = 10_000
"""A table of this size takes 200 MB and about 10 s to build."""
_UNREACHABLE = np.iinfo(np.uint16).max
_ROWS = 512


def load_or_build(network: RoadNetwork, cache: Path) -> TableArray:
    """The table of a network: whole seconds [from, to], 65,535 for longer or impossible drives.

    Read-only, mapped from a file in ``cache``, which is built if it is missing. Raises ValueError for a network of
    more than :data:`MAX_NODES` nodes, OSError if the directory is not writable.
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
    os.replace(unfinished, path)  # noqa: PTH105 - os.replace promises to be atomic

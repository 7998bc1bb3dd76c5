"""Small road networks for tests."""

from __future__ import annotations

import numpy as np

from dispatch.geo.road_network import RoadNetwork


def grid(rng: np.random.Generator, side: int = 6, *, keep: float = 1.0) -> RoadNetwork:
    """Blocks of some 110 m with edges of random speed, each direction there with probability ``keep``."""
    row, column = np.divmod(np.arange(side * side), side)
    pairs = [(a, a + 1) for a in range(side * side) if column[a] + 1 < side]
    pairs += [(a, a + side) for a in range(side * side - side)]
    both = np.array(pairs + [(b, a) for a, b in pairs])
    both = both[rng.random(len(both)) < keep]
    meters = rng.uniform(100, 140, len(both))
    return RoadNetwork(
        lat=37.70 + row * 0.001,
        lng=-122.40 + column * 0.00125,
        source=both[:, 0],
        target=both[:, 1],
        meters=meters,
        seconds=meters / rng.uniform(3, 15, len(both)),
    )

"""The 32 nearest of 20,000 moving cars for 2,000 requests in San Francisco, against Valkey and scipy.

Method: cars start near random street corners and drive straight on at 0-15 m/s; each round they all move for 2 s and
2,000 requests come from random corners. In every round, one after the other:

- ours: ``VehicleIndex.move`` of all cars and one ``VehicleIndex.nearest``: upkeep and search, from degrees to metres;
- ``scipy.spatial.cKDTree``: the cars projected onto a plane, the tree built, the requests projected and queried;
- Valkey: a pipelined GEOADD of all cars (``geoadd_ms``), then one pipeline of a GEOSEARCH for each request, ``ASC
  COUNT 32``, all with the smallest radius that suffices for all requests of the round, because the distance of the
  32nd car is the search's result (``geosearch_only_ms``). ``geosearch_ms`` is both: upkeep and search, like ours.
- Valkey with each answer's radius known in advance (``geosearch_known_ms``, searches alone): each request with its own
  smallest radius.

Radii are widened by 0.1 % + 2 m for Valkey's other earth radius and rounding, and every search is checked to have
found 32. Garbage is collected between, not during. Figures are medians of wall milliseconds over the rounds after a
warm-up round; the order changes from round to round. ``ratio_geosearch``, ``ratio_geosearch_only`` and
``ratio_geosearch_known`` are the factors by which ours is faster, its upkeep included in all three; ``ratio_ckdtree``
is our time over the tree's. ``same_as_ckdtree`` is the share of requests with the same 32 cars (a plane is not the
globe: a few differ at the edge). Other work on the machine disturbs wall times: read the ratios.
"""

import gc
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Annotated, NamedTuple

import numpy as np
from redis import Redis
from scipy.spatial import cKDTree
from typer import Option

from bench.harness.figures import Figures
from bench.harness.plan import BenchPlan, Cars, Requests, Rounds, Seed
from dispatch.geo.arrays import FloatArray, IntArray
from dispatch.geo.city import load_city
from dispatch.geo.index.vehicle_index import VehicleIndex
from dispatch.store.buses.embedded_valkey import EmbeddedValkey

_WINDOW_S = 2.0
_TOP_M_S = 15.0
_METERS_A_DEGREE = 111_195.0
_KEY = "cars"


class NearestScene(NamedTuple):
    """Positions of all cars in one round, and the requests; degrees."""

    car_lat: FloatArray
    car_lng: FloatArray
    lat: FloatArray
    lng: FloatArray


@dataclass(frozen=True, kw_only=True)
class NearestPlan(BenchPlan):
    """The options."""

    cars: Cars = 20_000
    requests: Requests = 2_000
    k: Annotated[int, Option(min=1, help="Cars to find for each request.")] = 32
    rounds: Rounds = 7
    seed: Seed = 1


def run(plan: NearestPlan) -> Figures:
    scenes = _scenes(plan)
    with tempfile.TemporaryDirectory() as folder, EmbeddedValkey(Path(folder)) as server:
        client = Redis.from_url(server.url)
        try:
            figures = _compare(scenes, plan.k, client)
            version = client.info("server")
        finally:
            client.close()
    sizes: Figures = {
        "cars": plan.cars,
        "requests": plan.requests,
        "k": plan.k,
        "rounds": plan.rounds,
        "seed": plan.seed,
    }
    return sizes | figures | {"valkey": version.get("valkey_version", version["redis_version"])}


def _scenes(plan: NearestPlan) -> list[NearestScene]:
    rng = np.random.default_rng(plan.seed)
    network = load_city("san_francisco").network
    shrink = np.cos(np.radians(network.lat.mean()))

    def near_corners(n: int) -> tuple[FloatArray, FloatArray]:
        corner = rng.integers(0, network.size, n)
        north, east = rng.normal(0, 60 / _METERS_A_DEGREE, (2, n))
        return network.lat[corner] + north, network.lng[corner] + east / shrink

    lat, lng = near_corners(plan.cars)
    way = rng.uniform(0, _TOP_M_S * _WINDOW_S / _METERS_A_DEGREE, plan.cars)
    heading = rng.uniform(0, 2 * np.pi, plan.cars)
    north, east = way * np.cos(heading), way * np.sin(heading) / shrink
    return [NearestScene(lat + i * north, lng + i * east, *near_corners(plan.requests)) for i in range(plan.rounds + 1)]


def _compare(scenes: list[NearestScene], k: int, client: Redis) -> Figures:
    index = VehicleIndex()
    times: dict[str, list[float]] = {}
    same: list[float] = []
    for i, scene in enumerate(scenes):
        times.setdefault("geoadd", []).append(_timed(partial(_geoadd, client, scene))[0])
        answers: dict[str, object] = {}
        for name, work in _turns(index, client, scene, k, first=i):
            took, answers[name] = _timed(work)
            times.setdefault(name, []).append(took)
        same.append(_same(answers["ours"], answers["ckdtree"]))
        _check_full(answers["geosearch_only"], k)
        _check_full(answers["geosearch_known"], k)
    ms = {name: median(taken[1:]) for name, taken in times.items()}
    ms["geosearch"] = ms["geoadd"] + ms["geosearch_only"]
    figures: Figures = {f"{name}_ms": round(taken, 2) for name, taken in ms.items()}
    return figures | {
        "ratio_geosearch": round(ms["geosearch"] / ms["ours"], 1),
        "ratio_geosearch_only": round(ms["geosearch_only"] / ms["ours"], 1),
        "ratio_geosearch_known": round(ms["geosearch_known"] / ms["ours"], 1),
        "ratio_ckdtree": round(ms["ours"] / ms["ckdtree"], 2),
        "same_as_ckdtree": round(median(same), 4),
    }


def _turns(
    index: VehicleIndex, client: Redis, scene: NearestScene, k: int, *, first: int
) -> list[tuple[str, Callable[[], object]]]:
    known = _kth_meters(scene, k)
    work: list[tuple[str, Callable[[], object]]] = [
        ("ours", partial(_ours, index, scene, k)),
        ("ckdtree", partial(_tree, scene, k)),
        ("geosearch_only", partial(_geosearch, client, scene, np.full_like(known, known.max()), k)),
        ("geosearch_known", partial(_geosearch, client, scene, known, k)),
    ]
    return work[first % 4 :] + work[: first % 4]


def _timed(do: Callable[[], object]) -> tuple[float, object]:
    gc.collect()
    gc.disable()
    try:
        start = time.perf_counter()
        answer = do()
        return 1e3 * (time.perf_counter() - start), answer
    finally:
        gc.enable()


def _ours(index: VehicleIndex, scene: NearestScene, k: int) -> IntArray:
    index.move(np.arange(len(scene.car_lat)), scene.car_lat, scene.car_lng)
    return index.nearest(scene.lat, scene.lng, k)[0].astype(np.int64)


def _plane(lat: FloatArray, lng: FloatArray) -> FloatArray:
    return np.column_stack((lat, lng * np.cos(np.radians(37.77)))) * _METERS_A_DEGREE


def _tree(scene: NearestScene, k: int) -> IntArray:
    tree = cKDTree(_plane(scene.car_lat, scene.car_lng))
    _, nearest = tree.query(_plane(scene.lat, scene.lng), k)
    return np.asarray(nearest, np.int64)


def _kth_meters(scene: NearestScene, k: int) -> FloatArray:
    tree = cKDTree(_plane(scene.car_lat, scene.car_lng))
    meters, _ = tree.query(_plane(scene.lat, scene.lng), [k])
    return np.asarray(meters, np.float64)[:, 0] * 1.001 + 2.0


def _geoadd(client: Redis, scene: NearestScene) -> object:
    pipe = client.pipeline(transaction=False)
    rows = zip(scene.car_lng.tolist(), scene.car_lat.tolist(), strict=True)
    for handle, (lng, lat) in enumerate(rows):
        pipe.geoadd(_KEY, (lng, lat, handle))
    return pipe.execute()


def _geosearch(client: Redis, scene: NearestScene, radius: FloatArray, k: int) -> object:
    pipe = client.pipeline(transaction=False)
    for lat, lng, r in zip(scene.lat.tolist(), scene.lng.tolist(), radius.tolist(), strict=True):
        pipe.geosearch(_KEY, longitude=lng, latitude=lat, radius=r, unit="m", sort="ASC", count=k)
    return pipe.execute()


def _same(ours: object, theirs: object) -> float:
    a, b = np.sort(np.asarray(ours), axis=1), np.sort(np.asarray(theirs), axis=1)
    return float((a == b).all(axis=1).mean())


def _check_full(replies: object, k: int) -> None:
    if not isinstance(replies, list) or any(len(reply) != k for reply in replies):
        raise RuntimeError("a GEOSEARCH found fewer cars than requested")

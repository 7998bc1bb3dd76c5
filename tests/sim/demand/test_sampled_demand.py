"""Demand from aggregates, and the aggregates from trips."""

from __future__ import annotations

from datetime import date
from itertools import takewhile
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dispatch.geo.cells import cell_of
from dispatch.geo.straight_line import StraightLine
from dispatch.values.units import CityTime, LatLng
from sim.demand.build_aggregates import MIN_TRIPS, RESOLUTION, SOURCE, aggregate
from sim.demand.recorded_demand import RecordedDemand, Trips, TripsFileError, read_trips
from sim.demand.sampled_demand import SampledDemand, demand_file, read_aggregates
from sim.time.local_time import LocalTime

LOCAL = LocalTime("America/Los_Angeles")
FRIDAY = LOCAL.city_time(date(2008, 5, 30), 18)
MISSION, MARINA, SUNSET = LatLng(37.76, -122.42), LatLng(37.80, -122.44), LatLng(37.75, -122.49)


def trips_between(*rides: tuple[float, LatLng, LatLng]) -> Trips:
    at, pickups, dropoffs = zip(*rides, strict=True)
    columns = [[p.lat for p in pickups], [p.lng for p in pickups], [p.lat for p in dropoffs], [p.lng for p in dropoffs]]
    return Trips(np.array(at, float), *(np.array(column) for column in columns))


def drawn(seed: int = 1, **options: float) -> SampledDemand:
    shipped = read_aggregates(demand_file("san_francisco"))
    return SampledDemand(shipped, roads=StraightLine(), rng=Random(seed), **options)  # type: ignore[arg-type]


def test_the_shipped_aggregates_hold_no_single_trip() -> None:
    """Every count is at least the minimum, and the source is named."""
    table = pq.read_table(demand_file("san_francisco"))
    counts = [row["trips"] for row in table.to_pylist() if row["kind"] != "rate"]
    assert min(counts) >= MIN_TRIPS
    assert table.schema.metadata[b"source"].decode() == SOURCE
    assert set(table.column_names) == {"kind", "bucket", "origin", "cell", "trips"}


def test_rare_trips_are_dropped() -> None:
    """A pair of cells that few trips share does not leave the file of trips; the rates count them."""
    often = [(FRIDAY + 60.0 * n, MISSION, MARINA) for n in range(6)]
    rides = [
        (FRIDAY - 3000, MISSION, MARINA),
        *often,
        (FRIDAY + 400, SUNSET, MISSION),
        (FRIDAY + 4000, SUNSET, MISSION),
    ]
    rows = aggregate(trips_between(*rides), LOCAL).to_pylist()
    assert {row["cell"] for row in rows if row["kind"] == "origin"} == {cell_of(MISSION, RESOLUTION)}
    assert {row["cell"] for row in rows if row["kind"] == "destination"} == {cell_of(MARINA, RESOLUTION)}
    assert [(row["bucket"], row["trips"]) for row in rows if row["kind"] == "rate"] == [(4 * 24 + 18, 7.0)]


def test_wishes_come_at_the_citys_rate() -> None:
    """An hour of drawn requests has about as many as the real hour; they are in order of time."""
    demand = drawn()
    requests = list(takewhile(lambda request: request.at < FRIDAY + 3600, demand.requests(FRIDAY)))
    assert [request.at for request in requests] == sorted(request.at for request in requests)
    assert abs(len(requests) - demand.rate(FRIDAY)) < 5 * demand.rate(FRIDAY) ** 0.5


def test_the_same_seed_draws_the_same() -> None:
    """And another seed something else."""
    first, again, other = (next(drawn(seed).requests(FRIDAY)) for seed in (1, 1, 2))
    assert first == again != other


def test_rates_can_be_scaled_or_replaced() -> None:
    """``scale`` multiplies, ``per_hour`` replaces."""
    assert drawn(scale=2.0).rate(FRIDAY) == 2 * drawn().rate(FRIDAY)
    assert drawn(per_hour=7.0).rate(FRIDAY) == 7.0


def test_another_times_demand_begins_now() -> None:
    """With ``since``, Friday evening's demand is moved to the start of the run."""
    here = next(drawn().requests(FRIDAY))
    moved = next(drawn(since=FRIDAY).requests(CityTime(5000.0)))
    assert moved.pickup == here.pickup
    assert moved.at - 5000.0 == pytest.approx(here.at - FRIDAY, abs=1e-6)


def test_real_trips_are_replayed_in_their_order(tmp_path: Path) -> None:
    """From the wanted time on, in order of pick-up, moved to the start of the run."""
    path = tmp_path / "trips.parquet"
    columns = {"pickup_ts": [300, 100, 200], "pu_lat_e5": [3_770_000] * 3, "pu_lon_e5": [-12_240_000] * 3}
    columns |= {"do_lat_e5": [3_771_000, 3_772_000, 3_773_000], "do_lon_e5": [-12_241_000] * 3}
    pq.write_table(pa.table(columns), path)
    demand = RecordedDemand(read_trips(path), since=CityTime(150.0), rng=Random(1))
    requests = list(demand.requests(CityTime(1000.0)))
    assert [(request.at, request.dropoff.lat) for request in requests] == [(1050.0, 37.73), (1150.0, 37.71)]
    assert demand.places(CityTime(0.0), 2) == [LatLng(37.7, -122.4)] * 2


def test_a_wrong_file_is_named(tmp_path: Path) -> None:
    """A file that is missing, or without trips at that time, is one clear error."""
    with pytest.raises(TripsFileError, match="nothing"):
        read_trips(tmp_path / "nothing.parquet")
    with pytest.raises(TripsFileError, match="no trips"):
        RecordedDemand(trips_between((100.0, MISSION, MARINA)), since=CityTime(200.0), rng=Random(1))

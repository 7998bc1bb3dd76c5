"""Recorded trips of the policy study."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.studies.policy import read_demand

ZONE = ZoneInfo("America/Los_Angeles")


def test_trips_of_the_hours_are_read_by_time(tmp_path: Path) -> None:
    """By local time, from the first hour to before the last; coordinates become degrees."""
    times = [
        int(datetime(2008, 5, 30, hour, minute, tzinfo=ZONE).timestamp())
        for hour, minute in ((16, 59), (15, 0), (14, 59), (17, 0))
    ]
    columns = {name: [3_770_000 + n for n in range(4)] for name in ("pu_lat_e5", "do_lat_e5")}
    columns |= {name: [-12_240_000 - n for n in range(4)] for name in ("pu_lon_e5", "do_lon_e5")}
    pq.write_table(pa.table({"pickup_ts": times, **columns}), tmp_path / "trips.parquet")
    demand = read_demand(tmp_path / "trips.parquet", "2008-05-30", "15-17", ZONE)
    assert demand.pickup_at.tolist() == [times[1], times[0]]
    assert demand.pickup_lat.tolist() == pytest.approx([37.70001, 37.7])
    assert demand.dropoff_lng.tolist() == pytest.approx([-122.40001, -122.4])

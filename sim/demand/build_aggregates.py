"""Make demand aggregates from a file of trips: ``python -m sim.demand.build_aggregates TRIPS.parquet OUT.parquet``.

Only counts leave the file of trips. Rule: a count below ``MIN_TRIPS`` is dropped, so that no single trip can be
recovered; rates are means over whole hours of the week. The result is one table of three kinds of rows:

    rate         hour of the week (0 is Monday 00 h, local)         trips per hour
    origin       hour of the day + 24 at weekends, H3 cell          trips that began there
    destination  H3 cell of the origin, H3 cell                     trips between them
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dispatch.geo.cells import Cell, cells_of
from sim.demand.recorded_demand import Trips, read_trips
from sim.time.local_time import WEEK_HOURS, LocalTime

RESOLUTION: Final = 8
"""H3 resolution of the cells: 0.74 km² each."""
MIN_TRIPS: Final = 5
SOURCE: Final = "EPFL cabspotting (Piorkowski, Sarafijanovic-Djukic, Grossglauser, COMSNETS 2009)"
_COLUMNS: Final[dict[str, pa.DataType]] = {
    "kind": pa.string(),
    "bucket": pa.int16(),
    "origin": pa.uint64(),
    "cell": pa.uint64(),
    "trips": pa.float32(),
}

Row = tuple[str, int | None, int | None, int | None, float]


def aggregate(trips: Trips, local: LocalTime) -> pa.Table:
    """Rows sorted by kind; source, time zone and resolution are in the schema's metadata."""
    origins = cells_of(trips.pickup_lat.tolist(), trips.pickup_lng.tolist(), RESOLUTION)
    destinations = cells_of(trips.dropoff_lat.tolist(), trips.dropoff_lng.tolist(), RESOLUTION)
    moments = [local.moment(at) for at in trips.pickup_at.tolist()]
    rows: list[Row] = [("rate", hour, None, None, rate) for hour, rate in _rates(trips, local).items()]
    by_bucket = _counts(zip((m.day_bucket for m in moments), origins, strict=True))
    rows.extend(("origin", bucket, None, cell, count) for (bucket, cell), count in by_bucket)
    pairs = _counts(zip(origins, destinations, strict=True))
    rows.extend(("destination", None, origin, cell, count) for (origin, cell), count in pairs)
    columns = zip(_COLUMNS.items(), zip(*rows, strict=True), strict=True)
    metadata = {"source": SOURCE, "time_zone": local.time_zone, "resolution": str(RESOLUTION)}
    table = pa.table({name: pa.array(values, kind) for (name, kind), values in columns})
    return table.replace_schema_metadata(metadata)


def _rates(trips: Trips, local: LocalTime) -> dict[int, float]:
    """Trips per hour for each hour of the week, over the whole hours between the first and the last trip."""
    hours = np.floor(trips.pickup_at / 3600).astype(np.int64)
    whole = range(int(hours.min()) + 1, int(hours.max()))
    begun = Counter(hours.tolist())
    sums: Counter[int] = Counter()
    seen: Counter[int] = Counter()
    for hour in whole:
        of_week = local.moment(hour * 3600.0).week_hour
        sums[of_week] += begun[hour]
        seen[of_week] += 1
    return {hour: sums[hour] / seen[hour] for hour in range(WEEK_HOURS) if seen[hour]}


def _counts(keys: Iterable[tuple[int, Cell]]) -> list[tuple[tuple[int, Cell], int]]:
    return sorted((key, count) for key, count in Counter(keys).items() if count >= MIN_TRIPS)


def main(arguments: list[str]) -> None:
    trips_path, out = map(Path, arguments)
    table = aggregate(read_trips(trips_path), LocalTime("America/Los_Angeles"))
    pq.write_table(table, out, compression="zstd")


if __name__ == "__main__":
    main(sys.argv[1:])

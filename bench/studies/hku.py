"""The published matching results of Wei, Feng, Ke and Yang (2022), played through the real matcher.

Method: ``bench.studies.plane_city`` plays each cell (orders per 2 s and fleet size) of the table for six hours with
``--seeds`` (3) seeds, in ``--processes`` (2); each seed's run is the whole set-up of the paper through
``RegionMatcher``, at a price of 1,001 m for an unserved order, which is the paper's weight. Served is matched / total;
total wait is matching plus pick-up time, mean. A cell is within if served differs by at most 1.5 points and total wait
by at most 4 % from the published run (whose seeds are not known). ``--cells`` is a table with the columns of the
shipped one.

``bench/studies/data/hku_cells.csv``: 30 cells of the results in
HKU-Smart-Mobility-Lab/simulator-matching-function-validation on GitHub (MIT).
``ratio`` is cells within / cells.
"""

import csv
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, NamedTuple

from typer import Option

from bench.harness.figures import Figures
from bench.harness.plan import BenchPlan, Processes
from bench.studies.plane_city import PlaneCity, PlaneOutcome, PlaneSetup

CELLS = Path(__file__).parent / "data" / "hku_cells.csv"
SERVED_POINTS = 1.5
WAIT_PERCENT = 4.0


class PublishedCell(NamedTuple):
    """A row of the published table."""

    orders: float
    cars: int
    served: float
    total_wait_s: float

    @property
    def name(self) -> str:
        return f"{self.orders}x{self.cars}"


@dataclass(frozen=True, kw_only=True)
class HkuPlan(BenchPlan):
    """The options."""

    cells: Annotated[Path, Option(help="Published table (CSV).")] = CELLS
    seeds: Annotated[int, Option(min=1, help="Seeds per cell.")] = 3
    processes: Processes = 2


def run(plan: HkuPlan) -> Figures:
    cells, seeds = read_cells(plan.cells), plan.seeds
    setups = [PlaneSetup(orders=cell.orders, cars=cell.cars, seed=seed) for cell in cells for seed in range(seeds)]
    with ProcessPoolExecutor(plan.processes, mp_context=get_context("spawn")) as pool:
        outcomes = list(pool.map(_play, setups))
    result: Figures = {}
    within = 0
    for place, cell in enumerate(cells):
        served, wait = _means(outcomes[place * seeds : (place + 1) * seeds])
        points, percent = 100 * (served - cell.served), 100 * (wait / cell.total_wait_s - 1)
        good = abs(points) <= SERVED_POINTS and abs(percent) <= WAIT_PERCENT
        within += good
        result[f"{cell.name}_served_points"] = round(points, 2)
        result[f"{cell.name}_wait_percent"] = round(percent, 2)
        result[f"{cell.name}_within"] = good
    return {"cells": len(cells), "seeds": seeds, "cells_within": within, "ratio": within / len(cells), **result}


def read_cells(path: Path) -> list[PublishedCell]:
    """The published table. Raises ``KeyError`` if a column is missing."""
    with path.open(newline="") as file:
        return [
            PublishedCell(
                orders=float(row["ave_order"]),
                cars=int(row["fleet_size"]),
                served=int(row["matched_requests"]) / int(row["total_requests"]),
                total_wait_s=float(row["effective_orders_total_waiting_time"]),
            )
            for row in csv.DictReader(file)
        ]


def _play(setup: PlaneSetup) -> PlaneOutcome:
    return PlaneCity(setup).run()


def _means(outcomes: list[PlaneOutcome]) -> tuple[float, float]:
    served = sum(outcome.served for outcome in outcomes) / len(outcomes)
    return served, sum(outcome.total_wait_s for outcome in outcomes) / len(outcomes)

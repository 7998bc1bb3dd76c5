"""Effect of the matching rule on a real evening: exact assignment against oldest request first, nearest car.

Method: the recorded trips of a day's hours (``--trips FILE --day 2008-05-30 --hours 15-24``, local time of the city;
columns pickup_ts, pu_lat_e5, pu_lon_e5, do_lat_e5, do_lon_e5: for example the EPFL "cabspotting" set, not shipped)
that begin and end on the city's streets are replayed on a virtual clock by ``bench.studies.recorded_demand`` with
``--cars`` cars (160): a passenger gives up after 300 s, pick-up at most ``--cap`` (900) seconds away, windows of 2 s,
road travel times. The same matcher applies three rules: exact; oldest first with the same cap on pick-up; oldest
first without a cap. Seeds (``--seeds``) only choose the cars' first places; figures are means over them. ``ratio`` is
exact's rides / capped oldest-first's rides.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from typer import Option

from bench.harness.figures import Figures, prefixed
from bench.harness.plan import BenchPlan, Cache, Cars
from bench.studies.recorded_demand import CityReplay, ReplayOutcome, ReplaySetup, select_trips, trips_on_map
from dispatch.geo.city import load_city
from dispatch.geo.travel_time import TravelTime
from dispatch.matching.exact_assignment import Assigner, exact
from dispatch.matching.greedy_assignment import oldest_first
from dispatch.matching.types import MatcherSettings
from sim.demand.recorded_demand import Trips, read_trips

NO_CAP_S = 1e6


@dataclass(frozen=True, kw_only=True)
class PolicyPlan(BenchPlan):
    """The options."""

    trips: Annotated[Path, Option(help="Recorded trips (parquet); none is shipped.")]
    day: Annotated[str, Option(help="Local day in the city.")] = "2008-05-30"
    hours: Annotated[str, Option(help="First and last hour of the day.")] = "15-24"
    cars: Cars = 160
    cap: Annotated[float, Option(help="Longest pick-up in seconds.")] = 900.0
    seeds: Annotated[int, Option(min=1, help="Seeds of the cars' first places.")] = 1
    city: Annotated[str, Option(help="City of the trips.")] = "san_francisco"
    cache: Cache = ".cache"


def run(plan: PolicyPlan) -> Figures:
    city = load_city(plan.city)
    travel_time = city.travel_time(Path(plan.cache))
    demand = trips_on_map(read_demand(plan.trips, plan.day, plan.hours, ZoneInfo(city.time_zone)), travel_time)
    setup = ReplaySetup(cars=plan.cars, max_pickup_s=plan.cap)
    seeds = range(1, 1 + plan.seeds)
    rules: dict[str, tuple[Assigner, ReplaySetup]] = {
        "exact": (exact, setup),
        "oldest_capped": (oldest_first, setup),
        "oldest": (oldest_first, msgspec.structs.replace(setup, max_pickup_s=NO_CAP_S)),
    }
    result: Figures = {"day": plan.day, "hours": plan.hours, "cars": setup.cars, "requests": len(demand)}
    served: dict[str, float] = {}
    for name, (assign, rule_setup) in rules.items():
        outcomes = [
            _play(demand, travel_time, msgspec.structs.replace(rule_setup, seed=seed), assign) for seed in seeds
        ]
        served[name] = float(np.mean([outcome.served for outcome in outcomes]))
        result.update(_figures(name, outcomes))
    return {**result, "ratio": round(served["exact"] / served["oldest_capped"], 4)}


def read_demand(path: Path, day: str, hours: str, zone: ZoneInfo) -> Trips:
    """Trips with a pick-up on that local day in those hours (``15-24``), by time."""
    first, last = (int(hour) for hour in hours.split("-"))
    midnight = datetime.fromisoformat(day).replace(tzinfo=zone)
    since, until = ((midnight + timedelta(hours=hour)).timestamp() for hour in (first, last))
    trips = read_trips(path)
    return select_trips(trips, np.flatnonzero((trips.pickup_at >= since) & (trips.pickup_at < until)))


def _play(demand: Trips, travel_time: TravelTime, setup: ReplaySetup, assign: Assigner) -> ReplayOutcome:
    return CityReplay(demand, travel_time, setup, settings=MatcherSettings(), assign=assign).run()


def _figures(name: str, outcomes: list[ReplayOutcome]) -> Figures:
    def mean(values: list[float]) -> float:
        return round(float(np.mean(values)), 1)

    figures = {"served_percent": mean([100 * outcome.share for outcome in outcomes])}
    for field in ("served", "wait_s", "wait_p90_s", "pickup_s", "empty_s"):
        figures[field] = mean([getattr(outcome, field) for outcome in outcomes])
    return prefixed(f"{name}_", figures)

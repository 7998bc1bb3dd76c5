"""The configuration of a simulated city, and the CSV file of its fleet."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random
from typing import Final

from dispatch.geo.cells import Box
from dispatch.geo.travel_time import TravelTime
from dispatch.values.units import CityTime
from sim.city.behaviour import Behaviour
from sim.city.city import NameAt, nameless
from sim.demand.recorded_demand import RecordedDemand, read_trips
from sim.demand.ride_request import RequestSource
from sim.demand.sampled_demand import SampledDemand, read_aggregates
from sim.time.local_time import LocalTime

COLUMNS: Final = ("vehicle", "driver", "pin")


@dataclass(frozen=True, slots=True)
class CarAccount:
    """A vehicle and its driver. With a ``token`` the driver does not sign in."""

    vehicle: str
    driver: str = ""
    pin: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class DemandOptions:
    """The source of requests: ``trips`` (recorded, replayed in order) or else ``aggregates`` (sampled).

    ``day`` and ``hour`` choose the local time at which the demand begins; without them sampled demand follows the
    city's clock, and a replay begins with the first trip. ``scale`` multiplies the sampled rates, ``per_hour``
    (requests per city hour) replaces them.
    """

    aggregates: Path
    trips: Path | None = None
    day: date | None = None
    hour: float = 0.0
    scale: float = 1.0
    per_hour: float | None = None


@dataclass(frozen=True, slots=True)
class WorldConfig:
    """A simulated city. ``run`` is part of all command ids and must be unique per run against one server.

    Wall seconds: ``fix_interval_s``, ``patience_s`` (for the fleet to come online before demand begins).
    """

    ws_url: str
    http_url: str
    sandbox_url: str | None
    fleet: tuple[CarAccount, ...]
    sms_file: Path
    roads: TravelTime
    time_zone: str
    demand: DemandOptions
    run: str
    seed: int = 1
    behaviour: Behaviour = field(default_factory=Behaviour)
    fix_interval_s: float = 1.0
    connects_per_s: float = 50.0
    patience_s: float = 30.0
    ready_share: float = 0.5
    """Demand begins when this share of the fleet is connected."""
    hail_radius_m: float = 500.0
    first_passenger: int = 0
    """The first passenger's number; phones and Alipay accounts derive from the number."""
    passenger_tokens: tuple[str, ...] = field(default=(), repr=False)
    """Tokens of the first passengers, in place of a sign-in."""
    warm_passengers: int = 0
    """Passengers that connect before demand begins (with ``stay_connected``)."""
    served: Box | None = None
    """Requests with a pick-up outside are omitted."""
    ping_interval_s: float | None = 20.0
    name_at: NameAt = nameless


def open_demand(config: WorldConfig, rng: Random) -> RequestSource:
    """Raises TripsFileError, or OSError if a file cannot be read."""
    options = config.demand
    since: CityTime | None = None
    if options.day is not None:
        since = LocalTime(config.time_zone).city_time(options.day, options.hour)
    if options.trips is not None:
        trips = read_trips(options.trips)
        return RecordedDemand(trips, since=since if since is not None else trips.request(0).at, rng=rng)
    aggregates = read_aggregates(options.aggregates)
    return SampledDemand(
        aggregates, roads=config.roads, rng=rng, scale=options.scale, per_hour=options.per_hour, since=since
    )


class FleetFileError(ValueError):
    """The file is not a CSV of ``vehicle,driver,pin``; the text names the place."""


def read_fleet(path: Path) -> tuple[CarAccount, ...]:
    """Raises :class:`FleetFileError`, ``OSError``."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, skipinitialspace=True)
        missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            raise FleetFileError(f"{path}: no column {missing[0]!r}")
        accounts = tuple(_account(path, rows.line_num, row) for row in rows)
    if not accounts:
        raise FleetFileError(f"{path}: no vehicles")
    return accounts


def _account(path: Path, line: int, row: dict[str, str]) -> CarAccount:
    fields = {name: (row[name] or "").strip() for name in COLUMNS}
    if not all(fields.values()):
        raise FleetFileError(f"{path}, line {line}: vehicle, driver and pin are mandatory")
    return CarAccount(**fields)


def write_fleet(path: Path, accounts: Iterable[CarAccount]) -> None:
    """The file contains PINs: only its owner may read it."""
    path.touch(mode=0o600)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        rows.writerows((account.vehicle, account.driver, account.pin) for account in accounts)

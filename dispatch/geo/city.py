"""A city as a directory: ``city.toml``, the road network in ``nodes.parquet`` and ``edges.parquet``, and a map.

``city.toml`` holds the title, the time zone, off-road speeds, hour factors, zones and sources. The map, for drawing
only, is ``land.geojson.gz`` and ``streets.geojson.gz``; either may be missing.
"""

import gzip
import tomllib
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dispatch.geo.cells import Box
from dispatch.geo.geofence import Geofence
from dispatch.geo.hourly_speeds import HourFactors
from dispatch.geo.places.geocoder import PlaceIndex, read_places
from dispatch.geo.road_network import RoadNetwork
from dispatch.geo.road_travel_time import OffRoad, RoadGraph
from dispatch.values.units import LatLng

SHIPPED = Path(__file__).parent / "cities"
SETTINGS_FILE = "city.toml"
STREETS_FILE = "streets.geojson.gz"
_NO_STREETS = b'{"features": []}'
_NODES = "nodes.parquet"
_EDGES = "edges.parquet"


class CityError(ValueError):
    """A city's directory is missing or invalid; the text names the file and the fault."""


@dataclass(frozen=True, slots=True, eq=False)
class City:
    """A loaded city. ``box`` bounds its road network; ``sources`` name the origins of its data."""

    name: str
    title: str
    directory: Path
    box: Box
    network: RoadNetwork
    hours: HourFactors
    off_road: OffRoad
    zones: tuple[Geofence, ...]
    sources: tuple[str, ...]

    @property
    def time_zone(self) -> str:
        return self.hours.time_zone

    @property
    def center(self) -> LatLng:
        return LatLng((self.box.south + self.box.north) / 2, (self.box.west + self.box.east) / 2)

    def travel_time(self, cache: Path | None = None) -> RoadGraph:
        """Travel time over the city's streets; ``cache`` is a directory for the all-pairs table."""
        return RoadGraph(self.network, hours=self.hours, off_road=self.off_road, cache=cache)

    def packed_layer(self, name: str) -> bytes | None:
        """Gzipped GeoJSON of ``land`` or ``streets``; None if the city has none."""
        path = self.directory / f"{name}.geojson.gz"
        return path.read_bytes() if path.is_file() else None

    def places(self) -> PlaceIndex:
        """The place index; takes some tenths of a second to build."""
        return read_places(self.map_layer("streets") or _NO_STREETS, self.zones, self.title)

    def map_layer(self, name: str) -> bytes | None:
        """GeoJSON of ``land`` or ``streets``; None if the city has none."""
        packed = self.packed_layer(name)
        return None if packed is None else gzip.decompress(packed)


class _Speeds(msgspec.Struct, forbid_unknown_fields=True):
    detour: float = 1.3
    access_kmh: float = 15.0
    off_map_kmh: float = 50.0
    max_access_m: float = 500.0


class _Hours(msgspec.Struct, forbid_unknown_fields=True):
    weekday: tuple[float, ...] = (1.0,) * 24
    weekend: tuple[float, ...] = (1.0,) * 24


class _Zone(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    title: str
    lat: float
    lng: float
    radius_m: float


class _Settings(msgspec.Struct, forbid_unknown_fields=True):
    title: str
    time_zone: str
    sources: tuple[str, ...]
    off_road: _Speeds = msgspec.field(default_factory=_Speeds)
    hours: _Hours = msgspec.field(default_factory=_Hours)
    zones: tuple[_Zone, ...] = ()


def shipped_cities() -> tuple[str, ...]:
    """The names of the cities in the product, sorted."""
    return tuple(sorted(path.parent.name for path in SHIPPED.glob(f"*/{SETTINGS_FILE}")))


def load_city(name_or_directory: str | Path) -> City:
    """The shipped city of this name, or the city in this directory. Raises CityError."""
    directory = SHIPPED / name_or_directory
    if not (directory / SETTINGS_FILE).is_file():
        directory = Path(name_or_directory)
    if not (directory / SETTINGS_FILE).is_file():
        raise CityError(f"no city {str(name_or_directory)!r}: shipped are {', '.join(shipped_cities())}")
    try:
        settings = msgspec.convert(tomllib.loads((directory / SETTINGS_FILE).read_text("utf-8")), _Settings)
        return _city(directory, settings, read_network(directory))
    except (ValueError, KeyError, OSError, pa.ArrowException) as error:
        raise CityError(f"city {directory}: {error}") from error


def _city(directory: Path, settings: _Settings, network: RoadNetwork) -> City:
    return City(
        name=directory.name,
        title=settings.title,
        directory=directory,
        box=box_of(network),
        network=network,
        hours=HourFactors(settings.time_zone, settings.hours.weekday, settings.hours.weekend),
        off_road=OffRoad(**msgspec.structs.asdict(settings.off_road)),
        zones=tuple(Geofence(z.name, LatLng(z.lat, z.lng), z.radius_m, z.title) for z in settings.zones),
        sources=settings.sources,
    )


def box_of(network: RoadNetwork) -> Box:
    lat, lng = network.lat, network.lng
    return Box(float(lat.min()), float(lng.min()), float(lat.max()), float(lng.max()))


def read_network(directory: Path) -> RoadNetwork:
    """Read the network's two Parquet files. Raises KeyError or ValueError for an invalid column."""
    nodes = pq.read_table(directory / _NODES, columns=["lat", "lng"])
    edges = pq.read_table(directory / _EDGES, columns=["source", "target", "meters", "seconds"])
    return RoadNetwork(
        lat=nodes["lat"].to_numpy().astype(np.float64),
        lng=nodes["lng"].to_numpy().astype(np.float64),
        source=edges["source"].to_numpy().astype(np.int64),
        target=edges["target"].to_numpy().astype(np.int64),
        meters=edges["meters"].to_numpy().astype(np.float64),
        seconds=edges["seconds"].to_numpy().astype(np.float64),
    )


def write_network(directory: Path, network: RoadNetwork) -> None:
    """Write the network's two Parquet files; metres and seconds as 32-bit floats."""
    nodes = pa.table({"lat": network.lat, "lng": network.lng})
    edges = pa.table(
        {
            "source": network.source.astype(np.int32),
            "target": network.target.astype(np.int32),
            "meters": network.meters.astype(np.float32),
            "seconds": network.seconds.astype(np.float32),
        }
    )
    pq.write_table(nodes, directory / _NODES, compression="zstd")
    pq.write_table(edges, directory / _EDGES, compression="zstd")

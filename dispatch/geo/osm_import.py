"""Create a city's directory from an OpenStreetMap file.

Streets for motor vehicles become a directed network: cut where streets meet and on long stretches, with one-way
rules, lengths, and an average speed from the limit or the kind of street. Only the part within which every
place can be reached from every other is kept.
"""

import gzip
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import numpy as np
import osmium

from dispatch.geo.city import SETTINGS_FILE, STREETS_FILE, CityError, write_network
from dispatch.geo.distance import haversine_m
from dispatch.geo.road_network import RoadNetwork
from dispatch.values.units import LatLng

AVERAGE_KMH: Mapping[str, float] = {
    "motorway": 80.0, "trunk": 60.0, "primary": 32.0, "secondary": 28.0, "tertiary": 25.0,
    "unclassified": 22.0, "residential": 20.0, "living_street": 8.0, "service": 10.0, "road": 20.0,
    "motorway_link": 45.0, "trunk_link": 40.0, "primary_link": 28.0, "secondary_link": 25.0, "tertiary_link": 22.0,
}  # fmt: skip
"""Average speeds with stops, by OpenStreetMap's ``highway``; other kinds carry no taxi."""
OF_LIMIT = 0.65
"""The average share of a posted limit that a city drive reaches, including stops."""
MPH = 1.609344
_HIGHWAYS = osmium.filter.KeyFilter("highway")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_LONGEST_EDGE_M = 250.0
_CLOSED = ("no", "private")
_FORWARD = ("yes", "true", "1")
_DRAWN = {"motorway": 1, "trunk": 1, "primary": 2, "secondary": 3, "tertiary": 4}


@dataclass(frozen=True, slots=True)
class Street:
    """A street as drawn in OpenStreetMap. ``forward`` and ``back``: the permitted directions."""

    nodes: tuple[int, ...]
    points: tuple[LatLng, ...]
    kind: str
    name: str
    kmh: float
    forward: bool
    back: bool


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The result of an import; its text is one line for people."""

    directory: Path
    streets: int
    nodes: int
    edges: int
    dropped_nodes: int

    def __str__(self) -> str:
        return (
            f"{self.directory}: {self.streets} streets, {self.nodes} nodes, {self.edges} one-way edges; "
            f"{self.dropped_nodes} nodes left out that cannot be reached both ways"
        )


def import_osm(pbf_path: Path, out_dir: Path, name: str, time_zone: str) -> ImportResult:
    """Read ``.osm.pbf`` or ``.osm`` into the directory ``out_dir/name``, which is created or overwritten.

    Raises CityError where the file cannot be read, holds no streets, the time zone is unknown or
    the name is no plain word.
    """
    if not _NAME.fullmatch(name):
        raise CityError(f"no name for a city: {name!r} (small letters, digits, _ and -)")
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise CityError(f"no time zone {time_zone!r}") from error
    streets = read_streets(pbf_path)
    if not streets:
        raise CityError(f"{pbf_path}: no streets for motor vehicles")
    whole = network_of(streets)
    network = whole.strongly_connected()
    if not len(network.source):
        raise CityError(f"{pbf_path}: no two places that can be reached from each other")
    directory = out_dir / name
    directory.mkdir(parents=True, exist_ok=True)
    write_network(directory, network)
    (directory / STREETS_FILE).write_bytes(gzip.compress(_geojson(streets), mtime=0))
    (directory / SETTINGS_FILE).write_text(_settings(name, time_zone), "utf-8")
    return ImportResult(directory, len(streets), network.size, len(network.source), whole.size - network.size)


def read_streets(path: Path) -> list[Street]:
    if not path.is_file():
        raise CityError(f"no file {path}")
    entries = osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations()
    try:
        ways = [_street(e) for e in entries.with_filter(_HIGHWAYS) if isinstance(e, osmium.osm.Way)]
    except RuntimeError as error:
        raise CityError(f"{path}: {error}") from error
    return [street for street in ways if street is not None]


def _street(way: osmium.osm.Way) -> Street | None:
    tags = dict(way.tags)
    kind = tags.get("highway", "")
    if kind not in AVERAGE_KMH or _is_closed(tags):
        return None
    places = [(node.ref, LatLng(node.lat, node.lon)) for node in way.nodes if node.location.valid()]
    if len(places) < 2:
        return None
    forward, back = directions(tags)
    refs, points = zip(*places, strict=True)
    return Street(refs, points, kind, tags.get("name", ""), average_kmh(tags), forward, back)


def _is_closed(tags: Mapping[str, str]) -> bool:
    """True if motor vehicles may not pass; the most specific tag decides."""
    for key in ("taxi", "motorcar", "motor_vehicle", "vehicle", "access"):
        if key in tags:
            return tags[key] in _CLOSED
    return tags.get("area") == "yes"


def directions(tags: Mapping[str, str]) -> tuple[bool, bool]:
    """Permission to drive along the street as drawn, and against it."""
    oneway = tags.get("oneway", "")
    if oneway in ("-1", "reverse"):
        return False, True
    implied = tags["highway"] == "motorway" or tags.get("junction") in ("roundabout", "circular")
    return True, not (oneway in _FORWARD or (implied and oneway != "no"))


def average_kmh(tags: Mapping[str, str]) -> float:
    """The expected speed: a share of a numeric limit, else the speed of the kind of street."""
    words = tags.get("maxspeed", "").replace("mph", " mph").split()
    if words and words[0].isdecimal() and int(words[0]) > 0:
        return int(words[0]) * (MPH if words[-1] == "mph" else 1.0) * OF_LIMIT
    return AVERAGE_KMH[tags["highway"]]


def network_of(streets: list[Street]) -> RoadNetwork:
    """The directed network of all streets, including unreachable parts."""
    uses = Counter(node for street in streets for node in street.nodes)
    places: dict[int, LatLng] = {}
    number: dict[int, int] = {}
    edges: list[tuple[int, int, float, float]] = []
    for street in streets:
        places.update(zip(street.nodes, street.points, strict=True))
        for start, end, meters in _pieces(street, uses):
            for ref in (start, end):
                number.setdefault(ref, len(number))
            a, b, seconds = number[start], number[end], max(0.1, meters / street.kmh * 3.6)
            edges += [(a, b, meters, seconds)] * street.forward + [(b, a, meters, seconds)] * street.back
    columns = np.array(edges).reshape(-1, 4)
    return RoadNetwork(
        lat=np.array([places[ref].lat for ref in number]),
        lng=np.array([places[ref].lng for ref in number]),
        source=columns[:, 0].astype(np.int64),
        target=columns[:, 1].astype(np.int64),
        meters=columns[:, 2].copy(),
        seconds=columns[:, 3].copy(),
    )


def _pieces(street: Street, uses: Counter[int]) -> Iterator[tuple[int, int, float]]:
    """First node, last node and metres between cuts: at street ends, where streets meet, on long stretches."""
    start, meters = street.nodes[0], 0.0
    last = len(street.nodes) - 1
    for i in range(1, last + 1):
        meters += haversine_m(street.points[i - 1], street.points[i])
        node = street.nodes[i]
        if i == last or uses[node] > 1 or meters >= _LONGEST_EDGE_M:
            yield start, node, meters
            start, meters = node, 0.0


def _geojson(streets: list[Street]) -> bytes:
    """The streets as lines to draw, with ``name``, ``class`` (1 the largest, 5 the smallest) and ``oneway``."""
    features = [
        {
            "type": "Feature",
            "properties": {
                "name": street.name,
                "class": _DRAWN.get(street.kind.removesuffix("_link"), 5),
                "oneway": int(not (street.forward and street.back)),
            },
            "geometry": {
                "type": "LineString",
                "coordinates": [[round(p.lng, 5), round(p.lat, 5)] for p in street.points],
            },
        }
        for street in streets
    ]
    return msgspec.json.encode({"type": "FeatureCollection", "features": features})


def _settings(name: str, time_zone: str) -> str:
    title = msgspec.json.encode(name.replace("_", " ").title()).decode()
    return (
        f'title = {title}\ntime_zone = "{time_zone}"\n'
        'sources = ["Streets: OpenStreetMap contributors, Open Database License 1.0"]\n'
    )

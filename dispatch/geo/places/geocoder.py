"""Search for places by name, and names of points, from the city's own streets: no request leaves the machine.

The streets have no house numbers: ``500 Market St`` returns Market Street, at the point nearest to the searcher, and
its text names the street only. A crossing is exact.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec
import numpy as np
from scipy.spatial import cKDTree

from dispatch.geo.arrays import FloatArray, IntArray
from dispatch.geo.distance import chord2_to_meters, haversine_m, haversine_many, unit_vectors
from dispatch.geo.geofence import Geofence
from dispatch.geo.places.fuzzy_words import WordIndex
from dispatch.geo.places.query_parser import streets_in
from dispatch.geo.places.street_names import KINDS, is_place, readable, words_of
from dispatch.values.units import LatLng

MOST_FOUND: Final = 8
_CORNER_M: Final = 45.0
"""A point within this distance of a crossing is named after it."""
_STREET_M: Final = 300.0
"""A point farther from every street has no name."""
_STEP_M: Final = 20.0
_PENALTY_A_KM: Final = 0.04
_PENALTY_MOST: Final = 0.4
_KIND_WEIGHT: Final = 0.2
_CANDIDATES: Final = 40


class _Properties(msgspec.Struct):
    name: str = ""
    size: int = msgspec.field(default=5, name="class")


class _Line(msgspec.Struct):
    coordinates: list[tuple[float, float]]


class _Feature(msgspec.Struct):
    properties: _Properties
    geometry: _Line


class _Streets(msgspec.Struct):
    features: list[_Feature]


class NamedPlace(NamedTuple):
    """A point and its name."""

    point: LatLng
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class _Street:
    """A street: its words, its class (1 the largest), and points along it, each with latitude and longitude."""

    text: str
    words: tuple[str, ...]
    size: int
    points: FloatArray

    @property
    def core(self) -> tuple[str, ...]:
        return self.words[:-1] if len(self.words) > 1 and self.words[-1] in KINDS else self.words

    def nearest(self, near: LatLng | None) -> LatLng:
        """The street's point nearest to ``near``, else to its own middle."""
        to = np.asarray(near, np.float64) if near is not None else self.points.mean(axis=0)
        at = int(haversine_many(self.points[:, 0], self.points[:, 1], to[0], to[1]).argmin())
        return LatLng(*self.points[at].tolist())


class PlaceIndex:
    """The streets, crossings and zones of one city, created by :func:`read_places`."""

    def __init__(self, streets: Sequence[_Street], corners: Mapping[LatLng, tuple[int, ...]], zones: Iterable[Geofence],
                 title: str) -> None:  # fmt: skip
        self._streets = streets
        self._zones = tuple(zones)
        self._zone_words = [frozenset((*words_of(zone.title), *words_of(zone.name))) for zone in self._zones]
        title_words = words_of(title)
        self._city = frozenset((*title_words, "".join(word[0] for word in title_words)))
        names = [(*street.words, "".join(street.core)) for street in streets]
        self._words = WordIndex([*names, *self._zone_words])
        self._corners = list(corners)
        self._streets_at = [corners[point] for point in self._corners]
        self._corners_of: dict[int, list[int]] = defaultdict(list)
        for number, meeting in enumerate(self._streets_at):
            for street in meeting:
                self._corners_of[street].append(number)
        self._corner_tree = _tree(np.array(self._corners, np.float64).reshape(-1, 2))
        self._owner = np.repeat(np.arange(len(streets)), [len(street.points) for street in streets])
        self._point_tree = _tree(np.concatenate([street.points for street in streets] or [np.empty((0, 2))]))

    def search(self, text: str, near: LatLng | None = None) -> list[NamedPlace]:
        """The places that match ``text``, best first, nearer ones preferred; at most :data:`MOST_FOUND`."""
        parts = streets_in(text, self._city)
        if not parts:
            return []
        if len(parts) == 2:
            crossing = self._crossings(parts[0], parts[1], near)
            if crossing:
                return crossing
        matching = self._matching(parts[0])
        if not matching:
            return self._unparted(parts[0], near)
        found = [(score, self._place(number, near)) for number, score in matching]
        return _best((score - _far(place.point, near), place) for score, place in found)

    def _unparted(self, words: Sequence[str], near: LatLng | None) -> list[NamedPlace]:
        """A crossing typed without a word between its streets: ``haight ashbury``."""
        splits = (self._crossings(words[:at], words[at:], near) for at in range(1, len(words)))
        return next(filter(None, splits), [])

    def _matching(self, words: Sequence[str]) -> list[tuple[int, float]]:
        """Numbers of the best streets and (after them) zones that contain every word, with their scores."""
        named = [word for word in words if word not in KINDS] or list(words)
        hits = [self._words.find(word) for word in named]
        common = sorted(set(hits[0]).intersection(*hits[1:])) if hits else []
        scored = [(number, self._score(number, words, [hit[number] for hit in hits])) for number in common]
        return sorted(scored, key=lambda each: (-each[1], each[0]))[:_CANDIDATES]

    def _score(self, number: int, words: Sequence[str], weights: Sequence[float]) -> float:
        """The quality of the match, the matched share of the name, and a bonus or malus for the kind of street."""
        fit = sum(weights) / len(weights)
        if number >= len(self._streets):
            return fit
        street = self._streets[number]
        share = min(1.0, len(weights) / len(street.core))
        kinds = [word for word in words[1:] if word in KINDS]
        right = 0.0 if not kinds else (_KIND_WEIGHT if kinds[-1] in street.words else -_KIND_WEIGHT)
        return fit + 0.3 * share + right - 0.02 * street.size

    def _place(self, number: int, near: LatLng | None) -> NamedPlace:
        if number >= len(self._streets):
            zone = self._zones[number - len(self._streets)]
            return NamedPlace(zone.center, zone.title)
        street = self._streets[number]
        return NamedPlace(street.nearest(near), street.text)

    def _crossings(self, first: Sequence[str], second: Sequence[str], near: LatLng | None) -> list[NamedPlace]:
        """Where a street of the first name meets one of the second."""
        ones, others = self._matching(first), dict(self._matching(second))
        found: dict[tuple[int, int], tuple[float, NamedPlace]] = {}
        for one, score in ones:
            for corner in self._corners_of.get(one, ()):
                for other in self._streets_at[corner]:
                    if other == one or other not in others:
                        continue
                    point = self._corners[corner]
                    total = score + others[other] - _far(point, near)
                    place = NamedPlace(point, f"{self._streets[one].text} & {self._streets[other].text}")
                    if (one, other) not in found or total > found[one, other][0]:
                        found[one, other] = (total, place)
        return _best(found.values())

    def name_at(self, point: LatLng) -> str:
        """The name of a point: its zone, its crossing, or the nearest street; empty if it is far from all."""
        for zone in self._zones:
            if zone.contains(point):
                return zone.title
        corner, meters = _nearest(self._corner_tree, point)
        if meters <= _CORNER_M:
            meeting = sorted(self._streets_at[corner], key=lambda number: (self._streets[number].size, number))
            return " & ".join(self._streets[number].text for number in meeting[:2])
        at, meters = _nearest(self._point_tree, point)
        return self._streets[int(self._owner[at])].text if meters <= _STREET_M else ""


def read_places(streets: bytes, zones: Iterable[Geofence], title: str) -> PlaceIndex:
    """The place index from a city's streets as GeoJSON, its zones and its title. Takes some tenths of a second.

    Raises ``msgspec.DecodeError`` for other input.
    """
    lines: dict[str, list[_Feature]] = defaultdict(list)
    for feature in msgspec.json.decode(streets, type=_Streets).features:
        if is_place(feature.properties.name):
            lines[readable(" ".join(feature.properties.name.split()))].append(feature)
    names = sorted(lines)
    meeting: dict[LatLng, set[int]] = defaultdict(set)
    for number, name in enumerate(names):
        for feature in lines[name]:
            for lng, lat in feature.geometry.coordinates:
                meeting[LatLng(lat, lng)].add(number)
    corners = {point: tuple(sorted(those)) for point, those in meeting.items() if len(those) > 1}
    return PlaceIndex([_street(name, lines[name]) for name in names], corners, zones, title)


def _street(name: str, features: Sequence[_Feature]) -> _Street:
    points = np.array([point[::-1] for feature in features for point in feature.geometry.coordinates], np.float64)
    last = np.cumsum([len(feature.geometry.coordinates) for feature in features]) - 1
    size = min(feature.properties.size for feature in features)
    return _Street(name, tuple(words_of(name)), size, _stepped(points, last))


def _stepped(points: FloatArray, last: IntArray) -> FloatArray:
    """The points of lines with points added, at most :data:`_STEP_M` apart. ``last``: the last index of each
    line."""
    start = np.delete(np.arange(len(points)), last)
    a, b = points[start], points[start + 1]
    steps = np.maximum(1, np.ceil(haversine_many(a[:, 0], a[:, 1], b[:, 0], b[:, 1]) / _STEP_M)).astype(np.int64)
    group = np.repeat(np.arange(len(start)), steps)
    part = (np.arange(len(group)) - np.repeat(np.cumsum(steps) - steps, steps)) / steps[group]
    between: FloatArray = a[group] + (b - a)[group] * part[:, None]
    return np.concatenate((between, points[last]))


def _best(found: Iterable[tuple[float, NamedPlace]]) -> list[NamedPlace]:
    return [place for _, place in sorted(found, key=lambda each: (-each[0], each[1].text))[:MOST_FOUND]]


def _far(point: LatLng, near: LatLng | None) -> float:
    """The penalty of distance, subtracted from a score."""
    return 0.0 if near is None else min(_PENALTY_MOST, _PENALTY_A_KM * haversine_m(point, near) / 1000)


def _tree(points: FloatArray) -> cKDTree:
    return cKDTree(unit_vectors(points[:, 0], points[:, 1]))


def _nearest(tree: cKDTree, point: LatLng) -> tuple[int, float]:
    if tree.n == 0:
        return 0, np.inf
    chord, at = tree.query(unit_vectors(np.array([point.lat]), np.array([point.lng])))
    meters = chord2_to_meters(np.square(np.asarray(chord, np.float64)))
    return int(np.asarray(at)[0]), float(meters[0])

"""What one host tells the live map: its cars by H3 cell, what has changed since the last frame, and how many there are.

Rule 1. A car's number is the host's own. Its name goes with the first frame of each cell that it comes to.
Rule 2. A car that leaves a cell is told there as gone; a cell that was left empty is told whole (and empty) for a
        while, so that a console which missed that forgets its cars too.
Rule 3. Each cell has its turn at being told whole, spread over the round so that no burst arises. A cell that is new
        is told whole at once.
Rule 4. A car that went offline is shown so for ``OFFLINE_SHOWN_S``, then it is gone. One that is in service stays
        where it was last heard, however long ago: that it is silent is for a dispatcher to see.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from dispatch.api.fields import CellCount, CellFrame
from dispatch.api.live_map.cell_codec import MapCarArrays, heading_bytes, pack, pack_gone
from dispatch.api.server_messages import MapCounts
from dispatch.geo.arrays import FloatArray, IntArray
from dispatch.geo.cells import Cell, cell_name, cells_of
from dispatch.geo.distance import unit_vectors
from dispatch.geo.index.cell_slots import NOWHERE, CellSlots
from dispatch.values.units import CityTime
from dispatch.values.vehicle_states import MAP_STATES

RESOLUTION: Final = 7
TURNS: Final = 25
"""Frames in a round: each cell is told whole once in so many."""
OFFLINE_SHOWN_S: Final = 300.0
"""City seconds that a car is shown as offline."""
EMPTY_ROUNDS: Final = 3
"""Rounds in which a cell that was left empty is still told."""
NUMBERS: Final = 65_536
_STATE_OF: Final = {state: place for place, state in enumerate(MAP_STATES)}
_OFFLINE: Final = _STATE_OF["offline"]
_STRIDE: Final = 7
"""Turns between cells that are made one after the other; prime to ``TURNS``."""


class MapPosition(NamedTuple):
    """Where a vehicle is believed to be, for the matcher and the map."""

    vehicle: str
    state: str
    lat: float
    lng: float
    heading: float | None
    at: float


class _CellPlace:
    """A cell in which this host has, or lately had, cars."""

    __slots__ = ("empty_rounds", "name", "numbers", "told", "turn")

    def __init__(self, name: str, turn: int) -> None:
        self.name = name
        self.turn = turn
        self.told = False
        self.numbers: dict[int, None] = {}
        self.empty_rounds = 0


class CellIndex:
    """The cars of the host ``host``. ``turn`` counts frames."""

    def __init__(self, host: str) -> None:
        self.host = host
        self._turn = 0
        self._cells_made = 0
        self._numbers: dict[str, int] = {}
        self._names: list[str] = []
        self._free: deque[int] = deque()
        self._cell: list[Cell] = []
        self._places: dict[Cell, _CellPlace] = {}
        self._offline_since: dict[int, CityTime] = {}
        self._moved: dict[int, None] = {}
        self._entered: dict[Cell, dict[int, None]] = {}
        self._left: dict[Cell, dict[int, None]] = {}
        self._table = CellSlots()
        self._slot = np.zeros(64, np.int64)
        self._lat = np.zeros(64)
        self._lng = np.zeros(64)
        self._at = np.zeros(64)
        self._heading = np.zeros(64, np.uint8)
        self._state = np.zeros(64, np.uint8)

    def __len__(self) -> int:
        """Cars on the map."""
        return len(self._numbers)

    # ── what is heard ────────────────────────────────────────────────────────────────────────────────────────────

    def update(self, positions: Sequence[MapPosition], now: CityTime) -> None:
        """Cars that have moved or changed, each at most once. What is in no state of ``MAP_STATES`` is not shown."""
        known = [p for p in positions if p.state in _STATE_OF]
        if self._offline_since or any(p.state == "offline" for p in known):
            known = [p for p in known if not self._hidden(p, now)]
        kept = [(number, p) for p in known if (number := self._number(p.vehicle)) is not None]
        if kept:
            self._take([number for number, _ in kept], [p for _, p in kept])

    def _take(self, numbers: list[int], positions: Sequence[MapPosition]) -> None:
        _, states, lats, lngs, headings, ats = zip(*positions, strict=True)
        rows, lat, lng = np.array(numbers, np.int64), np.array(lats), np.array(lngs)
        self._lat[rows], self._lng[rows], self._at[rows] = lat, lng, ats
        self._heading[rows] = heading_bytes(headings)
        self._state[rows] = [_STATE_OF[state] for state in states]
        self._moved.update(dict.fromkeys(numbers))
        left = np.flatnonzero(~self._table.surely_in(unit_vectors(lat, lng), self._slot[rows]))
        if len(left):
            self._look_up(rows[left], lat[left], lng[left])

    def _look_up(self, rows: IntArray, lat: FloatArray, lng: FloatArray) -> None:
        """The cells of cars that may have left theirs: a look-up costs a microsecond, to see who has not a tenth."""
        cells = cells_of(lat.tolist(), lng.tolist(), RESOLUTION)
        self._slot[rows] = self._table.slots(cells)
        for number, cell in zip(rows.tolist(), cells, strict=True):
            if self._cell[number] != cell:
                self._enter(number, cell)

    def _hidden(self, position: MapPosition, now: CityTime) -> bool:
        """Whether this car has been offline for too long to be shown; notes since when it is."""
        number = self._numbers.get(position.vehicle)
        if position.state != "offline":
            if number is not None:
                self._offline_since.pop(number, None)
            return False
        if number is None:
            return True  # it is not on the map, and has nothing to show there
        self._offline_since.setdefault(number, now)
        return False

    def _number(self, vehicle: str) -> int | None:
        """The car's number, a new one if need be; None where there are none left."""
        number = self._numbers.get(vehicle)
        if number is not None:
            return number
        if len(self._names) < NUMBERS:
            number = len(self._names)
            self._names.append(vehicle)
            self._cell.append(Cell(0))
            self._grow(number)
        elif self._free:
            number = self._free.popleft()
            self._names[number] = vehicle
        else:
            return None
        self._numbers[vehicle] = number
        return number

    def _grow(self, number: int) -> None:
        size = len(self._lat)
        if number < size:
            return
        more = np.zeros(size)
        self._lat, self._lng, self._at = (np.concatenate([a, more]) for a in (self._lat, self._lng, self._at))
        self._slot = np.concatenate([self._slot, more.astype(np.int64)])
        self._heading, self._state = (np.concatenate([a, more.astype(np.uint8)]) for a in (self._heading, self._state))

    def _enter(self, number: int, cell: Cell) -> None:
        self._leave(number)
        place = self._places.get(cell)
        if place is None:
            place = self._places[cell] = _CellPlace(cell_name(cell), self._cells_made * _STRIDE % TURNS)
            self._cells_made += 1
        place.numbers[number] = None
        self._cell[number] = cell
        self._entered.setdefault(cell, {})[number] = None
        self._left.get(cell, {}).pop(number, None)

    def _leave(self, number: int) -> None:
        before = self._places.get(self._cell[number])
        if before is None or number not in before.numbers:
            return
        cell = self._cell[number]
        del before.numbers[number]
        before.empty_rounds = 0
        self._entered.get(cell, {}).pop(number, None)
        self._left.setdefault(cell, {})[number] = None

    def _drop_offline(self, now: CityTime) -> None:
        gone = [number for number, since in self._offline_since.items() if now - since >= OFFLINE_SHOWN_S]
        for number in gone:
            self._leave(number)
            del self._offline_since[number], self._numbers[self._names[number]]
            self._cell[number] = Cell(0)
            self._slot[number] = NOWHERE
            self._moved.pop(number, None)
            self._free.append(number)

    # ── what is told ─────────────────────────────────────────────────────────────────────────────────────────────

    def frames(self, now: CityTime, turns: int = 1) -> list[CellFrame]:
        """The frames of the next ``turns``: changes, and the cells whose turn it is whole."""
        self._drop_offline(now)
        changed: dict[Cell, list[int]] = {}
        for number in self._moved:
            changed.setdefault(self._cell[number], []).append(number)
        frames = []
        for cell, place in list(self._places.items()):
            if (place.turn - self._turn) % TURNS < turns or not place.told:
                frames.append(self._whole(cell, place, now))
            elif cell in changed or self._left.get(cell):
                frames.append(self._delta(cell, place, changed.get(cell, []), now))
        self._moved.clear()
        self._entered.clear()
        self._left.clear()
        self._turn = (self._turn + turns) % TURNS
        return frames

    def _whole(self, cell: Cell, place: _CellPlace, now: CityTime) -> CellFrame:
        place.told = True
        numbers = list(place.numbers)
        if not numbers:
            place.empty_rounds += 1
            if place.empty_rounds >= EMPTY_ROUNDS:
                del self._places[cell]
        names = {number: self._names[number] for number in numbers}
        return CellFrame(place.name, self.host, now, True, self._packed(place.name, numbers, now), names)

    def _delta(self, cell: Cell, place: _CellPlace, moved: list[int], now: CityTime) -> CellFrame:
        left = np.array(list(self._left.get(cell, ())), np.uint16)
        names = {number: self._names[number] for number in self._entered.get(cell, ())}
        cars = self._packed(place.name, moved, now) + pack_gone(left)
        return CellFrame(place.name, self.host, now, False, cars, names)

    def _packed(self, cell: str, numbers: list[int], now: CityTime) -> bytes:
        rows = np.array(numbers, np.int64)
        age = now - self._at[rows]
        return pack(
            cell, MapCarArrays(rows, self._lat[rows], self._lng[rows], self._heading[rows], self._state[rows], age)
        )

    def counts(self, now: CityTime) -> MapCounts:
        """Cars of each state in each cell that holds any."""
        cells = []
        for place in self._places.values():
            if place.numbers:
                states = self._state[np.fromiter(place.numbers, np.int64, len(place.numbers))]
                cells.append(CellCount(place.name, np.bincount(states, minlength=len(MAP_STATES)).tolist()))
        return MapCounts(self.host, now, cells)

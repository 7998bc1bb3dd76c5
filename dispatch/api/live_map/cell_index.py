"""The live map of one host: its vehicles by H3 cell, the changes since the last frame, and the counts per cell.

Rule 1. A vehicle's number is the host's own. Its name is sent with the first frame of each cell that it enters.
Rule 2. A vehicle that leaves a cell is reported there as gone. A cell that became empty gets whole, empty frames for a
        while, so that a console that missed the change removes the vehicles too.
Rule 3. Each cell has its turn for a whole frame, spread over the round to avoid bursts. A new cell gets one at once.
Rule 4. A vehicle that went offline is shown for ``OFFLINE_SHOWN_S``, then removed. A vehicle in service stays at its
        last position, however old, so that dispatchers see that it is silent.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from dispatch.api.fields import CellCount, CellFrame
from dispatch.api.live_map.cell_codec import pack_gone
from dispatch.api.live_map.cell_members import TURNS, CellMembers, CellMembership
from dispatch.api.live_map.vehicle_slots import STATE_INDEX, MapPosition, VehicleSlots
from dispatch.api.server_messages import MapCounts
from dispatch.geo.arrays import FloatArray, IntArray
from dispatch.geo.cells import Cell, cells_of
from dispatch.geo.distance import unit_vectors
from dispatch.geo.index.cell_slots import CellSlots
from dispatch.values.units import CityTime
from dispatch.values.vehicle_states import MAP_STATES

RESOLUTION: Final = 7
OFFLINE_SHOWN_S: Final = 300.0
"""City seconds for which an offline vehicle is shown."""
EMPTY_ROUNDS: Final = 3
"""Rounds in which a cell that became empty still gets frames."""


class CellIndex:
    """The vehicles of the host ``host``."""

    def __init__(self, host: str) -> None:
        self.host = host
        self._turn = 0
        self._slots = VehicleSlots()
        self._members = CellMembers()
        self._table = CellSlots()
        self._offline_since: dict[int, CityTime] = {}
        self._moved: dict[int, None] = {}

    def __len__(self) -> int:
        return len(self._slots)

    def update(self, positions: Sequence[MapPosition], now: CityTime) -> None:
        """Vehicles that moved or changed, each at most once. States outside ``MAP_STATES`` are not shown."""
        known = [p for p in positions if p.state in STATE_INDEX]
        if self._offline_since or any(p.state == "offline" for p in known):
            known = [p for p in known if not self._is_hidden(p, now)]
        kept = [(number, p) for p in known if (number := self._slots.assign(p.vehicle)) is not None]
        if kept:
            self._store([number for number, _ in kept], [p for _, p in kept])

    def _store(self, numbers: list[int], positions: Sequence[MapPosition]) -> None:
        rows = np.array(numbers, np.int64)
        lat, lng = self._slots.store(rows, positions)
        self._moved.update(dict.fromkeys(numbers))
        left = np.flatnonzero(~self._table.surely_in(unit_vectors(lat, lng), self._slots.table_slot[rows]))
        if len(left):
            self._look_up(rows[left], lat[left], lng[left])

    def _look_up(self, rows: IntArray, lat: FloatArray, lng: FloatArray) -> None:
        """Cells of vehicles that may have left theirs: a look-up costs 1 µs, ``surely_in`` less than a tenth of it."""
        cells = cells_of(lat.tolist(), lng.tolist(), RESOLUTION)
        self._slots.table_slot[rows] = self._table.slots(cells)
        for number, cell in zip(rows.tolist(), cells, strict=True):
            before = self._slots.cell[number]
            if before != cell:
                self._members.move(number, before, cell)
                self._slots.cell[number] = cell

    def _is_hidden(self, position: MapPosition, now: CityTime) -> bool:
        """Whether this vehicle is offline and already shown as such, or not on the map; records since when."""
        number = self._slots.number(position.vehicle)
        if position.state != "offline":
            if number is not None:
                self._offline_since.pop(number, None)
            return False
        if number is None:
            return True
        self._offline_since.setdefault(number, now)
        return False

    def _remove_offline(self, now: CityTime) -> None:
        gone = [number for number, since in self._offline_since.items() if now - since >= OFFLINE_SHOWN_S]
        for number in gone:
            self._members.leave(number, self._slots.cell[number])
            self._slots.release(number)
            del self._offline_since[number]
            self._moved.pop(number, None)

    def frames(self, now: CityTime, turns: int = 1) -> list[CellFrame]:
        """The frames of the next ``turns``: changes, and whole frames of the cells whose turn it is."""
        self._remove_offline(now)
        changed: dict[Cell, list[int]] = {}
        for number in self._moved:
            changed.setdefault(self._slots.cell[number], []).append(number)
        frames = []
        for cell, members in list(self._members.cells.items()):
            if (members.turn - self._turn) % TURNS < turns or not members.sent_whole:
                frames.append(self._whole(cell, members, now))
            elif cell in changed or self._members.left.get(cell):
                frames.append(self._delta(cell, members, changed.get(cell, []), now))
        self._moved.clear()
        self._members.clear_changes()
        self._turn = (self._turn + turns) % TURNS
        return frames

    def _whole(self, cell: Cell, members: CellMembership, now: CityTime) -> CellFrame:
        members.sent_whole = True
        numbers = list(members.numbers)
        if not numbers:
            members.empty_rounds += 1
            if members.empty_rounds >= EMPTY_ROUNDS:
                del self._members.cells[cell]
        names = {number: self._slots.names[number] for number in numbers}
        cars = self._slots.packed(members.name, numbers, now)
        return CellFrame(members.name, self.host, now, True, cars, names)

    def _delta(self, cell: Cell, members: CellMembership, moved: list[int], now: CityTime) -> CellFrame:
        left = np.array(list(self._members.left.get(cell, ())), np.uint16)
        names = {number: self._slots.names[number] for number in self._members.entered.get(cell, ())}
        cars = self._slots.packed(members.name, moved, now) + pack_gone(left)
        return CellFrame(members.name, self.host, now, False, cars, names)

    def counts(self, now: CityTime) -> MapCounts:
        """Vehicles of each state in each cell that contains any."""
        cells = []
        for members in self._members.cells.values():
            if members.numbers:
                states = self._slots.state[np.fromiter(members.numbers, np.int64, len(members.numbers))]
                cells.append(CellCount(members.name, np.bincount(states, minlength=len(MAP_STATES)).tolist()))
        return MapCounts(self.host, now, cells)

"""The numbering of a host's vehicles on the live map, and the last known position of each."""

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from dispatch.api.live_map.cell_codec import MapCarArrays, heading_bytes, pack
from dispatch.geo.arrays import FloatArray, IntArray
from dispatch.geo.cells import Cell
from dispatch.geo.index.cell_slots import NOWHERE
from dispatch.values.vehicle_states import MAP_STATES

MAX_VEHICLES: Final = 65_536
"""A frame stores a number in 16 bits."""
STATE_INDEX: Final = {state: index for index, state in enumerate(MAP_STATES)}
_NO_CELL: Final = Cell(0)


class MapPosition(NamedTuple):
    """The last accepted position of a vehicle, for the live map."""

    vehicle: str
    state: str
    lat: float
    lng: float
    heading: float | None
    at: float


class VehicleSlots:
    """Columns indexed by a vehicle's number. Numbers of removed vehicles are reused, the oldest first."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._free: deque[int] = deque()
        self.names: list[str] = []
        self.cell: list[Cell] = []
        self.table_slot = np.zeros(64, np.int64)
        """The slot of the vehicle's cell in the cell table."""
        self.state = np.zeros(64, np.uint8)
        self._heading = np.zeros(64, np.uint8)
        self._lat = np.zeros(64)
        self._lng = np.zeros(64)
        self._at = np.zeros(64)

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, vehicle: str) -> int | None:
        return self._numbers.get(vehicle)

    def assign(self, vehicle: str) -> int | None:
        """The vehicle's number, a new one if necessary; None if all numbers are in use."""
        number = self._numbers.get(vehicle)
        if number is not None:
            return number
        if len(self.names) < MAX_VEHICLES:
            number = len(self.names)
            self.names.append(vehicle)
            self.cell.append(_NO_CELL)
            self._grow(number)
        elif self._free:
            number = self._free.popleft()
            self.names[number] = vehicle
        else:
            return None
        self._numbers[vehicle] = number
        return number

    def release(self, number: int) -> None:
        del self._numbers[self.names[number]]
        self.cell[number] = _NO_CELL
        self.table_slot[number] = NOWHERE
        self._free.append(number)

    def store(self, rows: IntArray, positions: Sequence[MapPosition]) -> tuple[FloatArray, FloatArray]:
        """Store one position per row. Returns their latitudes and longitudes."""
        _, states, lats, lngs, headings, ats = zip(*positions, strict=True)
        lat, lng = np.array(lats), np.array(lngs)
        self._lat[rows], self._lng[rows], self._at[rows] = lat, lng, ats
        self._heading[rows] = heading_bytes(headings)
        self.state[rows] = [STATE_INDEX[state] for state in states]
        return lat, lng

    def packed(self, cell: str, numbers: Sequence[int], now: float) -> bytes:
        """The positions of these vehicles, encoded for a frame of ``cell``."""
        rows = np.array(numbers, np.int64)
        age_s = now - self._at[rows]
        columns = MapCarArrays(rows, self._lat[rows], self._lng[rows], self._heading[rows], self.state[rows], age_s)
        return pack(cell, columns)

    def _grow(self, number: int) -> None:
        size = len(self._lat)
        if number < size:
            return
        more = np.zeros(size)
        self._lat, self._lng, self._at = (np.concatenate([a, more]) for a in (self._lat, self._lng, self._at))
        self.table_slot = np.concatenate([self.table_slot, more.astype(np.int64)])
        self._heading, self.state = (np.concatenate([a, more.astype(np.uint8)]) for a in (self._heading, self.state))

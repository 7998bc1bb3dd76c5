"""What a host tells the map, and that a console which hears it knows every car."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.api.fields import CellFrame
from dispatch.api.live_map.cell_codec import GONE, unpack
from dispatch.api.live_map.cell_index import EMPTY_ROUNDS, OFFLINE_SHOWN_S, CellIndex
from dispatch.api.live_map.cell_members import TURNS
from dispatch.api.live_map.vehicle_slots import MapPosition
from dispatch.geo.cells import cell_center, cell_name, cell_of, disk
from dispatch.values.units import CityTime, LatLng
from dispatch.values.vehicle_states import MAP_STATES

CITY_HALL = LatLng(37.7793, -122.4193)
CELLS = disk(cell_of(CITY_HALL, 7), 1)
NOW = CityTime(1_000.0)


def at(vehicle: str, cell: int = 0, state: str = "idle", time: float = 1_000.0) -> MapPosition:
    """A car in the middle of one of seven cells."""
    lat, lng = cell_center(CELLS[cell])
    return MapPosition(vehicle, state, lat, lng, 90.0, time)


class Screen:
    """A console that watches some cells, as the protocol tells it to."""

    def __init__(self, cells: Iterable[int]) -> None:
        self.cells = {cell_name(CELLS[cell]) for cell in cells}
        self.names: dict[int, str] = {}
        self.cars: dict[str, dict[int, str]] = {cell: {} for cell in self.cells}

    def hear(self, frames: Iterable[CellFrame]) -> None:
        for frame in frames:
            if frame.cell not in self.cells:
                continue
            self.names.update(frame.names)
            if frame.whole:
                self.cars[frame.cell].clear()
            for car in unpack(frame.cell, frame.cars):
                if car.state == GONE:
                    self.cars[frame.cell].pop(car.number, None)
                else:
                    self.cars[frame.cell][car.number] = MAP_STATES[car.state]

    def shown(self) -> list[tuple[str, str, str]]:
        """Cell, vehicle and state of each dot."""
        return sorted(
            (cell, self.names[number], state) for cell, cars in self.cars.items() for number, state in cars.items()
        )


def dots(*cars: tuple[int, str, str]) -> list[tuple[str, str, str]]:
    return sorted((cell_name(CELLS[cell]), vehicle, state) for cell, vehicle, state in cars)


def test_a_new_cell_is_told_whole_at_once() -> None:
    """The first frame of a cell holds all its cars and their names."""
    board = CellIndex("vehicle-0")
    board.update([at("V1"), at("V2")], NOW)
    (frame,) = board.frames(NOW)
    assert frame.whole
    assert frame.host == "vehicle-0"
    assert frame.names == {0: "V1", 1: "V2"}
    assert [car.number for car in unpack(frame.cell, frame.cars)] == [0, 1]


def test_only_what_changed_is_told() -> None:
    """Between whole frames a cell tells the cars that have moved, without the names that it told before."""
    board = CellIndex("vehicle-0")
    board.update([at("V1"), at("V2")], NOW)
    board.frames(NOW)
    assert board.frames(NOW) == []
    board.update([at("V2", state="offered", time=998.0)], NOW)
    (frame,) = board.frames(NOW)
    assert not frame.whole
    assert frame.names == {}
    (car,) = unpack(frame.cell, frame.cars)
    assert (car.number, MAP_STATES[car.state], car.age_s) == (1, "offered", 2.0)


def test_a_car_that_crosses_is_gone_here_and_named_there() -> None:
    """The old cell is told that it left; the new one its name."""
    board = CellIndex("vehicle-0")
    board.update([at("V1"), at("V2", 1)], NOW)
    board.frames(NOW)
    board.update([at("V1", 1)], NOW)
    old, new = board.frames(NOW)
    assert [car.state for car in unpack(old.cell, old.cars)] == [GONE]
    assert new.names == {0: "V1"}


def test_whole_frames_are_spread_over_the_round() -> None:
    """In each round each cell is told whole once, and no two of a handful at the same time."""
    board = CellIndex("vehicle-0")
    board.update([at(f"V{cell}", cell) for cell in range(7)], NOW)
    board.frames(NOW)
    told = [[frame.cell for frame in board.frames(NOW) if frame.whole] for _ in range(TURNS)]
    assert sorted(cell for cells in told for cell in cells) == sorted(cell_name(cell) for cell in CELLS)
    assert max(map(len, told)) == 1


def test_a_cell_left_empty_is_told_so_for_a_while() -> None:
    """A console that missed the last car's leaving forgets it with the next whole frame; then the cell is silent."""
    board = CellIndex("vehicle-0")
    board.update([at("V1")], NOW)
    board.frames(NOW)
    board.update([at("V1", 1)], NOW)
    heard = [frame for _ in range(TURNS * (EMPTY_ROUNDS + 2)) for frame in board.frames(NOW)]
    empty = [frame for frame in heard if frame.cell == cell_name(CELLS[0]) and frame.whole]
    assert [frame.cars for frame in empty] == [b""] * EMPTY_ROUNDS


def test_a_car_that_went_offline_is_shown_for_a_while() -> None:
    """Offline first, then gone; one that was never in service does not appear; a new shift brings it back."""
    board, screen = CellIndex("vehicle-0"), Screen(range(7))
    board.update([at("V1"), at("V2", state="offline")], NOW)
    screen.hear(board.frames(NOW))
    assert screen.shown() == dots((0, "V1", "idle"))
    board.update([at("V1", state="offline")], NOW)
    screen.hear(board.frames(NOW))
    assert screen.shown() == dots((0, "V1", "offline"))
    later = CityTime(NOW + OFFLINE_SHOWN_S)
    board.update([at("V1", 1, state="offline")], later)
    screen.hear(board.frames(later))
    assert screen.shown() == []
    assert len(board) == 0
    board.update([at("V1", 1, state="offline")], later)
    assert board.frames(later) == [] or not any(frame.cars for frame in board.frames(later))
    board.update([at("V1", 2)], later)
    screen.hear(board.frames(later))
    assert screen.shown() == dots((2, "V1", "idle"))


def test_a_shift_that_begins_again_keeps_the_car() -> None:
    """Going online in time takes back the farewell."""
    board = CellIndex("vehicle-0")
    board.update([at("V1")], NOW)
    board.update([at("V1", state="offline")], NOW)
    board.update([at("V1")], NOW)
    board.frames(CityTime(NOW + OFFLINE_SHOWN_S))
    assert len(board) == 1


def test_numbers_end_without_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host with more cars than numbers shows those that have one, and gives freed numbers to others."""
    monkeypatch.setattr("dispatch.api.live_map.vehicle_slots.MAX_VEHICLES", 2)
    board, screen = CellIndex("vehicle-0"), Screen(range(7))
    board.update([at("V1"), at("V2"), at("V3")], NOW)
    board.update([at("V1", state="offline")], NOW)
    screen.hear(board.frames(NOW))
    later = CityTime(NOW + OFFLINE_SHOWN_S)
    screen.hear(board.frames(later))
    board.update([at("V3", 1)], later)
    screen.hear(board.frames(later))
    assert screen.shown() == dots((0, "V2", "idle"), (1, "V3", "idle"))


def test_counts_are_of_each_state() -> None:
    """Each cell with cars, in the order of the states."""
    board = CellIndex("vehicle-0")
    board.update([at("V1"), at("V2"), at("V3", 1, "on_trip")], NOW)
    counts = {count.cell: count.cars for count in board.counts(NOW).cells}
    assert counts == {
        cell_name(CELLS[0]): [0, 2, 0, 0, 0, 0, 0, 0],
        cell_name(CELLS[1]): [0, 0, 0, 0, 0, 1, 0, 0],
    }


moves = st.lists(
    st.dictionaries(st.integers(0, 9), st.tuples(st.integers(0, 6), st.sampled_from(MAP_STATES)), max_size=6),
    max_size=60,
)


@given(moves=moves, seed=st.integers(0, 99), loss=st.sampled_from([0.0, 0.5]))
def test_a_console_knows_every_car(moves: list[dict[int, tuple[int, str]]], seed: int, loss: float) -> None:
    """Whatever moves and whatever of the frames is lost: after a round that was heard, the dots are the cars."""
    board, screen, chance = CellIndex("vehicle-0"), Screen([0, 1, 2]), Random(seed)
    truth: dict[int, tuple[int, str]] = {}
    for turn in moves:
        for car, (cell, state) in turn.items():
            if state != "offline" or car in truth:
                truth[car] = (cell, state)
        board.update([at(f"V{car}", cell, state) for car, (cell, state) in turn.items()], NOW)
        screen.hear(frame for frame in board.frames(NOW) if chance.random() >= loss)
        if not loss:
            assert screen.shown() == dots(*((c, f"V{car}", s) for car, (c, s) in truth.items() if c <= 2))
    for _ in range(TURNS):
        screen.hear(board.frames(NOW))
    assert screen.shown() == dots(*((c, f"V{car}", s) for car, (c, s) in truth.items() if c <= 2))

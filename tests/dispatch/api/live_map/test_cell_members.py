"""Which cars are in which cell, and what changed since the last frame."""

from __future__ import annotations

from dispatch.api.live_map.cell_members import TURNS, CellMembers
from dispatch.geo.cells import cell_of
from dispatch.values.units import LatLng

HERE, THERE = (cell_of(LatLng(lat, -122.4), 7) for lat in (37.70, 37.78))


def test_a_car_is_in_one_cell_at_a_time() -> None:
    """Moving on leaves the cell before, and both know of it until the next frame."""
    members = CellMembers()
    members.move(7, HERE, HERE)

    members.move(7, HERE, THERE)

    assert list(members.cells[THERE].numbers) == [7]
    assert not members.cells[HERE].numbers
    assert (list(members.entered[THERE]), list(members.left[HERE])) == ([7], [7])
    members.clear_changes()
    assert not members.entered
    assert not members.left


def test_a_car_that_comes_back_has_not_left() -> None:
    """There and back between two frames is no departure."""
    members = CellMembers()
    for before, cell in ((HERE, HERE), (HERE, THERE), (THERE, HERE)):
        members.move(7, before, cell)

    assert not members.left[HERE]
    assert list(members.left[THERE]) == [7]


def test_whole_frames_are_spread_over_the_round() -> None:
    """Cells that are made one after the other have their turns apart."""
    members = CellMembers()
    for number, lat in enumerate((37.6, 37.7, 37.8, 37.9)):
        members.move(number, HERE, cell_of(LatLng(lat, -122.4), 7))

    turns = [cell.turn for cell in members.cells.values()]
    assert len(set(turns)) == len(turns)
    assert all(0 <= turn < TURNS for turn in turns)

"""Which vehicles of a host are in which cell, and which entered or left a cell since the last frame."""

from typing import Final

from dispatch.geo.cells import Cell, cell_name

TURNS: Final = 25
"""Frames in a round: each cell gets one whole frame per round."""
_STRIDE: Final = 7
"""Turns between cells that are created in succession; coprime to ``TURNS``."""


class CellMembership:
    """A cell that contains vehicles of this host, or lately did; ``turn`` is its turn for whole frames in a round."""

    __slots__ = ("empty_rounds", "name", "numbers", "sent_whole", "turn")

    def __init__(self, name: str, turn: int) -> None:
        self.name = name
        self.turn = turn
        self.sent_whole = False
        self.numbers: dict[int, None] = {}
        self.empty_rounds = 0


class CellMembers:
    """The cells of one host. Vehicles are known by their numbers."""

    def __init__(self) -> None:
        self.cells: dict[Cell, CellMembership] = {}
        self.entered: dict[Cell, dict[int, None]] = {}
        self.left: dict[Cell, dict[int, None]] = {}
        self._created = 0

    def move(self, number: int, before: Cell, cell: Cell) -> None:
        self.leave(number, before)
        members = self.cells.get(cell)
        if members is None:
            members = self.cells[cell] = CellMembership(cell_name(cell), self._created * _STRIDE % TURNS)
            self._created += 1
        members.numbers[number] = None
        self.entered.setdefault(cell, {})[number] = None
        self.left.get(cell, {}).pop(number, None)

    def leave(self, number: int, cell: Cell) -> None:
        members = self.cells.get(cell)
        if members is None or number not in members.numbers:
            return
        del members.numbers[number]
        members.empty_rounds = 0
        self.entered.get(cell, {}).pop(number, None)
        self.left.setdefault(cell, {})[number] = None

    def clear_changes(self) -> None:
        """A frame with the changes was made."""
        self.entered.clear()
        self.left.clear()

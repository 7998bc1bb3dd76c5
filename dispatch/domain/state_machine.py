"""State machines as tables: states by events.

Rule 1: a state changes only by an event, and only as the machine's table says.
Rule 2: this file does not know what the states mean.

A table maps a state to the events it allows, and each of those to the next state. What is not in the table is an
illegal move: a typed error that names state, event and entity, and writes nothing. The diagrams in the documents
are drawn from the tables (:func:`mermaid`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dispatch.domain.entity import Event
from dispatch.domain.errors import ErrorCode, IllegalMoveError

TransitionTable = Mapping[str, Mapping[type[Event], str]]

NEW: Final = "unborn"
"""The state of an entity without events."""


class StateMachine:
    """One state machine. ``code`` is the error of an illegal move."""

    def __init__(self, name: str, table: TransitionTable, code: ErrorCode) -> None:
        self.name = name
        self.table = table
        self._code = code

    def next(self, state: str, event: type[Event], entity_id: str) -> str:
        """The state after ``event``. Raises :class:`IllegalMoveError`."""
        after = self.table.get(state, {}).get(event)
        if after is None:
            raise self.illegal(state, event, entity_id)
        return after

    def allows(self, state: str, event: type[Event]) -> bool:
        """Whether ``event`` may happen in ``state``."""
        return event in self.table.get(state, {})

    def illegal(self, state: str, event: type[Event], entity_id: str) -> IllegalMoveError:
        """The error of an illegal move."""
        return IllegalMoveError(
            self._code, entity=f"{self.name} {entity_id}", state=state, event=str(event.__struct_config__.tag)
        )


def mermaid(machine: StateMachine) -> str:
    """The machine as a Mermaid state diagram; events that lead from one state to the same other share an arrow."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for state, moves in machine.table.items():
        for event, after in moves.items():
            arrows.setdefault((state, after), []).append(str(event.__struct_config__.tag))
    lines = ["stateDiagram-v2"]
    for (state, after), events in arrows.items():
        start = "[*]" if state == NEW else state
        lines.append(f"    {start} --> {after}: {', '.join(events)}")
    return "\n".join(lines) + "\n"

"""State machines as tables of states and events.

Rule 1: a state changes only by an event, and only as the machine's table defines.
Rule 2: this file does not depend on what the states mean.

A table maps each state to its allowed events, and each event to the next state. Any other transition is illegal and
raises an error that names state, event and entity; nothing is written. The diagrams in the documentation are generated
from the tables (:func:`mermaid`).
"""

from collections.abc import Mapping
from typing import Final

from dispatch.domain.entity import Event
from dispatch.domain.errors import ErrorCode, IllegalMoveError

TransitionTable = Mapping[str, Mapping[type[Event], str]]

NEW: Final = "unborn"
"""The state of an entity without events."""


class StateMachine:
    """One state machine. ``code`` is the error code of an illegal transition."""

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
        return event in self.table.get(state, {})

    def illegal(self, state: str, event: type[Event], entity_id: str) -> IllegalMoveError:
        return IllegalMoveError(
            self._code, entity=f"{self.name} {entity_id}", state=state, event=str(event.__struct_config__.tag)
        )


def mermaid(machine: StateMachine) -> str:
    """The machine as a Mermaid state diagram; events between the same two states share an arrow."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for state, moves in machine.table.items():
        for event, after in moves.items():
            arrows.setdefault((state, after), []).append(str(event.__struct_config__.tag))
    lines = ["stateDiagram-v2"]
    for (state, after), events in arrows.items():
        start = "[*]" if state == NEW else state
        lines.append(f"    {start} --> {after}: {', '.join(events)}")
    return "\n".join(lines) + "\n"

"""A machine moves as its table says."""

import pytest

from dispatch.domain.entity import Event
from dispatch.domain.errors import ErrorCode, IllegalMoveError
from dispatch.domain.state_machine import NEW, StateMachine, mermaid
from dispatch.domain.trip import trip_state
from dispatch.domain.vehicle import vehicle_state


class Lit(Event, frozen=True, tag="lit"):
    """The lamp shines."""


class Dimmed(Event, frozen=True, tag="dimmed"):
    """The lamp shines less."""


class Broken(Event, frozen=True, tag="broken"):
    """The lamp is no more."""


LAMP = StateMachine(
    "lamp", {NEW: {Lit: "on"}, "on": {Dimmed: "on", Broken: "gone"}, "gone": {}}, ErrorCode.TRIP_ILLEGAL_MOVE
)


def test_legal_move() -> None:
    """The table's entry is the next state."""
    assert LAMP.allows(NEW, Lit)
    assert LAMP.next(NEW, Lit, "l1") == "on"


@pytest.mark.parametrize("state", ["gone", "no such state"])
def test_illegal_move(state: str) -> None:
    """What is not in the table is an error that names entity, state and event."""
    assert not LAMP.allows(state, Lit)
    with pytest.raises(IllegalMoveError) as caught:
        LAMP.next(state, Lit, "l1")
    assert (caught.value.code, caught.value.entity) == (ErrorCode.TRIP_ILLEGAL_MOVE, "lamp l1")
    assert (caught.value.state, caught.value.event) == (state, "lit")
    assert f"lamp l1 is {state}: no lit" in str(caught.value)


def test_mermaid() -> None:
    """The diagram starts at the unborn state, and events between the same two states share an arrow."""
    both = StateMachine("m", {NEW: {Lit: "on", Dimmed: "on"}, "on": {Broken: "gone"}}, ErrorCode.TRIP_ILLEGAL_MOVE)

    assert mermaid(both) == "stateDiagram-v2\n    [*] --> on: lit, dimmed\n    on --> gone: broken\n"


@pytest.mark.parametrize("machine", [trip_state.MACHINE, vehicle_state.MACHINE], ids=lambda machine: machine.name)
def test_tables_are_whole(machine: StateMachine) -> None:
    """Each state that a move leads to is in the table, and each but the unborn is reached."""
    reached = {after for moves in machine.table.values() for after in moves.values()}

    assert reached | {NEW} == set(machine.table)

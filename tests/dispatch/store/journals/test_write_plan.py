"""Several decisions on one key become one write, and contradictions are found before anything is written."""

from __future__ import annotations

import pytest

from dispatch.domain.entity import ActiveAssignment, EntityKey, Row
from dispatch.store.journal import Append, Batch, StoredCommand, StoredReply, StoredSnapshot
from dispatch.store.journals.write_plan import StreamStep, plan_of

CAR, TRIP = EntityKey("vehicle", "V1"), EntityKey("trip", "T1")
PAIR = ActiveAssignment("V1", "T1")


def append(key: EntityKey, expected: int, *bodies: bytes) -> Append:
    return Append(key, expected, [(1.0, body) for body in bodies])


def reply(command_id: str) -> StoredReply:
    return StoredReply(command_id, b"digest", CAR, b"body")


def test_everything_is_sorted_by_key() -> None:
    """Concurrent writers lock the same rows in the same order."""
    batch = Batch(appends=[append(CAR, 4, b"x"), append(TRIP, 0, b"y")], replies=[reply("c2"), reply("c1")])

    plan = plan_of(batch)

    assert plan.streams == [StreamStep(TRIP, 0, 1), StreamStep(CAR, 4, 5)]
    assert [event.key for event in plan.events] == [TRIP, CAR]
    assert [it.command_id for it in plan.replies] == ["c1", "c2"]
    assert not plan.contradicts_itself


def test_appends_to_one_stream_continue_each_other() -> None:
    """Two appends become one step; a gap breaks the stream."""
    joined = plan_of(Batch(appends=[append(CAR, 4, b"a", b"b"), append(CAR, 6, b"c")]))
    broken = plan_of(Batch(appends=[append(CAR, 4, b"a"), append(CAR, 7, b"b")]))

    assert joined.streams == [StreamStep(CAR, 4, 7)]
    assert [event.seq for event in joined.events] == [5, 6, 7]
    assert (broken.broken, broken.contradicts_itself) == ([CAR], True)


def test_a_command_that_is_done_and_put_is_put() -> None:
    """The later put of a name wins."""
    first, second = (StoredCommand(CAR, "expiry", at, str(CAR), b"") for at in (5.0, 9.0))

    plan = plan_of(Batch(commands_put=[first, second], commands_done=[(CAR, "expiry"), (CAR, "other")]))

    assert (plan.commands_put, plan.commands_done) == ([second], [(CAR, "other")])


def test_an_assignment_and_its_release_cancel_out() -> None:
    """A release of one trip frees the vehicle for another."""
    both = plan_of(Batch(assignments=[PAIR], releases=[PAIR]))
    next_trip = ActiveAssignment("V1", "T2")
    swapped = plan_of(Batch(assignments=[next_trip], releases=[PAIR]))

    assert (both.assignments, both.releases) == ([], [])
    assert (swapped.assignments, swapped.releases) == ([next_trip], [PAIR])


@pytest.mark.parametrize(
    "batch",
    [
        Batch(replies=[reply("c1"), reply("c1")]),
        Batch(assignments=[PAIR, ActiveAssignment("V1", "T2")]),
        Batch(assignments=[PAIR, ActiveAssignment("V2", "T1")]),
    ],
)
def test_contradictions_are_found(batch: Batch) -> None:
    """Two replies to one command, or a vehicle or trip that is assigned twice."""
    assert plan_of(batch).contradicts_itself


def test_the_latest_row_and_snapshot_win() -> None:
    """Columns of rows are merged; of two snapshots the higher number stays."""
    rows = [Row("trip", "T1", {"state": "offered", "seq": 1}), Row("trip", "T1", {"state": "assigned"})]
    snapshots = [StoredSnapshot(CAR, 9, b"new"), StoredSnapshot(CAR, 3, b"old")]

    plan = plan_of(Batch(rows=rows, snapshots=snapshots))

    assert plan.rows == [Row("trip", "T1", {"state": "assigned", "seq": 1})]
    assert plan.snapshots == [snapshots[0]]

"""What a failed batch undoes, and what becomes of its commands."""

from __future__ import annotations

import pytest

from dispatch.actors.core.cached_entity import CachedEntity
from dispatch.actors.core.conflicts import MAX_TRIES, append_relation, is_implicated, plan_rollback, resolve
from dispatch.actors.core.transaction import Transaction
from dispatch.actors.core.work_items import Staged
from dispatch.domain.commands import AppendedElsewhere
from dispatch.domain.entity import ActiveAssignment, AppendElsewhere
from dispatch.domain.errors import ErrorCode
from dispatch.store.journal import Conflict
from tests.dispatch.actors.core.harness import driver, trip_key, vehicle_key
from tests.dispatch.actors.core.work_samples import pending, staged

V, W, T = vehicle_key(), vehicle_key("V2"), trip_key()
NOTICE = AppendedElsewhere(4, ((0.0, b"5"), (0.0, b"6")))


def transaction(*decisions: Staged) -> Transaction:
    made = Transaction()
    for each in decisions:
        made.add(each, [], snapshot=False)
    return made


def test_a_rollback_repeats_decisions_first_then_waiting_commands() -> None:
    """The plan lists flight, open and waiting commands in the order in which they were decided or came."""
    one, two, three, behind = (pending(key, name, driver()) for key, name in ((V, "1"), (W, "2"), (V, "3"), (V, "4")))
    entry = CachedEntity(V, 0.0)
    entry.waiting.append(behind)

    plan = plan_rollback(transaction(staged(one), staged(two)), transaction(staged(three)), {V: entry}, None)

    assert plan.again == [one, two, three, behind]
    assert plan.forget == [V, W]
    assert plan.alone is None


def test_only_implicated_commands_are_isolated() -> None:
    """A conflict names streams: decisions on other streams are repeated together; a second failure isolates all."""
    guilty, innocent = pending(V, "1", driver()), pending(W, "2", driver())
    conflict = Conflict({V: 9}, {}, [])

    first = plan_rollback(transaction(staged(guilty), staged(innocent)), Transaction(), {}, conflict)
    innocent.rolled_back = True
    second = plan_rollback(transaction(staged(guilty), staged(innocent)), Transaction(), {}, conflict)

    assert first.isolated == [guilty]
    assert second.isolated == [guilty, innocent]


def test_a_decision_is_implicated_by_a_stream_that_it_appends_to() -> None:
    """The journal may have refused it for the sake of another entity's stream."""
    other = staged(pending(V, "1", driver()), appends=[AppendElsewhere(T, 3, ())])

    assert is_implicated(other, Conflict({T: 4}, {}, []))
    assert not is_implicated(other, Conflict({W: 4}, {}, []))


def test_how_the_only_command_of_a_batch_goes_on() -> None:
    """Own stream: again; other stream: load it first; assignment: final; too many tries: give up."""
    work = pending(V, "1", driver())
    alone = staged(work, appends=[AppendElsewhere(T, 3, ())])
    taken = Conflict({}, {}, [ActiveAssignment("V1", "T1")])

    assert resolve(alone, Conflict({V: 1}, {}, [])) == resolve(alone, None)
    assert resolve(alone, Conflict({T: 4}, {}, [])).other_entities == [T]
    refusal = resolve(alone, taken).refusal
    assert refusal is not None
    assert refusal.code == ErrorCode.VEHICLE_NOT_FREE
    work.tries = MAX_TRIES
    assert resolve(alone, None).give_up == ErrorCode.UNAVAILABLE
    assert resolve(alone, taken).give_up == ErrorCode.BUSY


@pytest.mark.parametrize(
    ("seq", "relation"), [(3, "behind"), (4, "next"), (5, "overlapping"), (6, "applied"), (7, "applied")]
)
def test_where_an_entity_stands_to_appended_events(seq: int, relation: str) -> None:
    """Events 5 and 6 were appended elsewhere."""
    assert append_relation(NOTICE, seq) == relation

"""The order in which commands are decided: by entity, and retries before new ones."""

from __future__ import annotations

from dispatch.actors.core.cached_entity import CachedEntity
from dispatch.actors.core.decision_queue import DecisionQueue
from dispatch.actors.core.work_items import PendingCommand
from dispatch.domain.entity import Entity
from tests.dispatch.actors.core.harness import City, driver, vehicle_key
from tests.dispatch.actors.core.work_samples import pending

V = vehicle_key()


def loaded() -> CachedEntity:
    """An entry with an entity."""
    city = City()
    city.online()
    entry = CachedEntity(V, 0.0)
    entity: Entity = city.vehicle()
    entry.entity = entity
    return entry


def anything(_: PendingCommand) -> bool:
    return True


def nothing(_: PendingCommand) -> bool:
    return False


def test_retries_keep_their_order_and_come_first() -> None:
    """Commands that were rolled back are decided before those that arrived meanwhile."""
    queue = DecisionQueue()
    first, second, later = (pending(V, name, driver()) for name in ("a", "b", "c"))
    queue.queue_last(later)
    queue.queue_first([first, second])

    assert [queue.next_retry(anything) for _ in range(3)] == [first, second, later]
    assert not queue


def test_a_retry_that_does_not_fit_stays() -> None:
    """An isolated command waits for an empty transaction."""
    queue = DecisionQueue()
    work = pending(V, "a", driver())
    queue.queue_last(work)

    assert queue.next_retry(nothing) is None
    assert queue.next_retry(anything) is work


def test_a_blocked_command_is_first_in_line_again() -> None:
    """When the entity it waited for is loaded, it is decided before those behind it."""
    queue, entry = DecisionQueue(), loaded()
    blocked, behind = pending(V, "a", driver()), pending(V, "b", driver())
    entry.blocked = blocked
    queue.line_up(entry, behind)
    assert queue.next_in_line(entry, anything) is None

    queue.line_up(entry, blocked)
    assert [queue.next_in_line(entry, anything) for _ in range(2)] == [blocked, behind]


def test_a_line_that_does_not_fit_becomes_retries() -> None:
    """The whole line moves, in its order, so that no later command overtakes it."""
    queue, entry = DecisionQueue(), loaded()
    line = [pending(V, name, driver()) for name in ("a", "b")]
    for work in line:
        queue.line_up(entry, work)

    assert queue.next_in_line(entry, nothing) is None
    assert entry.waiting == []
    assert [queue.next_retry(anything) for _ in range(2)] == line


def test_clearing_a_line_removes_its_blocked_command_from_the_retries() -> None:
    """A rollback queues the line again: nothing of it is left elsewhere."""
    queue, entry = DecisionQueue(), loaded()
    blocked = pending(V, "a", driver())
    entry.blocked = blocked
    entry.waiting.append(pending(V, "b", driver()))
    queue.queue_last(blocked)

    queue.clear_line(entry)
    assert (entry.line, bool(queue)) == ([], False)

"""What a committed decision lets out, and in which order."""

from __future__ import annotations

from dispatch.actors.core.effect_buffer import EffectBuffer
from dispatch.actors.core.push_queues import PushQueues
from dispatch.actors.core.subscribers import Subscribers
from dispatch.actors.core.timer_queue import ref_of
from dispatch.store.journal import StoredCommand
from tests.dispatch.actors.core.harness import KINDS, driver, vehicle_key
from tests.dispatch.actors.core.work_samples import pending, staged

V = vehicle_key()


def buffer() -> EffectBuffer:
    return EffectBuffer(Subscribers(KINDS["vehicle"], PushQueues("host")))


def timer(at: float) -> StoredCommand:
    return StoredCommand(V, "offer_expiry", at, str(V), b"")


def test_release_disarms_before_it_arms() -> None:
    """A decision that drops a timer and schedules another under its name leaves the new one armed."""
    effects, old, new = buffer(), timer(1.0), timer(9.0)
    effects.timers.arm(old)

    effects.release(None, staged(pending(V, "1", driver()), scheduled=[new], drop=["offer_expiry"]))

    assert effects.timers.armed(ref_of(old)) == new


def test_a_timer_that_fired_may_be_scheduled_again_by_its_decision() -> None:
    """The fired timer is disarmed first, then the one that its decision schedules is armed."""
    effects, fired, again = buffer(), timer(1.0), timer(5.0)
    effects.timers.arm(fired)
    work = pending(V, "1", driver())
    work.timer = fired

    effects.release(None, staged(work, scheduled=[again]))

    assert effects.timers.armed(ref_of(fired)) == again


def test_all_callers_of_a_command_are_answered() -> None:
    """Repeated sends of one command wait for the same reply."""
    effects = buffer()
    work = pending(V, "1", driver())
    work.tokens.extend([7, 8])

    effects.release(None, staged(work))

    assert [token for token, _ in effects.take().replies] == [7, 8]

"""Decides commands: turns, the open transaction, rollbacks. The part of a host's core that changes entities.

Rule 1. A decision is applied to the entity in memory at once and joins the open transaction.
Rule 2. Nothing of a decision leaves before its transaction is committed; a failed transaction is rolled back.
"""

from collections.abc import Callable, Sequence
from typing import Final

from dispatch.actors.core.cached_entity import CachedEntity
from dispatch.actors.core.conflicts import append_relation, plan_rollback, resolve
from dispatch.actors.core.decision_queue import DecisionQueue
from dispatch.actors.core.effect_buffer import EffectBuffer
from dispatch.actors.core.entity_cache import EntityCache
from dispatch.actors.core.entity_types import EntityKind
from dispatch.actors.core.protocol import Done, Envelope, Refused
from dispatch.actors.core.staging import stage_decision
from dispatch.actors.core.stream_replay import updates_of
from dispatch.actors.core.timer_queue import ref_of
from dispatch.actors.core.transaction import Transaction, TransactionFullError
from dispatch.actors.core.work_items import EntityLoad, PendingCommand, ReplyLookup, Staged
from dispatch.domain.commands import AppendedElsewhere
from dispatch.domain.entity import SYSTEM, Context, Decision, Entity, EntityKey, NeedsEntityError
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.store.journal import Conflict, StoredCommand
from dispatch.values.ids import CommandId
from dispatch.values.units import CityTime

SNAPSHOT_EVERY: Final = 128
RETRY_TIMER_S: Final = 5.0
"""City seconds until a timer is retried whose command could not be executed."""


class Decider:
    """The decisions of one host. ``flight`` is the transaction that is being committed."""

    def __init__(self, own: EntityKind, cache: EntityCache, effects: EffectBuffer) -> None:
        self.now = CityTime(0.0)
        self.queue = DecisionQueue()
        self.open = Transaction()
        self.flight: Transaction | None = None
        self.deferred: list[PendingCommand] = []
        """Commands that are decided after the batch in flight."""
        self.entity_loads: list[EntityLoad] = []
        self.lookups: list[ReplyLookup] = []
        self._own = own
        self._cache = cache
        self._effects = effects

    @property
    def has_open_work(self) -> bool:
        return bool(self.open) or bool(self.queue)

    def begin_flight(self) -> Transaction | None:
        while (work := self.queue.next_retry(self.fits)) is not None:
            self.decide_in_turn(work)
        if not self.open:
            return None
        self.flight, self.open = self.open, Transaction()
        return self.flight

    def end_flight(self) -> tuple[Transaction | None, list[PendingCommand]]:
        flight, self.flight = self.flight, None
        if flight is None:
            return None, []
        deferred, self.deferred = self.deferred, []
        return flight, deferred

    def get_or_load(self, key: EntityKey) -> CachedEntity:
        return self._cache.get_or_load(key, self.now)

    def stage(self, key: EntityKey, decide: Callable[[], Decision]) -> None:
        entry = self._cache.entries.get(key)
        if entry is None or entry.entity is None or self.open.isolate or self.queue:
            return
        decision = decide()
        if decision.events:
            envelope = Envelope(str(key), "", SYSTEM, b"", keep=False)
            self._stage(entry, entry.entity, PendingCommand(key, envelope, AppendedElsewhere(0, ()), []), decision)

    def enqueue(self, work: PendingCommand) -> None:
        if self.queue:
            self.queue.queue_last(work)
        else:
            self.decide_in_turn(work)

    def fits(self, work: PendingCommand) -> bool:
        return not self.open.isolate and not (work.isolate and self.open.staged)

    def decide_in_turn(self, work: PendingCommand) -> None:
        if not self.fits(work):
            self.queue.queue_last(work)
            return
        entry = self.get_or_load(work.key)
        entry.touched_at = self.now
        self.queue.line_up(entry, work)
        self.decide_line(entry)

    def decide_line(self, entry: CachedEntity) -> None:
        while (work := self.queue.next_in_line(entry, self.fits)) is not None and entry.entity is not None:
            if isinstance(work.command, AppendedElsewhere):
                self._decide_append_notice(entry, entry.entity, work, work.command)
            else:
                self._decide(entry, entry.entity, work)

    def _decide(self, entry: CachedEntity, entity: Entity, work: PendingCommand) -> None:
        if work.timer is not None and self.is_replaced(work.timer):
            self._effects.finish(work, Done(entity.seq, entity.state))
            return
        command_id = CommandId(work.envelope.command_id)
        context = Context(self.now, work.envelope.principal, command_id, work.other_entities)
        try:
            self._stage(entry, entity, work, entity.decide(work.command, context))
        except NeedsEntityError as need:
            self._block(entry, work, [need.key])
        except TransactionFullError:
            entry.blocked = work
            self.deferred.append(work)
        except DispatchError as error:
            self._refuse(work, error, entity.seq)
        except Exception as error:  # noqa: BLE001 - a bug in one entity must not stop the others
            self.fail(entry, work, error)

    def _block(self, entry: CachedEntity, work: PendingCommand, others: Sequence[EntityKey]) -> None:
        entry.blocked = work
        self.entity_loads.append(EntityLoad(work, others))

    def _refuse(self, work: PendingCommand, error: DispatchError, seq: int) -> None:
        refusal = Refused(error.code.value, error.field, error.detail, error.amount)
        if work.timer is not None:
            self.open.commands_done.append(ref_of(work.timer))
        if work.envelope.keep:
            self.lookups.append(ReplyLookup(work, refusal, seq))
        else:
            self._effects.finish(work, refusal)

    def _stage(self, entry: CachedEntity, entity: Entity, work: PendingCommand, decision: Decision) -> None:
        self.open.check(decision.appends_elsewhere)
        staged, encoded = stage_decision(self._own, entity, work, decision, self.now)
        entry.staged += 1
        snapshot = entity.seq - entry.snapshot_seq >= SNAPSHOT_EVERY
        if snapshot:
            entry.snapshot_seq = entity.seq
        self.open.add(staged, encoded, snapshot=snapshot)

    def _decide_append_notice(
        self, entry: CachedEntity, entity: Entity, work: PendingCommand, notice: AppendedElsewhere
    ) -> None:
        """Another host appended to this stream. Apply events that follow directly; otherwise reload the entity.

        The entity's row is written here, because the other host does not have it; the answer waits for that commit.
        """
        if entry.staged:
            self.deferred.append(work)
            return
        relation = append_relation(notice, entity.seq)
        if relation in ("behind", "overlapping"):
            entry.waiting.insert(0, work)
            self._cache.forget(entry)
            return
        try:
            if relation == "next":
                self._apply_appended(entry, entity, notice)
            self._stage(entry, entity, work, Decision())
        except Exception as error:  # noqa: BLE001 - a bug in one entity must not stop the others
            self.fail(entry, work, error)

    def _apply_appended(self, entry: CachedEntity, entity: Entity, notice: AppendedElsewhere) -> None:
        for _, body in notice.events:
            event = self._own.decode_event(body)
            entity.apply(event)
            for update in updates_of(self._own, entity, event):
                self._effects.publish(entry, update)
        self._effects.relist(entry, entity.match_entry())

    def roll_back(self, flight: Transaction, result: Conflict | None) -> None:
        """Forget everything that was decided on invalid state, and queue its commands again."""
        opened = self.open
        plan = plan_rollback(flight, opened, self._cache.entries, result)
        self.open = Transaction.without_decisions(flight, opened)
        for staged in (*flight.staged, *opened.staged):
            staged.work.isolate = staged.work in plan.isolated
        for staged in flight.staged:
            staged.work.rolled_back = True
        for key in plan.forget:
            entry = self.get_or_load(key)
            self.queue.clear_line(entry)
            entry.staged = 0
            self._cache.forget(entry)
        again = plan.again
        if plan.alone is not None and not self._goes_again(plan.alone, result):
            again.remove(plan.alone.work)
        self.queue.queue_first(again)

    def _goes_again(self, staged: Staged, result: Conflict | None) -> bool:
        work = staged.work
        work.tries += 1
        resolution = resolve(staged, result)
        if resolution.answer is not None:
            self._effects.finish(work, resolution.answer)
        elif resolution.refusal is not None:
            self._refuse(work, resolution.refusal, staged.first_seq)
        elif resolution.other_entities:
            self._block(self.get_or_load(work.key), work, resolution.other_entities)
        elif resolution.give_up is not None:
            self.give_up(work, resolution.give_up)
        else:
            return True
        return False

    def give_up(self, work: PendingCommand, code: ErrorCode) -> None:
        """Refuse a command that cannot be executed now. Callers may retry; a timer is retried automatically."""
        self._effects.finish(work, Refused(code.value))
        if work.timer is not None and not self.is_replaced(work.timer):
            self._effects.timers.arm(work.timer, self.now + RETRY_TIMER_S)

    def fail(self, entry: CachedEntity, work: PendingCommand, error: Exception) -> None:
        """A bug: write nothing of the command, and reload the entity, which may be partly changed."""
        self._effects.fail(f"{entry.key} {type(work.command).__name__}", error)
        if entry.blocked is work:
            entry.blocked = None
        self.give_up(work, ErrorCode.INTERNAL)
        self._cache.forget(entry)

    def fire_timers(self) -> None:
        for work in self._effects.fire(self.now):
            self.enqueue(work)

    def is_replaced(self, fired: StoredCommand) -> bool:
        """Whether a later decision has scheduled another command under the name of one that fired."""
        ref = ref_of(fired)
        if self.open.puts(ref) or (self.flight is not None and self.flight.puts(ref)):
            return True
        return self._effects.is_rearmed(fired)

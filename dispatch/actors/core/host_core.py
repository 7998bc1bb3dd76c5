"""A host without I/O: commands, commit results and ticks go in; batches, replies, pushes and calls come out.

Guarantee on success: a reply, push, call or match entry leaves the core only after the journal has committed the
transaction it belongs to. Guarantee on failure: nothing of a failed transaction has left. The entities it touched are
reloaded, and its commands are decided again one by one.

Theory of operation. A command is decided at once on the entity's state in memory, and its events are applied there;
several commands to one entity can therefore share a transaction. Decisions gather in the *open* transaction until the
runtime takes it as a batch (``take_batch``); one batch is *in flight* at a time. On success (``committed``) its effects
are released. On failure everything in flight and open was decided on invalid state: the core forgets those entities
and queues their commands as retries (``DecisionQueue``), of which those that may have caused the failure get
transactions of their own (``plan_rollback``).

Commands to one entity are decided in the order of arrival. A command that waits for another entity, or for a commit,
is *blocked*, and the commands behind it wait.

The owner of an entity is the host that commits first. There are no leases: the expected sequence numbers fence stale
owners.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from dispatch.actors.core.cached_entity import NEVER_LOADED, CachedEntity
from dispatch.actors.core.conflicts import append_relation, plan_rollback, resolve
from dispatch.actors.core.decision_queue import DecisionQueue
from dispatch.actors.core.effect_buffer import EffectBuffer
from dispatch.actors.core.entity_cache import EntityCache
from dispatch.actors.core.entity_types import EntityKind
from dispatch.actors.core.protocol import Done, Envelope, Refused, SubscribeRequest
from dispatch.actors.core.push_queues import PushQueues
from dispatch.actors.core.reply_cache import reply_if_same
from dispatch.actors.core.staging import stage_decision
from dispatch.actors.core.stream_replay import replay, replay_with_updates, updates_of
from dispatch.actors.core.subscribers import Subscribers
from dispatch.actors.core.timer_queue import ref_of
from dispatch.actors.core.transaction import Transaction, TransactionFullError
from dispatch.actors.core.work_items import Effects, EntityLoad, PendingCommand, ReplyLookup, Staged
from dispatch.domain.commands import AppendedElsewhere, decode_command
from dispatch.domain.entity import SYSTEM, Context, Decision, Entity, EntityKey, Kind, NeedsEntityError
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.store.journal import Batch, Committed, Conflict, StoredCommand, StoredHistory, StoredReply
from dispatch.values.ids import CommandId
from dispatch.values.roles import Audience
from dispatch.values.units import CityTime

SNAPSHOT_EVERY: Final = 128
RETRY_TIMER_S: Final = 5.0
"""City seconds until a timer is retried whose command could not be executed."""

_decode_reply = msgspec.msgpack.Decoder(Done | Refused).decode


class HostCore:
    """The entities of one host, all of one kind. Times are city seconds unless a name says wall."""

    def __init__(
        self,
        kind: Kind,
        kinds: Mapping[Kind, EntityKind],
        queues: PushQueues,
        *,
        passivate_after_s: float = 600.0,
        adopt: Callable[[Entity, Entity, float], None] | None = None,
    ) -> None:
        self.kind = kind
        self.queues = queues
        self.subscribers = Subscribers(kinds[kind], queues)
        self.now = CityTime(0.0)
        self.own = kinds[kind]
        self._kinds = kinds
        self._passivate_after_s = passivate_after_s
        self._adopt = adopt
        self._cache = EntityCache()
        self._effects = EffectBuffer(self.subscribers)
        self._queue = DecisionQueue()
        self._open = Transaction()
        self._flight: Transaction | None = None
        self._deferred: list[PendingCommand] = []
        """Commands that are decided after the batch in flight."""
        self._entity_loads: list[EntityLoad] = []
        self._lookups: list[ReplyLookup] = []

    @property
    def entries(self) -> Mapping[EntityKey, CachedEntity]:
        """The entities that are loaded or being loaded."""
        return self._cache.entries

    # ── input ────────────────────────────────────────────────────────────────────────────────────────────────────

    def submit(self, token: int, envelope: Envelope, now: CityTime) -> None:
        """Accept a command. Its reply is an effect with this ``token``."""
        self.now = now
        repeated, reply = self._effects.replies.repeated(token, envelope)
        if repeated:
            if reply is not None:
                self._effects.reply(token, reply)
            return
        try:
            work = PendingCommand(self._key(envelope.key), envelope, decode_command(envelope.body), [token])
        except (ValueError, msgspec.DecodeError) as error:
            self._effects.reply(token, Refused(ErrorCode.MALFORMED.value, detail=str(error)))
            return
        if not envelope.command_id:
            self._effects.reply(token, Refused(ErrorCode.MALFORMED.value, "id"))
            return
        self._effects.replies.begin(work)
        self._enqueue(work)

    def subscribe(self, token: int, gateway: str, request: SubscribeRequest, now: CityTime) -> None:
        """Accept a subscription. It is answered with this ``token`` once the entity is loaded and committed."""
        self.now = now
        try:
            key = self._key(request.key)
        except ValueError as error:
            self._effects.refuse_subscriber(token, Refused(ErrorCode.MALFORMED.value, detail=str(error)))
            return
        self.subscribers.wait(key, token, gateway, request)
        self._answer_subscribers(self.get_or_load(key))

    def _answer_subscribers(self, entry: CachedEntity) -> None:
        if entry.at_rest and self.subscribers.are_ahead(entry):
            self._cache.forget(entry)  # another owner has appended to the stream
        self._effects.answer_subscribers(entry)

    def _key(self, text: str) -> EntityKey:
        key = EntityKey.parse(text)
        if key.kind != self.kind:
            raise ValueError(f"not a {self.kind}: {text!r}")
        return key

    def unsubscribe(self, gateway: str, key: EntityKey, audience: Audience) -> None:
        self.queues.unsubscribe(key, gateway, audience)

    def arm(self, scheduled: Sequence[StoredCommand], now: CityTime) -> None:
        """Arm the journal's timers and calls of this host's shards, and load their owners."""
        self.now = now
        for each in scheduled:
            self._effects.timers.arm(each)
            self.get_or_load(each.owner)

    def sweep(self, overdue: Sequence[StoredCommand], now: CityTime) -> None:
        """Overdue timers and calls from the journal.

        One that this host does not know was written by a former owner that has since died: its entity is reloaded, so
        that it is armed here.
        """
        self.now = now
        for owner in dict.fromkeys(each.owner for each in overdue if not self._effects.is_known(each)):
            entry = self.get_or_load(owner)
            if entry.at_rest:
                self._cache.forget(entry)

    def subscribed_keys(self) -> list[EntityKey]:
        """The entities at rest that have subscribers."""
        entries = self._cache.entries
        return [key for key in self.queues.subscribers if key in entries and entries[key].at_rest]

    def compare_heads(self, heads: Mapping[EntityKey, int], now: CityTime) -> None:
        """Compare sequence numbers with the journal's.

        If the journal is ahead, a stale owner wrote to the stream: the entity is reloaded and the missed events are
        pushed.
        """
        self.now = now
        for key, head in heads.items():
            entry = self._cache.entries.get(key)
            if entry is not None and entry.at_rest and entry.entity is not None and entry.entity.seq < head:
                self._cache.forget(entry)

    def tick(self, now: CityTime) -> None:
        """Fire the timers and calls whose time has come."""
        self.now = now
        self._fire_timers()

    def loaded(self, histories: Sequence[StoredHistory], now: CityTime) -> None:
        """The histories requested by ``take_loads``."""
        self.now = now
        for history in histories:
            entry = self.get_or_load(history.key)
            if entry.entity is None:
                self._restore(entry, history)

    def entities_loaded(self, load: EntityLoad, histories: Sequence[StoredHistory], now: CityTime) -> None:
        """The histories that a blocked decision requested."""
        self.now = now
        entry = self.get_or_load(load.work.key)
        try:
            for history in histories:
                load.work.other_entities[history.key] = replay(self._kinds[history.key.kind], history)
        except Exception as error:  # noqa: BLE001 - a corrupt history must stop only the commands that need it
            self._fail(entry, load.work, error)
        else:
            if entry.blocked is load.work:
                self._enqueue(load.work)

    def reply_looked_up(
        self, look_up: ReplyLookup, known: StoredReply | None, now: CityTime, *, moved: bool = False
    ) -> None:
        """The journal's reply to a refused command. ``moved``: the stream has events after ``look_up.seq``."""
        self.now = now
        work = look_up.work
        if known is not None:
            self._effects.finish(work, reply_if_same(known.digest, work.envelope, _decode_reply(known.body)))
        elif not moved:
            self._effects.finish(work, look_up.refusal)
        else:  # another owner has appended since: decide on the entity as the journal has it
            entry = self.get_or_load(work.key)
            if entry.entity is not None and entry.entity.seq <= look_up.seq:
                self._cache.forget(entry)
            self._enqueue(work)

    def call_done(self, scheduled: StoredCommand, *, answered: bool, retry_at: float) -> None:
        """An outgoing call completed, or its target was unreachable and it must be retried at ``retry_at``."""
        self._effects.call_returned(scheduled)
        if self._is_replaced(scheduled):
            return
        if answered:
            self._effects.timers.disarm(ref_of(scheduled))
            self._open.commands_done.append(ref_of(scheduled))
        else:
            self._effects.timers.arm(scheduled, retry_at)

    def committed(self, result: Committed | Conflict | None, now: CityTime) -> None:
        """The result of the batch in flight; None if the journal did not answer."""
        self.now = now
        flight, self._flight = self._flight, None
        if flight is None:
            return
        deferred, self._deferred = self._deferred, []
        if isinstance(result, Committed):
            for staged in flight.staged:
                entry = self.entries.get(staged.work.key)
                if entry is not None:
                    self._cache.unstaged(entry)
                self._effects.release(entry, staged)
            self._fire_timers()
            for key in self.subscribers.awaited_keys():
                self._answer_subscribers(self.get_or_load(key))
        else:
            self._roll_back(flight, result)
        for work in deferred:
            if work.is_append_notice or self.get_or_load(work.key).blocked is work:
                self._enqueue(work)

    # ── output ───────────────────────────────────────────────────────────────────────────────────────────────────

    def next_timer_at(self) -> float | None:
        """The time of the next timer or call."""
        return self._effects.timers.next_at()

    def take_loads(self) -> list[EntityKey]:
        """Entities to be loaded; answered by ``loaded``."""
        return self._cache.take_loads()

    def take_entity_loads(self) -> list[EntityLoad]:
        """Decisions that wait for other entities; each answered by ``entities_loaded``."""
        loads, self._entity_loads = self._entity_loads, []
        return loads

    def take_lookups(self) -> list[ReplyLookup]:
        """Refusals to be confirmed in the journal; each answered by ``reply_looked_up``."""
        lookups, self._lookups = self._lookups, []
        return lookups

    def take_batch(self) -> Batch | None:
        """The next transaction if none is in flight and there is something to write; answered by ``committed``."""
        if self._flight is not None:
            return None
        while (work := self._queue.next_retry(self._fits)) is not None:
            self._decide_in_turn(work)
        if not self._open:
            return None
        self._flight, self._open = self._open, Transaction()
        batch = self._flight.batch(self._cache.entity)
        if not batch:
            self.committed(Committed(), self.now)
            return None
        return batch

    def take_effects(self) -> Effects:
        """Everything that may leave now."""
        return self._effects.take()

    @property
    def wants_commit(self) -> bool:
        """Whether ``take_batch`` has something to do."""
        return self._flight is None and (bool(self._open) or bool(self._queue))

    @property
    def has_urgent_work(self) -> bool:
        """Whether a caller waits for the next commit.

        Recording a finished outgoing call is not urgent: after a crash the call is repeated.
        """
        return bool(self._open.staged) or bool(self._queue)

    @property
    def busy(self) -> bool:
        """Whether anything waits for the journal."""
        waiting = self._flight is not None or bool(self._open) or bool(self._queue) or bool(self._deferred)
        return waiting or self._cache.loading or bool(self._effects.replies)

    # ── decisions ────────────────────────────────────────────────────────────────────────────────────────────────

    def stage(self, key: EntityKey, decide: Callable[[], Decision]) -> None:
        """Stage a decision that no command requested (a meter's checkpoint), if that is possible right now."""
        entry = self.entries.get(key)
        if entry is None or entry.entity is None or self._open.isolate or self._queue:
            return
        decision = decide()
        if decision.events:
            envelope = Envelope(str(key), "", SYSTEM, b"", keep=False)
            self._stage(entry, entry.entity, PendingCommand(key, envelope, AppendedElsewhere(0, ()), []), decision)

    def _enqueue(self, work: PendingCommand) -> None:
        if self._queue:
            self._queue.queue_last(work)
        else:
            self._decide_in_turn(work)

    def _fits(self, work: PendingCommand) -> bool:
        """Whether the command may join the open transaction; an isolated one goes alone."""
        return not self._open.isolate and not (work.isolate and self._open.staged)

    def _decide_in_turn(self, work: PendingCommand) -> None:
        """Decide a command, unless its entity is being loaded or earlier commands to it wait."""
        if not self._fits(work):
            self._queue.queue_last(work)
            return
        entry = self.get_or_load(work.key)
        entry.touched_at = self.now
        self._queue.line_up(entry, work)
        self._decide_line(entry)

    def _decide_line(self, entry: CachedEntity) -> None:
        """Decide the entity's waiting commands in order, as far as possible now."""
        while (work := self._queue.next_in_line(entry, self._fits)) is not None and entry.entity is not None:
            if isinstance(work.command, AppendedElsewhere):
                self._decide_append_notice(entry, entry.entity, work, work.command)
            else:
                self._decide(entry, entry.entity, work)

    def _decide(self, entry: CachedEntity, entity: Entity, work: PendingCommand) -> None:
        if work.timer is not None and self._is_replaced(work.timer):
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
            self._deferred.append(work)
        except DispatchError as error:
            self._refuse(work, error, entity.seq)
        except Exception as error:  # noqa: BLE001 - a bug in one entity must not stop the others
            self._fail(entry, work, error)

    def _block(self, entry: CachedEntity, work: PendingCommand, others: Sequence[EntityKey]) -> None:
        """Block the entity's line until other entities have been loaded."""
        entry.blocked = work
        self._entity_loads.append(EntityLoad(work, others))

    def _refuse(self, work: PendingCommand, error: DispatchError, seq: int) -> None:
        refusal = Refused(error.code.value, error.field, error.detail, error.amount)
        if work.timer is not None:
            self._open.commands_done.append(ref_of(work.timer))
        if work.envelope.keep:
            self._lookups.append(ReplyLookup(work, refusal, seq))
        else:
            self._effects.finish(work, refusal)

    def _stage(self, entry: CachedEntity, entity: Entity, work: PendingCommand, decision: Decision) -> None:
        """Apply a decision in memory and add it to the open transaction."""
        self._open.check(decision.appends_elsewhere)
        staged, encoded = stage_decision(self.own, entity, work, decision, self.now)
        entry.staged += 1
        snapshot = entity.seq - entry.snapshot_seq >= SNAPSHOT_EVERY
        if snapshot:
            entry.snapshot_seq = entity.seq
        self._open.add(staged, encoded, snapshot=snapshot)

    def _decide_append_notice(
        self, entry: CachedEntity, entity: Entity, work: PendingCommand, notice: AppendedElsewhere
    ) -> None:
        """Another host appended to this stream. Apply events that follow directly; otherwise reload the entity.

        The entity's row is written here, because the other host does not have it; the answer waits for that commit.
        """
        if entry.staged:
            self._deferred.append(work)
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
            self._fail(entry, work, error)

    def _apply_appended(self, entry: CachedEntity, entity: Entity, notice: AppendedElsewhere) -> None:
        for _, body in notice.events:
            event = self.own.decode_event(body)
            entity.apply(event)
            for update in updates_of(self.own, entity, event):
                self._effects.publish(entry, update)
        self._effects.relist(entry, entity.match_entry())

    # ── failures ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _roll_back(self, flight: Transaction, result: Conflict | None) -> None:
        """Forget everything that was decided on invalid state, and queue its commands again."""
        opened = self._open
        plan = plan_rollback(flight, opened, self.entries, result)
        self._open = Transaction.without_decisions(flight, opened)
        for staged in (*flight.staged, *opened.staged):
            staged.work.isolate = staged.work in plan.isolated
        for staged in flight.staged:
            staged.work.rolled_back = True
        for key in plan.forget:
            entry = self.get_or_load(key)
            self._queue.clear_line(entry)
            entry.staged = 0
            self._cache.forget(entry)
        again = plan.again
        if plan.alone is not None and not self._goes_again(plan.alone, result):
            again.remove(plan.alone.work)
        self._queue.queue_first(again)

    def _goes_again(self, staged: Staged, result: Conflict | None) -> bool:
        """Whether the only command of a failed batch is simply decided again; otherwise it is resolved here."""
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
            self._give_up(work, resolution.give_up)
        else:
            return True
        return False

    def _give_up(self, work: PendingCommand, code: ErrorCode) -> None:
        """Refuse a command that cannot be executed now. Callers may retry; a timer is retried automatically."""
        self._effects.finish(work, Refused(code.value))
        if work.timer is not None and not self._is_replaced(work.timer):
            self._effects.timers.arm(work.timer, self.now + RETRY_TIMER_S)

    def _fail(self, entry: CachedEntity, work: PendingCommand, error: Exception) -> None:
        """A bug: write nothing of the command, and reload the entity, which may be partly changed."""
        self._effects.fail(f"{entry.key} {type(work.command).__name__}", error)
        if entry.blocked is work:
            entry.blocked = None
        self._give_up(work, ErrorCode.INTERNAL)
        self._cache.forget(entry)

    # ── loading ──────────────────────────────────────────────────────────────────────────────────────────────────

    def get_or_load(self, key: EntityKey) -> CachedEntity:
        """The entry of an entity; requests its load if it is not in memory."""
        return self._cache.get_or_load(key, self.now)

    def _restore(self, entry: CachedEntity, history: StoredHistory) -> None:
        try:
            entity, updates = replay_with_updates(self.own, history)
            if entry.before is not None and self._adopt is not None:
                self._adopt(entry.before, entity, self.now)
        except Exception as error:  # noqa: BLE001 - a corrupt history must stop only its own entity
            self._cannot_load(entry, error)
            return
        entry.before, entry.entity = None, entity
        entry.snapshot_seq = history.snapshot.seq if history.snapshot is not None else 0
        if entry.last_pushed_seq == NEVER_LOADED:
            entry.tail.extend(updates)
        else:
            for update in updates:
                self._effects.publish(entry, update)
        entry.last_pushed_seq = entity.seq
        for scheduled in history.scheduled:
            self._effects.arm_again(scheduled)
        self._effects.relist(entry, entity.match_entry())
        self._effects.answer_subscribers(entry)
        self._decide_line(entry)

    def _cannot_load(self, entry: CachedEntity, error: Exception) -> None:
        """Refuse everything that waits for an entity whose history cannot be replayed."""
        self._effects.fail(str(entry.key), error)
        for work in self._cache.drop(entry):
            self._give_up(work, ErrorCode.INTERNAL)
        self._effects.refuse_subscribers(entry, ErrorCode.INTERNAL)

    def passivate(self, may_evict: Callable[[Entity], bool]) -> int:
        """Evict idle entities without subscribers; the number of evicted entities."""
        busy = {*self.queues.subscribers, *self.subscribers.awaited_keys()}
        return self._cache.passivate(self.now - self._passivate_after_s, busy, may_evict)

    # ── timers ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _fire_timers(self) -> None:
        for work in self._effects.fire(self.now):
            self._enqueue(work)

    def _is_replaced(self, fired: StoredCommand) -> bool:
        """Whether a later decision has scheduled another command under the name of one that fired."""
        ref = ref_of(fired)
        if self._open.puts(ref) or (self._flight is not None and self._flight.puts(ref)):
            return True
        return self._effects.is_rearmed(fired)

"""A host without I/O: commands, commit results and ticks go in; batches, replies, pushes and calls come out.

What holds after success: a reply, push, call or listing leaves the core only after the journal has committed the
transaction it belongs to. What holds after failure: nothing of a failed transaction has left; the entities it
touched are forgotten and loaded again, and its commands decided again one by one.

Theory of operation. A command is decided at once, on the entity's state in memory, and its events are applied
there: so several commands on one entity share a transaction. Decisions gather in *open* until the shell takes them
as a batch (``take_batch``); one batch is in flight at a time. When the journal says yes (``committed``), effects
are released. When it says no, everything in flight and open was decided on a state that is not true: the core
forgets those entities and puts all that work into ``_again``, from which batches of one are made until it is empty.

Commands to one entity are decided in the order in which they came. One that has to wait for another entity, or for
room in a transaction, is *held*, and those behind it wait.

The owner of an entity is whoever commits first. Nothing here trusts a lease: the expected sequence numbers fence.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from dispatch.actors.core.cached_entity import NEVER_LOADED, CachedEntity, replay
from dispatch.actors.core.conflicts import is_implicated, resolve
from dispatch.actors.core.effect_buffer import EffectBuffer
from dispatch.actors.core.entity_cache import EntityCache
from dispatch.actors.core.entity_types import EntityKind
from dispatch.actors.core.protocol import Done, Envelope, Refused, SubscribeRequest
from dispatch.actors.core.push_queues import PushQueues
from dispatch.actors.core.reply_cache import same
from dispatch.actors.core.staging import applied, seen
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
"""City seconds until a timer is tried again whose work could not be done."""

_decode_reply = msgspec.msgpack.Decoder(Done | Refused).decode


class HostCore:
    """One host of entities of one kind. All times are city seconds except where a name says wall."""

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
        self._cache = EntityCache()
        self._effects = EffectBuffer(self.subscribers)
        self.now = CityTime(0.0)
        self._kinds = kinds
        self.own = kinds[kind]
        self._passivate_after_s = passivate_after_s
        self._adopt = adopt
        self._foreign_loads: list[EntityLoad] = []
        self._lookups: list[ReplyLookup] = []
        self._open = Transaction()
        self._flight: Transaction | None = None
        self._again: deque[PendingCommand] = deque()
        self._deferred: list[PendingCommand] = []

    @property
    def entries(self) -> Mapping[EntityKey, CachedEntity]:
        """The entities in memory, or on their way there."""
        return self._cache.entries

    # ── what goes in ─────────────────────────────────────────────────────────────────────────────────────────────

    def submit(self, token: int, envelope: Envelope, now: CityTime) -> None:
        """A command. Its reply comes out in the effects, under ``token``."""
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
        """Somebody wants to follow a stream. Answered under ``token`` when the entity is loaded and committed."""
        self.now = now
        try:
            key = self._key(request.key)
        except ValueError as error:
            self._effects.refuse_subscriber(token, Refused(ErrorCode.MALFORMED.value, detail=str(error)))
            return
        self.subscribers.wait(key, token, gateway, request)
        self._answer_subscribers(self.get_or_load(key))

    def _answer_subscribers(self, entry: CachedEntity) -> None:
        if entry.at_rest and self.subscribers.know_more(entry):
            self._cache.forget(entry)  # another owner has written
        self._effects.answer_subscribers(entry)

    def _key(self, text: str) -> EntityKey:
        key = EntityKey.parse(text)
        if key.kind != self.kind:
            raise ValueError(f"not a {self.kind}: {text!r}")
        return key

    def unsubscribe(self, gateway: str, key: EntityKey, audience: Audience) -> None:
        """A gateway has no more sessions of this audience on the stream."""
        self.queues.unsubscribe(key, gateway, audience)

    def wake(self, dues: Sequence[StoredCommand], now: CityTime) -> None:
        """The dues that the journal has for this host's shards: arm them, and load their owners."""
        self.now = now
        for due in dues:
            self._effects.timers.arm(due)
            self.get_or_load(due.owner)

    def sweep(self, overdue: Sequence[StoredCommand], now: CityTime) -> None:
        """Dues that the journal has had too long. Who wrote one that is unknown here was not its owner any more and is
        gone: its entity is loaded again, and the due with it."""
        self.now = now
        for owner in dict.fromkeys(due.owner for due in overdue if not self._effects.knows(due)):
            entry = self.get_or_load(owner)
            if entry.at_rest:
                self._cache.forget(entry)

    def subscribed_keys(self) -> list[EntityKey]:
        """The entities at rest here that somebody follows."""
        entries = self._cache.entries
        return [key for key in self.queues.subscribers if key in entries and entries[key].at_rest]

    def compare_heads(self, heads: Mapping[EntityKey, int], now: CityTime) -> None:
        """The last numbers that the journal has. Where it has more than is known here, somebody wrote who was not the
        owner any more: the entity is loaded again, and its followers are told what they missed."""
        self.now = now
        for key, head in heads.items():
            entry = self._cache.entries.get(key)
            if entry is not None and entry.at_rest and entry.entity is not None and entry.entity.seq < head:
                self._cache.forget(entry)

    def tick(self, now: CityTime) -> None:
        """Let the dues go whose time has come."""
        self.now = now
        self._fire_dues()

    def next_due(self) -> float | None:
        """When the next due has its time."""
        return self._effects.timers.next_at()

    def loaded(self, histories: Sequence[StoredHistory], now: CityTime) -> None:
        """The histories that ``take_loads`` asked for."""
        self.now = now
        for history in histories:
            entry = self.get_or_load(history.key)
            if entry.entity is None:
                self._restore(entry, history)

    def entities_loaded(self, load: EntityLoad, histories: Sequence[StoredHistory], now: CityTime) -> None:
        """The histories that a held decision asked for."""
        self.now = now
        entry = self.get_or_load(load.work.key)
        try:
            for history in histories:
                load.work.other_entities[history.key] = replay(self._kinds[history.key.kind], history)[0]
        except Exception as error:  # noqa: BLE001 - a broken history stops only those who need it
            self._break_down(entry, load.work, error)
        else:
            if entry.blocked is load.work:
                self._enqueue(load.work)

    def reply_looked_up(
        self, look_up: ReplyLookup, known: StoredReply | None, now: CityTime, *, moved: bool = False
    ) -> None:
        """What the journal has for a command that was refused; ``moved``: the entity has gone on from ``seq``."""
        self.now = now
        if known is None and moved:
            self._decide_anew(look_up)
            return
        reply = look_up.refusal
        if known is not None:
            reply = same(known.digest, look_up.work.envelope, _decode_reply(known.body))
        self._effects.finish(look_up.work, reply)

    def _decide_anew(self, look_up: ReplyLookup) -> None:
        """Another owner has written meanwhile: what was refused is decided on the entity as the journal has it."""
        entry = self.get_or_load(look_up.work.key)
        if entry.entity is not None and entry.entity.seq <= look_up.seq:
            self._cache.forget(entry)
        self._enqueue(look_up.work)

    def call_done(self, due: StoredCommand, *, answered: bool, retry_at: float) -> None:
        """A call was answered (whatever the answer), or nobody was found and it is to be sent again at ``retry_at``."""
        self._effects.called(due)
        if self._is_replaced(due):
            return
        if answered:
            self._effects.timers.disarm(ref_of(due))
            self._open.commands_done.append(ref_of(due))
        else:
            self._effects.timers.arm(due, retry_at)

    def committed(self, result: Committed | Conflict | None, now: CityTime) -> None:
        """What became of the batch in flight; None where the journal cannot tell."""
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
            self._fire_dues()
            for key in self.subscribers.awaited_keys():
                self._answer_subscribers(self.get_or_load(key))
        else:
            self._roll_back(flight, result)
        for work in deferred:
            if work.moved or self.get_or_load(work.key).blocked is work:
                self._enqueue(work)

    # ── what comes out ───────────────────────────────────────────────────────────────────────────────────────────

    def take_loads(self) -> list[EntityKey]:
        """Entities to be loaded; answered by ``loaded``."""
        return self._cache.take_loads()

    def take_entity_loads(self) -> list[EntityLoad]:
        """Decisions that wait for other entities; each answered by ``foreign_loaded``."""
        loads, self._foreign_loads = self._foreign_loads, []
        return loads

    def take_lookups(self) -> list[ReplyLookup]:
        """Refusals that wait for the journal; each answered by ``looked_up``."""
        lookups, self._lookups = self._lookups, []
        return lookups

    def take_batch(self) -> Batch | None:
        """The next transaction, if none is in flight and there is something to write; answered by ``committed``."""
        if self._flight is not None:
            return None
        while self._again and self._fits(self._again[0]):
            self._decide_in_turn(self._again.popleft())
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
        return self._flight is None and (bool(self._open) or bool(self._again))

    @property
    def has_urgent_work(self) -> bool:
        """Whether any of it is waited for. That a call was answered is not: unwritten, the call would be repeated."""
        return bool(self._open.staged) or bool(self._again)

    @property
    def busy(self) -> bool:
        """Whether something still waits for the journal."""
        waiting = self._flight is not None or bool(self._open) or bool(self._again) or bool(self._deferred)
        return waiting or self._cache.loading or bool(self._effects.replies)

    # ── deciding ─────────────────────────────────────────────────────────────────────────────────────────────────

    def stage(self, key: EntityKey, decide: Callable[[], Decision]) -> None:
        """A decision that an entity makes without a command (a meter's checkpoint), if it may be made just now."""
        entry = self.entries.get(key)
        if entry is None or entry.entity is None or self._open.isolate or self._again:
            return
        decision = decide()
        if decision.events:
            envelope = Envelope(str(key), "", SYSTEM, b"", keep=False)
            self._apply(entry, entry.entity, PendingCommand(key, envelope, AppendedElsewhere(0, ()), []), decision)

    def _enqueue(self, work: PendingCommand) -> None:
        if self._again:
            self._again.append(work)
        else:
            self._decide_in_turn(work)

    def _fits(self, work: PendingCommand) -> bool:
        """Whether the work may join the open transaction; one that failed before goes alone."""
        return not self._open.isolate and not (work.isolate and self._open.staged)

    def _decide_in_turn(self, work: PendingCommand) -> None:
        """Decide, if the entity is there and no earlier work of it waits."""
        if not self._fits(work):
            self._again.append(work)
            return
        entry = self.get_or_load(work.key)
        entry.touched_at = self.now
        if entry.blocked is work:
            entry.blocked = None
            entry.waiting.insert(0, work)
        else:
            entry.waiting.append(work)
        self._decide_waiting(entry)

    def _decide_waiting(self, entry: CachedEntity) -> None:
        """Decide what waits for the entity, in order, as far as it can be decided now."""
        while entry.waiting and entry.entity is not None and entry.blocked is None:
            if not self._fits(entry.waiting[0]):
                waiting, entry.waiting = entry.waiting, []
                self._again.extendleft(reversed(waiting))
                return
            work = entry.waiting.pop(0)
            if isinstance(work.command, AppendedElsewhere):
                self._apply_appended_elsewhere(entry, entry.entity, work, work.command)
            else:
                self._decide(entry, entry.entity, work)

    def _decide(self, entry: CachedEntity, entity: Entity, work: PendingCommand) -> None:
        if work.due is not None and self._is_replaced(work.due):
            self._effects.finish(work, Done(entity.seq, entity.state))
            return
        context = Context(self.now, work.envelope.principal, CommandId(work.envelope.command_id), work.other_entities)
        try:
            self._apply(entry, entity, work, entity.decide(work.command, context))
        except NeedsEntityError as need:
            entry.blocked = work
            self._foreign_loads.append(EntityLoad(work, [need.key]))
        except TransactionFullError:
            entry.blocked = work
            self._deferred.append(work)
        except DispatchError as error:
            self._refuse(work, error, entity.seq)
        except Exception as error:  # noqa: BLE001 - a bug in one entity must not stop the others
            self._break_down(entry, work, error)

    def _refuse(self, work: PendingCommand, error: DispatchError, seq: int) -> None:
        refusal = Refused(error.code.value, error.field, error.detail, error.amount)
        if work.due is not None:
            self._open.commands_done.append(ref_of(work.due))
        if work.envelope.keep:
            self._lookups.append(ReplyLookup(work, refusal, seq))
        else:
            self._effects.finish(work, refusal)

    def _apply(self, entry: CachedEntity, entity: Entity, work: PendingCommand, decision: Decision) -> None:
        """Apply a decision in memory and put it into the open transaction."""
        self._open.check(decision.appends_elsewhere)
        staged, encoded = applied(self.own, entity, work, decision, self.now)
        entry.staged += 1
        self._open.add(staged, encoded, snapshot=self._snapshot_due(entry, entity))

    def _snapshot_due(self, entry: CachedEntity, entity: Entity) -> bool:
        if entity.seq - entry.snapshot_seq < SNAPSHOT_EVERY:
            return False
        entry.snapshot_seq = entity.seq
        return True

    def _apply_appended_elsewhere(
        self, entry: CachedEntity, entity: Entity, work: PendingCommand, moved: AppendedElsewhere
    ) -> None:
        """Another host appended to this stream. Apply it if it follows; else load the stream again.

        The entity's row is written here, for the other host does not know it; so the answer waits for a commit.
        """
        if entry.staged:
            self._deferred.append(work)
            return
        if moved.after < entity.seq < moved.after + len(moved.events) or entity.seq < moved.after:
            entry.waiting.insert(0, work)
            self._cache.forget(entry)
            return
        try:
            if entity.seq == moved.after:
                self._apply_moved(entry, entity, moved)
            self._apply(entry, entity, work, Decision())
        except Exception as error:  # noqa: BLE001 - a bug in one entity must not stop the others
            self._break_down(entry, work, error)

    def _apply_moved(self, entry: CachedEntity, entity: Entity, moved: AppendedElsewhere) -> None:
        for _, body in moved.events:
            event = self.own.decode_event(body)
            entity.apply(event)
            for shown in seen(self.own, entity, event):
                self._effects.publish(entry, shown)
        self._effects.relist(entry, entity.match_entry())

    # ── when the journal says no, or an entity breaks down ───────────────────────────────────────────────────────

    def _roll_back(self, flight: Transaction, result: Conflict | None) -> None:
        """Forget what was decided on a state that is not true, and decide all of it again: what the journal named, or
        failed before, one by one, and the rest together."""
        rolled_back, self._open = [*flight.staged, *self._open.staged], Transaction.keeping(flight, self._open)
        again = [staged.work for staged in rolled_back if staged.work.envelope.command_id]
        for staged in rolled_back:
            staged.work.isolate = staged.work.rolled_back or is_implicated(staged, result)
        for staged in flight.staged:
            staged.work.rolled_back = True
        for key in dict.fromkeys(staged.work.key for staged in rolled_back):
            again.extend(self._forget_with_work(self.get_or_load(key)))
        alone = flight.staged[0] if len(flight.staged) == 1 else None
        if alone is not None and alone.work.envelope.command_id and not self._goes_again(alone, result):
            again.remove(alone.work)
        self._again.extendleft(reversed(again))

    def _forget_with_work(self, entry: CachedEntity) -> list[PendingCommand]:
        """Forget an entity of which something was undone; what waited for it comes after what was undone."""
        behind = [entry.blocked] if entry.blocked is not None else []
        if entry.blocked is not None and entry.blocked in self._again:
            self._again.remove(entry.blocked)
        behind += entry.waiting
        entry.blocked, entry.waiting = None, []
        entry.staged = 0
        self._cache.forget(entry)
        return behind

    def _goes_again(self, staged: Staged, result: Conflict | None) -> bool:
        """Whether the only work of a failed batch is simply to be decided again; else that is settled here."""
        work = staged.work
        work.tries += 1
        step = resolve(staged, result)
        if step.answer is not None:
            self._effects.finish(work, step.answer)
        elif step.refusal is not None:
            self._refuse(work, step.refusal, staged.first_seq)
        elif step.other_entities:
            self.get_or_load(work.key).blocked = work
            self._foreign_loads.append(EntityLoad(work, step.other_entities))
        elif step.give_up is not None:
            self._put_off(work, step.give_up)
        else:
            return True
        return False

    def _put_off(self, work: PendingCommand, code: ErrorCode) -> None:
        """It cannot be done now: senders are told so, and may ask again; a timer does so by itself."""
        self._effects.finish(work, Refused(code.value))
        if work.due is not None and not self._is_replaced(work.due):
            self._effects.timers.arm(work.due, self.now + RETRY_TIMER_S)

    def _break_down(self, entry: CachedEntity, work: PendingCommand, error: Exception) -> None:
        """A bug: nothing of the work is written, and the entity is loaded again, for it may be half changed."""
        self._effects.fail(f"{entry.key} {type(work.command).__name__}", error)
        if entry.blocked is work:
            entry.blocked = None
        self._put_off(work, ErrorCode.INTERNAL)
        self._cache.forget(entry)

    # ── loading ──────────────────────────────────────────────────────────────────────────────────────────────────

    def get_or_load(self, key: EntityKey) -> CachedEntity:
        """The entry of an entity, which is loaded if it is not there."""
        return self._cache.get_or_load(key, self.now)

    def _restore(self, entry: CachedEntity, history: StoredHistory) -> None:
        try:
            entity, shown = replay(self.own, history)
            if entry.before is not None and self._adopt is not None:
                self._adopt(entry.before, entity, self.now)
        except Exception as error:  # noqa: BLE001 - a broken history stops only its own entity
            self._cannot_load(entry, error)
            return
        entry.before, entry.entity = None, entity
        entry.snapshot_seq = history.snapshot.seq if history.snapshot is not None else 0
        if entry.last_pushed_seq == NEVER_LOADED:
            entry.tail.extend(shown)
        else:
            for one in shown:
                self._effects.publish(entry, one)
        entry.last_pushed_seq = entity.seq
        for due in history.scheduled:
            self._effects.arm_again(due)
        self._effects.relist(entry, entity.match_entry())
        self._effects.answer_subscribers(entry)
        self._decide_waiting(entry)

    def _cannot_load(self, entry: CachedEntity, error: Exception) -> None:
        """A history that cannot be folded: all who want the entity are told so."""
        self._effects.fail(str(entry.key), error)
        for work in self._cache.drop(entry):
            self._put_off(work, ErrorCode.INTERNAL)
        self._effects.refuse_subscribers(entry, ErrorCode.INTERNAL)

    # ── dues and sleep ───────────────────────────────────────────────────────────────────────────────────────────

    def _fire_dues(self) -> None:
        for work in self._effects.fire(self.now):
            self._enqueue(work)

    def _is_replaced(self, due: StoredCommand) -> bool:
        """Whether a later decision has put another due under the name of one that was let go."""
        ref = ref_of(due)
        if self._open.puts(ref) or (self._flight is not None and self._flight.puts(ref)):
            return True
        return self._effects.is_rearmed(due)

    def passivate(self, asleep: Callable[[Entity], bool]) -> int:
        """Put entities to sleep that nobody follows or has asked for a while; says how many."""
        busy = {*self.queues.subscribers, *self.subscribers.awaited_keys()}
        return self._cache.passivate(self.now - self._passivate_after_s, busy, asleep)

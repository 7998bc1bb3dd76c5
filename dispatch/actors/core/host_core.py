"""A host without I/O: commands, commit results and ticks go in; batches, replies, pushes and calls come out.

Guarantee on success: a reply, push, call or match entry leaves the core only after the journal has committed the
transaction it belongs to. Guarantee on failure: nothing of a failed transaction has left. The entities it touched are
reloaded, and its commands are decided again one by one.

Theory of operation. A command is decided at once on the entity's state in memory, and its events are applied there;
several commands to one entity can therefore share a transaction. Decisions gather in the *open* transaction until the
runtime takes it as a batch (``take_batch``); one batch is *in flight* at a time. On success (``committed``) its effects
are released. On failure everything in flight and open was decided on invalid state: the core forgets those entities
and queues their commands as retries (``DecisionQueue``); of these, those that may have caused the failure get
transactions of their own (``plan_rollback``).

Commands to one entity are decided in the order of arrival. A command that waits for another entity, or for a commit,
is *blocked*, and the commands behind it wait.

The owner of an entity is the host that commits first. There are no leases: the expected sequence numbers fence stale
owners.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from dispatch.actors.core.cached_entity import NEVER_LOADED, CachedEntity
from dispatch.actors.core.decider import Decider
from dispatch.actors.core.effect_buffer import EffectBuffer
from dispatch.actors.core.entity_cache import EntityCache
from dispatch.actors.core.entity_types import EntityKind
from dispatch.actors.core.protocol import Done, Envelope, Refused, SubscribeRequest
from dispatch.actors.core.push_queues import PushQueues
from dispatch.actors.core.reply_cache import reply_if_same
from dispatch.actors.core.stream_replay import replay, replay_with_updates
from dispatch.actors.core.subscribers import Subscribers
from dispatch.actors.core.timer_queue import ref_of
from dispatch.actors.core.work_items import Effects, EntityLoad, PendingCommand, ReplyLookup
from dispatch.domain.commands import decode_command
from dispatch.domain.entity import Decision, Entity, EntityKey, Kind
from dispatch.domain.errors import ErrorCode
from dispatch.store.journal import Batch, Committed, Conflict, StoredCommand, StoredHistory, StoredReply
from dispatch.values.units import CityTime

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
        self.own = kinds[kind]
        self._kinds = kinds
        self._passivate_after_s = passivate_after_s
        self._adopt = adopt
        self._cache = EntityCache()
        self.entries: Mapping[EntityKey, CachedEntity] = self._cache.entries
        """The entities that are loaded or being loaded."""
        self._effects = EffectBuffer(self.subscribers)
        self._decider = Decider(self.own, self._cache, self._effects)

    @property
    def now(self) -> CityTime:
        return self._decider.now

    @now.setter
    def now(self, now: CityTime) -> None:
        self._decider.now = now

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
        self._decider.enqueue(work)

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

    def arm(self, scheduled: Sequence[StoredCommand], now: CityTime) -> None:
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
        self.now = now
        self._decider.fire_timers()

    def loaded(self, histories: Sequence[StoredHistory], now: CityTime) -> None:
        self.now = now
        for history in histories:
            entry = self.get_or_load(history.key)
            if entry.entity is None:
                self._restore(entry, history)

    def entities_loaded(self, load: EntityLoad, histories: Sequence[StoredHistory], now: CityTime) -> None:
        self.now = now
        entry = self.get_or_load(load.work.key)
        try:
            for history in histories:
                load.work.other_entities[history.key] = replay(self._kinds[history.key.kind], history)
        except Exception as error:  # noqa: BLE001 - a corrupt history must stop only the commands that need it
            self._decider.fail(entry, load.work, error)
        else:
            if entry.blocked is load.work:
                self._decider.enqueue(load.work)

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
            self._decider.enqueue(work)

    def call_done(self, scheduled: StoredCommand, *, answered: bool, retry_at: float) -> None:
        self._effects.call_returned(scheduled)
        if self._decider.is_replaced(scheduled):
            return
        if answered:
            self._effects.timers.disarm(ref_of(scheduled))
            self._decider.open.commands_done.append(ref_of(scheduled))
        else:
            self._effects.timers.arm(scheduled, retry_at)

    def committed(self, result: Committed | Conflict | None, now: CityTime) -> None:
        """The result of the batch in flight; None if the journal did not answer."""
        self.now = now
        flight, deferred = self._decider.end_flight()
        if flight is None:
            return
        if isinstance(result, Committed):
            for staged in flight.staged:
                entry = self.entries.get(staged.work.key)
                if entry is not None:
                    self._cache.unstaged(entry)
                self._effects.release(entry, staged)
            self._decider.fire_timers()
            for key in self.subscribers.awaited_keys():
                self._answer_subscribers(self.get_or_load(key))
        else:
            self._decider.roll_back(flight, result)
        for work in deferred:
            if work.is_append_notice or self.get_or_load(work.key).blocked is work:
                self._decider.enqueue(work)

    def stage(self, key: EntityKey, decide: Callable[[], Decision]) -> None:
        self._decider.stage(key, decide)

    def next_timer_at(self) -> float | None:
        return self._effects.timers.next_at()

    def take_loads(self) -> list[EntityKey]:
        """Entities to be loaded; answered by ``loaded``."""
        return self._cache.take_loads()

    def take_entity_loads(self) -> list[EntityLoad]:
        """Decisions that wait for other entities; each answered by ``entities_loaded``."""
        loads, self._decider.entity_loads = self._decider.entity_loads, []
        return loads

    def take_lookups(self) -> list[ReplyLookup]:
        """Refusals to be confirmed in the journal; each answered by ``reply_looked_up``."""
        lookups, self._decider.lookups = self._decider.lookups, []
        return lookups

    def take_batch(self) -> Batch | None:
        """The next transaction if none is in flight and there is something to write; answered by ``committed``."""
        if self._decider.flight is not None:
            return None
        transaction = self._decider.begin_flight()
        if transaction is None:
            return None
        batch = transaction.batch(self._cache.entity)
        if not batch:
            self.committed(Committed(), self.now)
            return None
        return batch

    def take_effects(self) -> Effects:
        return self._effects.take()

    @property
    def wants_commit(self) -> bool:
        return self._decider.flight is None and self._decider.has_open_work

    @property
    def has_urgent_work(self) -> bool:
        """Whether a caller waits for the next commit.

        Recording a finished outgoing call is not urgent: after a crash the call is repeated.
        """
        return bool(self._decider.open.staged) or bool(self._decider.queue)

    @property
    def busy(self) -> bool:
        decider = self._decider
        waiting = decider.flight is not None or decider.has_open_work or bool(decider.deferred)
        return waiting or self._cache.loading or bool(self._effects.replies)

    def get_or_load(self, key: EntityKey) -> CachedEntity:
        return self._decider.get_or_load(key)

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
        self._decider.decide_line(entry)

    def _cannot_load(self, entry: CachedEntity, error: Exception) -> None:
        self._effects.fail(str(entry.key), error)
        for work in self._cache.drop(entry):
            self._decider.give_up(work, ErrorCode.INTERNAL)
        self._effects.refuse_subscribers(entry, ErrorCode.INTERNAL)

    def passivate(self, may_evict: Callable[[Entity], bool]) -> int:
        busy = {*self.queues.subscribers, *self.subscribers.awaited_keys()}
        return self._cache.passivate(self.now - self._passivate_after_s, busy, may_evict)

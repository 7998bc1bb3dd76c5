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

from dispatch.actors.answers import Answers, same, stored
from dispatch.actors.due_calendar import DueCalendar, DueRef, ref_of
from dispatch.actors.dues import dues_of, is_timer, outgoing, timer_work
from dispatch.actors.entry import NEVER_LOADED, Entry, folded
from dispatch.actors.followers import Followers
from dispatch.actors.inboxes import Inboxes
from dispatch.actors.kinds import EntityKind, Shown
from dispatch.actors.protocol import Attachment, Audience, Done, Envelope, Refused, Reply
from dispatch.actors.refused_batch import next_step
from dispatch.actors.transaction import Transaction, TransactionFullError
from dispatch.actors.work import Effects, Failure, ForeignLoad, ListingChange, LookUp, Staged, Work
from dispatch.commands import Moved, decode_command
from dispatch.entity import SYSTEM, Context, Decision, Entity, EntityKey, Event, Kind, NeedsForeignError
from dispatch.errors import DispatchError, ErrorCode
from dispatch.events import encode_event, event_name
from dispatch.ids import CommandId
from dispatch.market import Listing
from dispatch.store.journal import Batch, Committed, Conflict, History, StoredDue, StoredReply
from dispatch.units import CityTime

SNAPSHOT_EVERY: Final = 128
PUT_OFF_S: Final = 5.0
"""City seconds until a timer is tried again whose work could not be done."""

_encode_reply = msgspec.msgpack.Encoder().encode
_decode_reply = msgspec.msgpack.Decoder(Done | Refused).decode


class HostCore:
    """One host of entities of one kind. All times are city seconds except where a name says wall."""

    def __init__(
        self,
        kind: Kind,
        kinds: Mapping[Kind, EntityKind],
        inboxes: Inboxes,
        *,
        passivate_after_s: float = 600.0,
        adopt: Callable[[Entity, Entity, float], None] | None = None,
    ) -> None:
        self.kind = kind
        self.inboxes = inboxes
        self.followers = Followers(kinds[kind], inboxes)
        self.entries: dict[EntityKey, Entry] = {}
        self.calendar = DueCalendar()
        self.now = CityTime(0.0)
        self._kinds = kinds
        self._own = kinds[kind]
        self._passivate_after_s = passivate_after_s
        self._adopt = adopt
        self._answers = Answers()
        self._loads: dict[EntityKey, None] = {}
        self._foreign_loads: list[ForeignLoad] = []
        self._lookups: list[LookUp] = []
        self._open = Transaction()
        self._flight: Transaction | None = None
        self._again: deque[Work] = deque()
        self._deferred: list[Work] = []
        self._let_go: dict[DueRef, StoredDue] = {}
        self._effects = Effects()

    # ── what goes in ─────────────────────────────────────────────────────────────────────────────────────────────

    def submit(self, token: int, envelope: Envelope, now: CityTime) -> None:
        """A command. Its reply comes out in the effects, under ``token``."""
        self.now = now
        repeated, reply = self._answers.repeated(token, envelope)
        if repeated:
            if reply is not None:
                self._effects.replies.append((token, reply))
            return
        try:
            work = Work(self._key(envelope.key), envelope, decode_command(envelope.body), [token])
        except (ValueError, msgspec.DecodeError) as error:
            self._effects.replies.append((token, Refused(ErrorCode.MALFORMED.value, detail=str(error))))
            return
        if not envelope.command_id:
            self._effects.replies.append((token, Refused(ErrorCode.MALFORMED.value, "id")))
            return
        self._answers.begin(work)
        self._enqueue(work)

    def attach(self, token: int, gateway: str, attachment: Attachment, now: CityTime) -> None:
        """Somebody wants to follow a stream. Answered under ``token`` when the entity is loaded and committed."""
        self.now = now
        try:
            key = self._key(attachment.key)
        except ValueError as error:
            self._effects.attached.append((token, Refused(ErrorCode.MALFORMED.value, detail=str(error))))
            return
        self.followers.wait(key, token, gateway, attachment)
        self._answer_followers(self.want(key))

    def _key(self, text: str) -> EntityKey:
        key = EntityKey.parse(text)
        if key.kind != self.kind:
            raise ValueError(f"not a {self.kind}: {text!r}")
        return key

    def detach(self, gateway: str, key: EntityKey, audience: Audience) -> None:
        """A gateway has no more sessions of this audience on the stream."""
        self.inboxes.unfollow(key, gateway, audience)

    def wake(self, dues: Sequence[StoredDue], now: CityTime) -> None:
        """The dues that the journal has for this host's shards: arm them, and load their owners."""
        self.now = now
        for due in dues:
            self.calendar.arm(due)
            self.want(due.owner)

    def tick(self, now: CityTime) -> None:
        """Let the dues go whose time has come."""
        self.now = now
        self._fire_dues()

    def loaded(self, histories: Sequence[History], now: CityTime) -> None:
        """The histories that ``take_loads`` asked for."""
        self.now = now
        for history in histories:
            entry = self.want(history.key)
            if entry.entity is None:
                self._restore(entry, history)

    def foreign_loaded(self, load: ForeignLoad, histories: Sequence[History], now: CityTime) -> None:
        """The histories that a held decision asked for."""
        self.now = now
        entry = self.want(load.work.key)
        try:
            for history in histories:
                load.work.foreign[history.key] = folded(self._kinds[history.key.kind], history)[0]
        except Exception as error:  # noqa: BLE001 - a broken history stops only those who need it
            self._break_down(entry, load.work, error)
        else:
            if entry.held is load.work:
                self._enqueue(load.work)

    def looked_up(self, look_up: LookUp, known: StoredReply | None, now: CityTime) -> None:
        """What the journal has for a command that was refused."""
        self.now = now
        reply = look_up.refusal
        if known is not None:
            reply = same(known.digest, look_up.work.envelope, _decode_reply(known.body))
        self._finish(look_up.work, reply)

    def call_done(self, due: StoredDue, *, answered: bool, retry_at: float) -> None:
        """A call was answered (whatever the answer), or nobody was found and it is to be sent again at ``retry_at``."""
        self._let_go.pop(ref_of(due), None)
        if self._is_replaced(due):
            return
        if answered:
            self.calendar.disarm(ref_of(due))
            self._open.dues_done.append(ref_of(due))
        else:
            self.calendar.arm(due, retry_at)

    def committed(self, result: Committed | Conflict | None, now: CityTime) -> None:
        """What became of the batch in flight; None where the journal cannot tell."""
        self.now = now
        flight, self._flight = self._flight, None
        if flight is None:
            return
        deferred, self._deferred = self._deferred, []
        if isinstance(result, Committed):
            for staged in flight.staged:
                self._release(staged)
            self._fire_dues()
            for key in self.followers.waited_for():
                self._answer_followers(self.want(key))
        else:
            self._roll_back(flight, result)
        for work in deferred:
            if work.moved or self.want(work.key).held is work:
                self._enqueue(work)

    # ── what comes out ───────────────────────────────────────────────────────────────────────────────────────────

    def take_loads(self) -> list[EntityKey]:
        """Entities to be loaded; answered by ``loaded``."""
        loads = list(self._loads)
        self._loads.clear()
        return loads

    def take_foreign_loads(self) -> list[ForeignLoad]:
        """Decisions that wait for other entities; each answered by ``foreign_loaded``."""
        loads, self._foreign_loads = self._foreign_loads, []
        return loads

    def take_lookups(self) -> list[LookUp]:
        """Refusals that wait for the journal; each answered by ``looked_up``."""
        lookups, self._lookups = self._lookups, []
        return lookups

    def take_batch(self) -> Batch | None:
        """The next transaction, if none is in flight and there is something to write; answered by ``committed``."""
        if self._flight is not None:
            return None
        while self._again and not self._open.staged:
            self._decide_in_turn(self._again.popleft())
        if not self._open:
            return None
        self._flight, self._open = self._open, Transaction()
        batch = self._flight.batch(self._entity)
        if not batch:
            self.committed(Committed(), self.now)
            return None
        return batch

    def take_effects(self) -> Effects:
        """Everything that may leave now."""
        effects, self._effects = self._effects, Effects()
        return effects

    @property
    def wants_commit(self) -> bool:
        """Whether ``take_batch`` has something to do."""
        return self._flight is None and (bool(self._open) or bool(self._again))

    @property
    def busy(self) -> bool:
        """Whether something still waits for the journal."""
        waiting = self._flight is not None or bool(self._open) or bool(self._again) or bool(self._deferred)
        return waiting or bool(self._loads or self._answers)

    # ── deciding ─────────────────────────────────────────────────────────────────────────────────────────────────

    def stage(self, key: EntityKey, decide: Callable[[], Decision]) -> None:
        """A decision that an entity makes without a command (a meter's checkpoint), if it may be made just now."""
        entry = self.entries.get(key)
        if entry is None or entry.entity is None or self._open.solo or self._again:
            return
        decision = decide()
        if decision.events:
            envelope = Envelope(str(key), "", SYSTEM, b"", keep=False)
            self._apply(entry, entry.entity, Work(key, envelope, Moved(0, ()), []), decision)

    def _enqueue(self, work: Work) -> None:
        if self._again:
            self._again.append(work)
        else:
            self._decide_in_turn(work)

    def _fits(self, work: Work) -> bool:
        """Whether the work may join the open transaction; one that failed before goes alone."""
        return not self._open.solo and not (work.solo and self._open.staged)

    def _decide_in_turn(self, work: Work) -> None:
        """Decide, if the entity is there and no earlier work of it waits."""
        if not self._fits(work):
            self._again.append(work)
            return
        entry = self.want(work.key)
        entry.touched_at = self.now
        if entry.held is work:
            entry.held = None
            entry.waiting.insert(0, work)
        else:
            entry.waiting.append(work)
        self._decide_waiting(entry)

    def _decide_waiting(self, entry: Entry) -> None:
        """Decide what waits for the entity, in order, as far as it can be decided now."""
        while entry.waiting and entry.entity is not None and entry.held is None:
            if not self._fits(entry.waiting[0]):
                waiting, entry.waiting = entry.waiting, []
                self._again.extendleft(reversed(waiting))
                return
            work = entry.waiting.pop(0)
            if isinstance(work.command, Moved):
                self._hear_moved(entry, entry.entity, work, work.command)
            else:
                self._decide(entry, entry.entity, work)

    def _decide(self, entry: Entry, entity: Entity, work: Work) -> None:
        if work.due is not None and self._is_replaced(work.due):
            self._finish(work, Done(entity.seq, entity.state))
            return
        context = Context(self.now, work.envelope.principal, CommandId(work.envelope.command_id), work.foreign)
        try:
            self._apply(entry, entity, work, entity.decide(work.command, context))
        except NeedsForeignError as need:
            entry.held = work
            self._foreign_loads.append(ForeignLoad(work, [need.key]))
        except TransactionFullError:
            entry.held = work
            self._deferred.append(work)
        except DispatchError as error:
            self._refuse(work, error)
        except Exception as error:  # noqa: BLE001 - a bug in one entity must not stop the others
            self._break_down(entry, work, error)

    def _refuse(self, work: Work, error: DispatchError) -> None:
        refusal = Refused(error.code.value, error.field, error.detail)
        if work.due is not None:
            self._open.dues_done.append(ref_of(work.due))
        if work.envelope.keep:
            self._lookups.append(LookUp(work, refusal))
        else:
            self._finish(work, refusal)

    def _apply(self, entry: Entry, entity: Entity, work: Work, decision: Decision) -> None:
        """Apply a decision in memory and put it into the open transaction."""
        self._open.check(decision.foreign)
        first_seq = entity.seq
        encoded: list[tuple[float, bytes]] = []
        shown: list[Shown] = []
        for event in decision.events:
            self._fold(entry, entity, event, first_seq)
            encoded.append((event.at, encode_event(event)))
            shown.extend(self._shown(entity, event))
        reply = self._reply_of(entity, decision)
        writes = bool(decision.events or decision.put or decision.drop)
        staged = Staged(
            work=work,
            decision=decision,
            reply=reply,
            first_seq=first_seq,
            shown=shown,
            listing=entity.listing(),
            dues=dues_of(entry.key, decision, self.now),
            stored=stored(work, _encode_reply(reply)) if writes else None,
        )
        entry.staged += 1
        self._open.add(staged, encoded, snapshot=self._snapshot_due(entry, entity))

    @staticmethod
    def _fold(entry: Entry, entity: Entity, event: Event, first_seq: int) -> None:
        """Apply one event. An illegal first one is a refusal; a later one leaves an entity that is no longer true."""
        try:
            entity.apply(event)
        except DispatchError as error:
            if entity.seq == first_seq:
                raise
            raise RuntimeError(f"{entry.key} decided what it may not do") from error

    def _snapshot_due(self, entry: Entry, entity: Entity) -> bool:
        if entity.seq - entry.snapshot_seq < SNAPSHOT_EVERY:
            return False
        entry.snapshot_seq = entity.seq
        return True

    def _shown(self, entity: Entity, event: Event) -> list[Shown]:
        if self._own.view is None:
            return []
        return [Shown(entity.seq, event_name(event), event.at, self._own.view(entity))]

    @staticmethod
    def _reply_of(entity: Entity, decision: Decision) -> Reply:
        if decision.refusal is not None:
            error = decision.refusal
            return Refused(error.code.value, error.field, error.detail)
        return Done(entity.seq, entity.state, decision.reply or {})

    def _hear_moved(self, entry: Entry, entity: Entity, work: Work, moved: Moved) -> None:
        """Another host appended to this stream. Apply it if it follows; else load the stream again.

        The entity's row is written here, for the other host does not know it; so the answer waits for a commit.
        """
        if entry.staged:
            self._deferred.append(work)
            return
        if moved.after < entity.seq < moved.after + len(moved.events) or entity.seq < moved.after:
            entry.waiting.insert(0, work)
            self._forget(entry)
            return
        try:
            if entity.seq == moved.after:
                self._apply_moved(entry, entity, moved)
            self._apply(entry, entity, work, Decision())
        except Exception as error:  # noqa: BLE001 - a bug in one entity must not stop the others
            self._break_down(entry, work, error)

    def _apply_moved(self, entry: Entry, entity: Entity, moved: Moved) -> None:
        for _, body in moved.events:
            event = self._own.decode_event(body)
            entity.apply(event)
            for shown in self._shown(entity, event):
                self._tell(entry, shown)
        self._list(entry, entity.listing())

    # ── after the commit ─────────────────────────────────────────────────────────────────────────────────────────

    def _release(self, staged: Staged) -> None:
        """Let out what a committed decision brought."""
        work = staged.work
        if work.due is not None:
            self.calendar.disarm(ref_of(work.due))
        for name in staged.decision.drop:
            self.calendar.disarm(DueRef(work.key, name))
        for due in staged.dues:
            self.calendar.arm(due)
        self._effects.signals.extend(staged.decision.signals)
        entry = self.entries.get(work.key)
        if entry is not None:
            entry.staged -= 1
            for shown in staged.shown:
                self._tell(entry, shown)
            self._list(entry, staged.listing)
            if entry.entity is None and not entry.staged:
                self._loads[entry.key] = None
        if work.envelope.command_id:
            self._finish(work, staged.reply)

    def _finish(self, work: Work, reply: Reply) -> None:
        self._answers.end(work, reply)
        if work.due is not None:
            self._let_go.pop(ref_of(work.due), None)
        self._effects.replies.extend((token, reply) for token in work.tokens)
        self._effects.counts.append(("accepted" if isinstance(reply, Done) else "refused", type(work.command).__name__))

    def _tell(self, entry: Entry, shown: Shown) -> None:
        if self.followers.tell(entry, shown):
            self._effects.shown.append((entry.key, shown))

    def _answer_followers(self, entry: Entry) -> None:
        self._effects.attached.extend(self.followers.answer(entry))

    def _list(self, entry: Entry, listing: Listing | None) -> None:
        if listing != entry.listed:
            entry.listed = listing
            self._effects.listings.append(ListingChange(entry.key, listing))

    # ── when the journal says no, or an entity breaks down ───────────────────────────────────────────────────────

    def _roll_back(self, flight: Transaction, result: Conflict | None) -> None:
        """Forget what was decided on a state that is not true, and decide all of it again, one by one."""
        undone, self._open = [*flight.staged, *self._open.staged], Transaction.keeping(flight, self._open)
        again = [staged.work for staged in undone if staged.work.envelope.command_id]
        for work in again:
            work.solo = True
        for key in dict.fromkeys(staged.work.key for staged in undone):
            again.extend(self._forget_with_work(self.want(key)))
        alone = flight.staged[0] if len(flight.staged) == 1 else None
        if alone is not None and alone.work.envelope.command_id and not self._goes_again(alone, result):
            again.remove(alone.work)
        self._again.extendleft(reversed(again))

    def _forget_with_work(self, entry: Entry) -> list[Work]:
        """Forget an entity of which something was undone; what waited for it comes after what was undone."""
        behind = [entry.held] if entry.held is not None else []
        if entry.held is not None and entry.held in self._again:
            self._again.remove(entry.held)
        behind += entry.waiting
        entry.held, entry.waiting = None, []
        entry.staged = 0
        self._forget(entry)
        return behind

    def _goes_again(self, staged: Staged, result: Conflict | None) -> bool:
        """Whether the only work of a failed batch is simply to be decided again; else that is settled here."""
        work = staged.work
        work.tries += 1
        step = next_step(staged, result)
        if step.answer is not None:
            self._finish(work, step.answer)
        elif step.refusal is not None:
            self._refuse(work, step.refusal)
        elif step.foreign:
            self.want(work.key).held = work
            self._foreign_loads.append(ForeignLoad(work, step.foreign))
        elif step.give_up is not None:
            self._put_off(work, step.give_up)
        else:
            return True
        return False

    def _put_off(self, work: Work, code: ErrorCode) -> None:
        """It cannot be done now: senders are told so, and may ask again; a timer does so by itself."""
        self._finish(work, Refused(code.value))
        if work.due is not None and not self._is_replaced(work.due):
            self.calendar.arm(work.due, self.now + PUT_OFF_S)

    def _break_down(self, entry: Entry, work: Work, error: Exception) -> None:
        """A bug: nothing of the work is written, and the entity is loaded again, for it may be half changed."""
        self._effects.failures.append(Failure(f"{entry.key} {type(work.command).__name__}", error))
        if entry.held is work:
            entry.held = None
        self._put_off(work, ErrorCode.INTERNAL)
        self._forget(entry)

    def _forget(self, entry: Entry) -> None:
        """Load the entity again, when all of it that is staged has come to an end."""
        entry.snapshot_seq = 0
        if entry.entity is not None:
            entry.before, entry.entity = entry.entity, None
        if not entry.staged:
            self._loads[entry.key] = None

    # ── loading ──────────────────────────────────────────────────────────────────────────────────────────────────

    def want(self, key: EntityKey) -> Entry:
        """The entry of an entity, which is loaded if it is not there."""
        entry = self.entries.get(key)
        if entry is None:
            entry = self.entries[key] = Entry(key, self.now)
            self._loads[key] = None
        return entry

    def _entity(self, key: EntityKey) -> Entity | None:
        entry = self.entries.get(key)
        return entry.entity if entry is not None else None

    def _restore(self, entry: Entry, history: History) -> None:
        self._loads.pop(entry.key, None)
        try:
            entity, shown = folded(self._own, history)
            if entry.before is not None and self._adopt is not None:
                self._adopt(entry.before, entity, self.now)
        except Exception as error:  # noqa: BLE001 - a broken history stops only its own entity
            self._cannot_load(entry, error)
            return
        entry.before, entry.entity = None, entity
        entry.snapshot_seq = history.snapshot.seq if history.snapshot is not None else 0
        if entry.told == NEVER_LOADED:
            entry.tail.extend(shown)
        else:
            for one in shown:
                self._tell(entry, one)
        entry.told = entity.seq
        for due in history.dues:
            ref = ref_of(due)
            if due not in (self._let_go.get(ref), self.calendar.armed(ref)):
                self.calendar.arm(due)
        self._list(entry, entity.listing())
        self._answer_followers(entry)
        self._decide_waiting(entry)

    def _cannot_load(self, entry: Entry, error: Exception) -> None:
        """A history that cannot be folded: all who want the entity are told so."""
        self._effects.failures.append(Failure(str(entry.key), error))
        del self.entries[entry.key]
        for work in [*([entry.held] if entry.held is not None else []), *entry.waiting]:
            self._put_off(work, ErrorCode.INTERNAL)
        self._effects.attached.extend(self.followers.refuse(entry.key, ErrorCode.INTERNAL))

    # ── dues ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _fire_dues(self) -> None:
        """Send what is due: to this host's own entities as work, elsewhere as calls."""
        for due in list(self.calendar.pop(self.now)):
            self._let_go[ref_of(due)] = due
            if is_timer(due):
                self._enqueue(timer_work(due))
            else:
                self._effects.calls.append(outgoing(due))

    def _is_replaced(self, due: StoredDue) -> bool:
        """Whether a later decision has put another due under the name of one that was let go."""
        ref = ref_of(due)
        if self._open.puts(ref) or (self._flight is not None and self._flight.puts(ref)):
            return True
        armed = self.calendar.armed(ref)
        return armed is not None and armed != due

    # ── sleep ────────────────────────────────────────────────────────────────────────────────────────────────────

    def passivate(self, asleep: Callable[[Entity], bool]) -> int:
        """Put entities to sleep that nobody follows or has asked for a while; says how many."""
        until = self.now - self._passivate_after_s
        waited_for = set(self.followers.waited_for())
        idle = [
            key
            for key, entry in self.entries.items()
            if entry.touched_at < until
            and entry.at_rest
            and key not in self.inboxes.followers
            and key not in waited_for
            and entry.entity is not None
            and asleep(entry.entity)
        ]
        for key in idle:
            del self.entries[key]
        return len(idle)

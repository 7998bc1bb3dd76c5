"""A host without I/O: commands, commit results and ticks go in; batches, replies, pushes and calls come out.

What holds after success: a reply, push, call or listing leaves the core only after the journal has committed the
transaction it belongs to. What holds after failure: nothing of a failed transaction has left; the entities it
touched are forgotten and loaded again, and its commands decided again one by one.

Theory of operation. A command is decided at once, on the entity's state in memory, and its events are applied
there: so several commands on one entity share a transaction. Decisions gather in *open* until the shell takes them
as a batch (``take_batch``); one batch is in flight at a time. When the journal says yes (``committed``), effects
are released. When it says no, everything in flight and open was decided on a state that is not true: the core
forgets those entities and puts all that work into ``_again``, from which batches of one are made until it is empty.

The owner of an entity is whoever commits first. Nothing here trusts a lease: the expected sequence numbers fence.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from dispatch.actors.due_calendar import DueCalendar, DueRef
from dispatch.actors.inboxes import Follower, Inboxes
from dispatch.actors.kinds import EntityKind, Shown, encode_snapshot, encode_update
from dispatch.actors.protocol import Attached, Attachment, AttachReply, Audience, Done, Envelope, Push, Refused, Reply
from dispatch.actors.transaction import Transaction, TransactionFullError
from dispatch.actors.work import Effects, ForeignLoad, ListingChange, LookUp, OutgoingCall, Staged, Work
from dispatch.commands import Moved, decode_command
from dispatch.entity import SYSTEM, Context, Decision, Entity, EntityKey, Event, Kind, NeedsForeignError
from dispatch.errors import DispatchError, ErrorCode
from dispatch.events import encode_event, event_name
from dispatch.ids import CommandId
from dispatch.market import Listing
from dispatch.store.journal import Batch, Committed, Conflict, History, StoredDue, StoredReply
from dispatch.units import CityTime

TAIL: Final = 64
"""Updates that are kept in memory for each entity, for clients that come back."""
SNAPSHOT_EVERY: Final = 128
MAX_TRIES: Final = 6
REMEMBERED_REPLIES: Final = 20_000

_encode_reply = msgspec.msgpack.Encoder().encode
_decode_reply = msgspec.msgpack.Decoder(Done | Refused).decode


class Entry:
    """An entity in this host's memory, or on its way there (``entity`` is None while it is loaded)."""

    __slots__ = ("before", "entity", "key", "listed", "snapshot_seq", "staged", "tail", "told", "touched_at", "waiting")

    def __init__(self, key: EntityKey, now: float) -> None:
        self.key = key
        self.entity: Entity | None = None
        self.before: Entity | None = None
        self.waiting: list[Work] = []
        self.staged = 0
        self.tail: deque[Shown] = deque(maxlen=TAIL)
        self.told = 0
        self.listed: Listing | None = None
        self.snapshot_seq = 0
        self.touched_at = now


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
        self.entries: dict[EntityKey, Entry] = {}
        self.calendar = DueCalendar()
        self._kinds = kinds
        self._own = kinds[kind]
        self._passivate_after_s = passivate_after_s
        self._adopt = adopt
        self._loads: dict[EntityKey, None] = {}
        self._foreign_loads: list[ForeignLoad] = []
        self._lookups: list[LookUp] = []
        self._attaching: dict[EntityKey, list[tuple[int, str, Attachment]]] = {}
        self._open = Transaction()
        self._flight: Transaction | None = None
        self._again: deque[Work] = deque()
        self._deferred: list[Work] = []
        self._effects = Effects()
        self._replies: OrderedDict[str, tuple[bytes, Reply]] = OrderedDict()
        self._at_work: dict[str, Work] = {}
        self.now = CityTime(0.0)

    # ── what goes in ─────────────────────────────────────────────────────────────────────────────────────────────

    def submit(self, token: int, envelope: Envelope, now: CityTime) -> None:
        """A command. Its reply comes out in the effects, under ``token``."""
        self.now = now
        known = self._replies.get(envelope.command_id)
        if known is not None:
            self._effects.replies.append((token, self._same(known[0], envelope, known[1])))
            return
        at_work = self._at_work.get(envelope.command_id)
        if at_work is not None:
            self._join(at_work, token, envelope)
            return
        try:
            work = Work(EntityKey.parse(envelope.key), envelope, decode_command(envelope.body), [token])
        except (ValueError, msgspec.ValidationError) as error:
            self._effects.replies.append((token, Refused(ErrorCode.MALFORMED, detail=str(error))))
            return
        self._at_work[envelope.command_id] = work
        self._enqueue(work)

    def attach(self, token: int, gateway: str, attachment: Attachment, now: CityTime) -> None:
        """Somebody wants to follow a stream. Answered under ``token`` when the entity is loaded and committed."""
        self.now = now
        key = EntityKey.parse(attachment.key)
        self._attaching.setdefault(key, []).append((token, gateway, attachment))
        if self._entry(key).entity is not None:
            self._answer_attachments(key)

    def detach(self, gateway: str, key: EntityKey, audience: Audience) -> None:
        """A gateway has no more sessions of this audience on the stream."""
        self.inboxes.unfollow(key, gateway, audience)

    def wake(self, dues: Sequence[StoredDue], now: CityTime) -> None:
        """The dues that the journal has for this host's shards: arm them, and load their owners."""
        self.now = now
        for due in dues:
            self.calendar.arm(due)
            self._entry(due.owner)

    def tick(self, now: CityTime) -> None:
        """Let the dues go whose time has come, and put idle entities to sleep."""
        self.now = now
        for due in list(self.calendar.pop(now)):
            self._fire(due)

    def loaded(self, histories: Sequence[History], now: CityTime) -> None:
        """The histories that ``take_loads`` asked for."""
        self.now = now
        for history in histories:
            self._restore(history)

    def foreign_loaded(self, load: ForeignLoad, histories: Sequence[History], now: CityTime) -> None:
        """The histories that a waiting decision asked for."""
        self.now = now
        for history in histories:
            load.work.foreign[history.key] = self._fold(history)[0]
        self._enqueue(load.work)

    def looked_up(self, look_up: LookUp, stored: StoredReply | None, now: CityTime) -> None:
        """What the journal has for a command that was refused."""
        self.now = now
        reply = look_up.refusal
        if stored is not None:
            reply = self._same(stored.digest, look_up.work.envelope, _decode_reply(stored.body))
        self._finish(look_up.work, reply)

    def call_done(self, due: StoredDue, *, answered: bool, retry_at: float) -> None:
        """A call was answered (whatever the answer), or nobody was found and it is to be sent again at ``retry_at``."""
        if answered:
            self._open.dues_done.append((due.owner, due.name))
        else:
            self.calendar.arm(due, retry_at)

    def committed(self, result: Committed | Conflict | None, now: CityTime) -> None:
        """What became of the batch in flight; None where the journal cannot tell."""
        self.now = now
        flight, self._flight = self._flight, None
        if flight is None:
            return
        if isinstance(result, Committed):
            for staged in flight.staged:
                self._release(staged)
            self._after_release()
        else:
            self._roll_back(flight, result)
        deferred, self._deferred = self._deferred, []
        for work in deferred:
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
            work = self._again.popleft()
            self._decide_when_loaded(work)
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

    def take_ready(self) -> bool:
        """Whether effects wait to be let out (a batch that had nothing to write was done at once)."""
        effects = self._effects
        return bool(effects.replies or effects.attached or effects.calls or effects.shown or effects.listings)

    @property
    def busy(self) -> bool:
        """Whether something still waits for the journal."""
        waiting = self._flight is not None or bool(self._open) or bool(self._again) or bool(self._deferred)
        return waiting or bool(self._loads or self._at_work)

    # ── deciding ─────────────────────────────────────────────────────────────────────────────────────────────────

    def stage(self, key: EntityKey, decide: Callable[[], Decision]) -> None:
        """A decision that an entity makes without a command (a meter's checkpoint), if it may be made just now."""
        entry = self.entries.get(key)
        if entry is None or entry.entity is None or self._open.solo or self._again:
            return
        decision = decide()
        if not decision.events:
            return
        envelope = Envelope(str(key), "", SYSTEM, b"", keep=False)
        work = Work(key, envelope, Moved(0, ()), [])
        self._apply(entry, work, decision)

    def _enqueue(self, work: Work) -> None:
        if self._again:
            self._again.append(work)
        else:
            self._decide_when_loaded(work)

    def _fits(self, work: Work) -> bool:
        """Whether the work may join the open transaction; one that failed before goes alone."""
        return not self._open.solo and not (work.solo and self._open.staged)

    def _decide_when_loaded(self, work: Work) -> None:
        if not self._fits(work):
            self._again.append(work)
            return
        entry = self._entry(work.key)
        entry.touched_at = self.now
        if entry.entity is None:
            entry.waiting.append(work)
        elif isinstance(work.command, Moved):
            self._hear_moved(entry, work, work.command)
        else:
            self._decide(entry, entry.entity, work)

    def _decide(self, entry: Entry, entity: Entity, work: Work) -> None:
        command_id = CommandId(work.envelope.command_id)
        context = Context(self.now, work.envelope.principal, command_id, work.foreign)
        try:
            decision = entity.decide(work.command, context)
            self._apply(entry, work, decision)
        except DispatchError as error:
            self._refuse(work, error)
        except NeedsForeignError as need:
            self._foreign_loads.append(ForeignLoad(work, [need.key]))
        except TransactionFullError:
            self._deferred.append(work)

    def _refuse(self, work: Work, error: DispatchError) -> None:
        refusal = Refused(error.code.value, error.field, error.detail)
        if work.due is not None:
            self._open.dues_done.append(work.due)
        if work.envelope.keep:
            self._lookups.append(LookUp(work, refusal))
        else:
            self._finish(work, refusal)

    def _apply(self, entry: Entry, work: Work, decision: Decision) -> None:
        """Apply a decision in memory and put it into the open transaction."""
        entity = entry.entity
        assert entity is not None  # noqa: S101 - callers have loaded it
        self._open.check(decision.foreign)
        first_seq = entity.seq
        encoded: list[tuple[float, bytes]] = []
        shown: list[Shown] = []
        for event in decision.events:
            entity.apply(event)
            encoded.append((event.at, encode_event(event)))
            shown.extend(self._shown(entity, event))
        reply = self._reply_of(entity, decision)
        staged = Staged(
            work=work,
            decision=decision,
            reply=reply,
            first_seq=first_seq,
            shown=shown,
            listing=entity.listing(),
            dues=self._dues_of(entry.key, decision),
            stored=self._stored(work, reply) if self._writes(decision) else None,
        )
        entry.staged += 1
        self._open.add(staged, encoded, snapshot=self._snapshot_due(entry, entity))

    def _snapshot_due(self, entry: Entry, entity: Entity) -> bool:
        if entity.seq - entry.snapshot_seq < SNAPSHOT_EVERY:
            return False
        entry.snapshot_seq = entity.seq
        return True

    def _shown(self, entity: Entity, event: Event) -> list[Shown]:
        if self._own.view is None:
            return []
        return [Shown(entity.seq, event_name(event), event.at, self._own.view(entity))]

    def _reply_of(self, entity: Entity, decision: Decision) -> Reply:
        if decision.refusal is not None:
            error = decision.refusal
            return Refused(error.code.value, error.field, error.detail)
        return Done(entity.seq, entity.state, decision.reply or {})

    @staticmethod
    def _writes(decision: Decision) -> bool:
        return bool(decision.events or decision.put or decision.drop)

    @staticmethod
    def _stored(work: Work, reply: Reply) -> StoredReply | None:
        envelope = work.envelope
        if not envelope.keep:
            return None
        return StoredReply(envelope.command_id, envelope.digest, work.key, _encode_reply(reply))

    def _dues_of(self, owner: EntityKey, decision: Decision) -> list[StoredDue]:
        """The dues of a decision, and a call for each foreign append that tells its host what was written there."""
        dues = [StoredDue(owner, due.name, due.at, due.target, due.command) for due in decision.put]
        for append in decision.foreign:
            moved = Moved(append.expected, tuple((event.at, encode_event(event)) for event in append.events))
            name = f"moved:{append.key.id}:{append.expected + 1}"
            dues.append(StoredDue(owner, name, self.now, str(append.key), _encode_moved(moved)))
        return dues

    # ── after the commit ─────────────────────────────────────────────────────────────────────────────────────────

    def _release(self, staged: Staged) -> None:
        """Let out what a committed decision brought."""
        work = staged.work
        entry = self.entries.get(work.key)
        if work.due is not None:
            self.calendar.disarm(work.due)
        for name in staged.decision.drop:
            self.calendar.disarm(DueRef(work.key, name))
        for due in staged.dues:
            self.calendar.arm(due)
        self._effects.signals.extend(staged.decision.signals)
        if entry is not None:
            entry.staged -= 1
            for shown in staged.shown:
                self._tell(entry, shown)
            self._list(entry, staged.listing)
        if work.envelope.command_id:
            self._finish(work, staged.reply)

    def _after_release(self) -> None:
        """Calls to others, and whatever else is due at once, go out without waiting for the next tick."""
        for due in list(self.calendar.pop(self.now)):
            self._fire(due)
        for key in list(self._attaching):
            self._answer_attachments(key)

    def _finish(self, work: Work, reply: Reply) -> None:
        command_id = work.envelope.command_id
        self._at_work.pop(command_id, None)
        self._replies[command_id] = (work.envelope.digest, reply)
        if len(self._replies) > REMEMBERED_REPLIES:
            self._replies.popitem(last=False)
        for token in work.tokens:
            self._effects.replies.append((token, reply))
        outcome: Final = "accepted" if isinstance(reply, Done) else "refused"
        self._effects.counts.append((outcome, type(work.command).__name__))

    def _tell(self, entry: Entry, shown: Shown) -> None:
        """Send one event to those who follow the stream, once for each gateway and audience."""
        if shown.seq <= entry.told:
            return
        entry.told = shown.seq
        entry.tail.append(shown)
        self._effects.shown.append((entry.key, shown))
        followers = self.inboxes.followers.get(entry.key)
        if not followers:
            return
        stream = str(entry.key)
        bodies: dict[Audience, bytes] = {}
        for gateway, audience, trip in followers:
            if trip is not None:
                continue
            if audience not in bodies:
                bodies[audience] = encode_update(stream, shown, audience)
            self.inboxes.push(gateway, Push(stream, audience, shown.seq, bodies[audience]))

    def _list(self, entry: Entry, listing: Listing | None) -> None:
        if listing != entry.listed:
            entry.listed = listing
            self._effects.listings.append(ListingChange(entry.key, listing))

    # ── when the journal says no ─────────────────────────────────────────────────────────────────────────────────

    def _roll_back(self, flight: Transaction, result: Conflict | None) -> None:
        """Forget what was decided on a state that is not true, and decide all of it again, one by one."""
        undone, self._open = [*flight.staged, *self._open.staged], Transaction.keeping(flight, self._open)
        alone = len(flight.staged) == 1
        for staged in undone:
            self._forget(staged.work.key)
        works = [staged.work for staged in undone if staged.work.envelope.command_id]
        for work in works:
            work.solo = True
        if alone and works and works[0] is flight.staged[0].work:
            works = self._settle_alone(works[0], flight.staged[0], result) + works[1:]
        self._again.extendleft(reversed(works))

    def _settle_alone(self, work: Work, staged: Staged, result: Conflict | None) -> list[Work]:
        """What becomes of a work whose own transaction failed: nothing (it is answered) or itself again."""
        work.tries += 1
        if work.tries >= MAX_TRIES:
            code = ErrorCode.UNAVAILABLE if result is None else ErrorCode.BUSY
            self._at_work.pop(work.envelope.command_id, None)
            for token in work.tokens:
                self._effects.replies.append((token, Refused(code)))
            self._rearm(work)
            return []
        if result is None:
            return [work]
        stored = result.replies.get(work.envelope.command_id)
        if stored is not None:
            self._finish(work, self._same(stored.digest, work.envelope, _decode_reply(stored.body)))
            return []
        if result.claims:
            self._refuse(work, DispatchError(ErrorCode.VEHICLE_NOT_FREE, detail=result.claims[0].vehicle))
            return []
        foreign = [append.key for append in staged.decision.foreign if append.key in result.streams]
        if foreign:
            self._foreign_loads.append(ForeignLoad(work, foreign))
            return []
        return [work]

    def _rearm(self, work: Work) -> None:
        """A timer whose work could not be written now is tried again a little later."""
        if work.due is not None:
            due = StoredDue(work.due.owner, work.due.name, self.now, work.envelope.key, work.envelope.body)
            self.calendar.arm(due, self.now + 5.0)

    def _forget(self, key: EntityKey) -> None:
        entry = self.entries.get(key)
        if entry is None:
            return
        entry.staged = 0
        entry.snapshot_seq = 0
        if entry.entity is not None:
            entry.before, entry.entity = entry.entity, None
        self._loads[key] = None

    # ── loading ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _entry(self, key: EntityKey) -> Entry:
        entry = self.entries.get(key)
        if entry is None:
            entry = self.entries[key] = Entry(key, self.now)
            self._loads[key] = None
        return entry

    def want(self, key: EntityKey) -> Entry:
        """The entry of an entity, which is loaded if it is not there."""
        return self._entry(key)

    def _entity(self, key: EntityKey) -> Entity | None:
        entry = self.entries.get(key)
        return entry.entity if entry is not None else None

    def _restore(self, history: History) -> None:
        entry = self._entry(history.key)
        self._loads.pop(history.key, None)
        entity, shown = self._fold(history)
        entry.snapshot_seq = history.snapshot.seq if history.snapshot is not None else 0
        if entry.before is not None and self._adopt is not None:
            self._adopt(entry.before, entity, self.now)
        entry.before = None
        entry.entity = entity
        if entry.told == 0:
            entry.tail.extend(shown)
            entry.told = entity.seq
        for one in shown:
            self._tell(entry, one)
        entry.told = entity.seq
        for due in history.dues:
            self.calendar.arm(due)
        self._list(entry, entity.listing())
        self._answer_attachments(history.key)
        waiting, entry.waiting = entry.waiting, []
        for at, work in enumerate(waiting):
            if not self._fits(work) or entry.entity is None:
                self._again.extendleft(reversed(waiting[at:]))
                break
            self._decide_when_loaded(work)

    def _fold(self, history: History) -> tuple[Entity, list[Shown]]:
        """An entity from its history, with the last updates as its followers see them."""
        kind = self._kinds[history.key.kind]
        snapshot = history.snapshot
        seq, body = (snapshot.seq, snapshot.body) if snapshot is not None else (0, None)
        entity = kind.make(history.key.id, seq, body)
        shown: deque[Shown] = deque(maxlen=TAIL)
        for stored in history.events:
            event = kind.decode_event(stored.body)
            entity.apply(event)
            if kind.view is not None:
                shown.append(Shown(entity.seq, event_name(event), event.at, kind.view(entity)))
        return entity, list(shown)

    def _hear_moved(self, entry: Entry, work: Work, moved: Moved) -> None:
        """Another host appended to this stream. Apply it if it follows; else load the stream again."""
        entity = entry.entity
        assert entity is not None  # noqa: S101 - callers have loaded it
        if entry.staged:
            self._deferred.append(work)
            return
        if entity.seq >= moved.after + len(moved.events):
            self._finish(work, Done(entity.seq, entity.state))
            return
        if entity.seq != moved.after:
            self._forget(entry.key)
            entry.waiting.append(work)
            return
        for _, body in moved.events:
            event = self._own.decode_event(body)
            entity.apply(event)
            for shown in self._shown(entity, event):
                self._tell(entry, shown)
        self._list(entry, entity.listing())
        self._finish(work, Done(entity.seq, entity.state))

    # ── dues ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _fire(self, due: StoredDue) -> None:
        """Send a due command: to this host's own entity as work, elsewhere as a call."""
        ref = DueRef(due.owner, due.name)
        if due.target == str(due.owner):
            command_id = f"{due.owner}/{due.name}/{due.at:.3f}"
            envelope = Envelope(due.target, command_id, SYSTEM, due.command, keep=False)
            self._enqueue(Work(due.owner, envelope, decode_command(due.command), [], due=ref))
            return
        envelope_out = None
        if not due.target.startswith("alipay:"):
            kept = not due.name.startswith("moved:")
            envelope_out = Envelope(due.target, f"{due.owner}/{due.name}", SYSTEM, due.command, keep=kept)
        self._effects.calls.append(OutgoingCall(due, envelope_out))

    # ── followers ────────────────────────────────────────────────────────────────────────────────────────────────

    def _answer_attachments(self, key: EntityKey) -> None:
        """Answer those who wait to follow; what is staged has not happened yet, so they wait for its commit."""
        entry = self.entries.get(key)
        if entry is None or entry.entity is None or entry.staged:
            return
        for token, gateway, attachment in self._attaching.pop(key, ()):
            self._effects.attached.append((token, self._attach(entry, entry.entity, gateway, attachment)))

    def _attach(self, entry: Entry, entity: Entity, gateway: str, attachment: Attachment) -> AttachReply:
        principal = attachment.principal
        if principal.role == "system" or self._own.view is None:
            return Refused(ErrorCode.NOT_ALLOWED.value)
        if attachment.trip is not None:
            return self._track(entry, entity, gateway, attachment)
        if entity.seq == 0 and principal.role not in ("driver", "device"):
            return Refused(ErrorCode.UNKNOWN_TRIP.value, detail=entry.key.id)
        if not entity.may_follow(principal):
            return Refused(ErrorCode.NOT_YOURS.value, detail=entry.key.id)
        self.inboxes.follow(entry.key, Follower(gateway, principal.role))
        stream = str(entry.key)
        missed = self._missed(entry, entity, attachment.after)
        if missed is not None:
            updates = [(shown.seq, encode_update(stream, shown, principal.role)) for shown in missed]
            return Attached(entity.seq, recovered=True, updates=updates)
        snapshot = encode_snapshot(stream, entity.seq, self._own.view(entity), principal.role)
        return Attached(entity.seq, recovered=False, snapshot=snapshot)

    def _track(self, entry: Entry, entity: Entity, gateway: str, attachment: Attachment) -> AttachReply:
        """A passenger follows the position of the car, from assignment to drop-off."""
        row = entity.row()
        on_trip = row.values.get("trip") if row is not None else None
        if self.kind != "vehicle" or on_trip != attachment.trip or attachment.principal.role != "passenger":
            return Refused(ErrorCode.NOT_YOURS.value, detail=entry.key.id)
        self.inboxes.follow(entry.key, Follower(gateway, "passenger", attachment.trip))
        return Attached(entity.seq, recovered=True)

    @staticmethod
    def _missed(entry: Entry, entity: Entity, after: int | None) -> list[Shown] | None:
        """The updates after a number, if memory still has all of them."""
        if after is None or after > entity.seq:
            return None
        missed = [shown for shown in entry.tail if shown.seq > after]
        return missed if len(missed) == entity.seq - after else None

    # ── repeats ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _join(self, work: Work, token: int, envelope: Envelope) -> None:
        if work.envelope.digest != envelope.digest:
            self._effects.replies.append((token, Refused(ErrorCode.COMMAND_ID_REUSED.value, "id")))
        else:
            work.tokens.append(token)

    @staticmethod
    def _same(digest: bytes, envelope: Envelope, reply: Reply) -> Reply:
        """A stored reply, unless another body came under the same id."""
        return reply if digest == envelope.digest else Refused(ErrorCode.COMMAND_ID_REUSED.value, "id")

    # ── sleep ────────────────────────────────────────────────────────────────────────────────────────────────────

    def passivate(self, asleep: Callable[[Entity], bool]) -> int:
        """Put entities to sleep that nobody follows or has asked for a while; says how many."""
        until = self.now - self._passivate_after_s
        idle = [
            key
            for key, entry in self.entries.items()
            if entry.touched_at < until
            and not entry.staged
            and not entry.waiting
            and entry.entity is not None
            and key not in self.inboxes.followers
            and key not in self._attaching
            and asleep(entry.entity)
        ]
        for key in idle:
            del self.entries[key]
        return len(idle)


_encode_moved = msgspec.msgpack.Encoder().encode

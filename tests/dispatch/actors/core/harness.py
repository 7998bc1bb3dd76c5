"""Several host cores over one journal in memory, driven by hand: every step, loss and death is the test's to choose."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, Literal, TypeVar

import msgspec

from dispatch.actors.core.entity_types import entity_kinds
from dispatch.actors.core.host_core import HostCore
from dispatch.actors.core.position_ingest import PositionIngest, adopt
from dispatch.actors.core.protocol import (
    Done,
    Envelope,
    Push,
    Refused,
    Reply,
    Subscribed,
    SubscribeReply,
    SubscribeRequest,
)
from dispatch.actors.core.push_queues import PushQueues
from dispatch.actors.core.stream_replay import replay
from dispatch.actors.core.work_items import Effects, EntityLoad, OutgoingCall
from dispatch.clock import ManualClock
from dispatch.config.tariffs import read_tariff
from dispatch.domain.commands import (
    AcceptOffer,
    MakeOffer,
    RequestTrip,
    StartShift,
    VehicleProfile,
    encode_command,
)
from dispatch.domain.entity import SYSTEM, Command, Entity, EntityKey, Kind, Principal
from dispatch.domain.events import decode_trip_event, decode_vehicle_event, event_name
from dispatch.domain.fare.gps_meter import MeterRules
from dispatch.domain.rules import Rules
from dispatch.domain.trip.trip import Trip
from dispatch.domain.vehicle.position_tracker import FixRow
from dispatch.domain.vehicle.vehicle import Vehicle
from dispatch.payment.core.rules import Account, PaymentRules
from dispatch.store.journal import Batch, Committed, Conflict
from dispatch.store.journals.memory_journal import MemoryJournal, MemoryTables
from dispatch.values.place import Place

T = TypeVar("T")
Fault = Literal["down", "lost"] | Callable[[], object]
"""What meets a commit: the journal is down; it writes but the answer is lost; or somebody else writes first."""

START: Final = 10_000.0
CODE: Final = "4711"
LAT, LNG = 37.78, -122.41
PICKUP: Final = Place(LAT, LNG, "Union Square")
RULES: Final = Rules(tariff=read_tariff("san_francisco"), meter=MeterRules(waiting_kmh=18.0))
KINDS: Final = entity_kinds(
    RULES, PaymentRules(account=Account(seller_id="S1", notify_url="http://taxi.example/alipay/notify"))
)
SHARDS: Final = 16
GATEWAY: Final = "gateway-1"


def now_or_never(work: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that awaits nothing."""
    try:
        work.send(None)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]
    raise AssertionError("it awaits something")


def vehicle_key(name: str = "V1") -> EntityKey:
    return EntityKey("vehicle", name)


def trip_key(name: str = "T1") -> EntityKey:
    return EntityKey("trip", name)


def driver(vehicle: str = "V1") -> Principal:
    return Principal("driver", f"driver of {vehicle}", vehicle)


def profile(vehicle: str = "V1") -> VehicleProfile:
    return VehicleProfile(f"plate {vehicle}", f"driver of {vehicle}", "Ann")


PASSENGER: Final = Principal("passenger", "P1")
DISPATCHER: Final = Principal("dispatcher", "D1")


class Host:
    """One host core with its shell's duties done by hand."""

    def __init__(self, city: City, kind: Kind, name: str) -> None:
        self.city = city
        self.kind: Kind = kind
        self.name = name
        self.queues = PushQueues(name)
        self.core = HostCore(kind, KINDS, self.queues, adopt=adopt if kind == "vehicle" else None)
        self.desk = PositionIngest(self.core)
        self.faults: list[Fault] = []
        self.reads = True
        self.replies: dict[int, Reply] = {}
        self.attached: dict[int, SubscribeReply] = {}
        self.calls: list[OutgoingCall] = []
        self.effects = Effects()
        self.batches: list[Batch] = []
        self.queues.open(GATEWAY, city.clock.wall())

    # each a step of the shell

    def submit(self, envelope: Envelope) -> int:
        """Hand in a command; its token."""
        token = self.city.token()
        self.core.submit(token, envelope, self.city.clock.city())
        self.collect()
        return token

    def serve(self) -> bool:
        """Do the reading that the core asks for; whether there was any."""
        if not self.reads:
            return False
        now, journal = self.city.clock.city(), self.city.journal
        loads, foreign, lookups = self.core.take_loads(), self.core.take_entity_loads(), self.core.take_lookups()
        if loads:
            self.core.loaded(now_or_never(journal.load(loads)), now)
            self.desk.vehicles_loaded(now)
        for load in foreign:
            self.entities_loaded(load)
        for look_up in lookups:
            known = now_or_never(journal.reply(look_up.work.envelope.command_id))
            newer = now_or_never(journal.events_after(look_up.work.key, look_up.seq, 1))
            self.core.reply_looked_up(look_up, known, now, moved=bool(newer))
        self.collect()
        return bool(loads or foreign or lookups)

    def entities_loaded(self, load: EntityLoad) -> None:
        """Answer one decision that waits for other entities."""
        self.core.entities_loaded(load, now_or_never(self.city.journal.load(load.keys)), self.city.clock.city())

    def write(self) -> bool:
        """Commit the next batch, through the next fault if there is one; whether there was one, or is now."""
        batch = self.core.take_batch()
        self.collect()
        if batch is None:
            return self.core.wants_commit
        self.batches.append(batch)
        self.core.committed(self.result(batch), self.city.clock.city())
        self.collect()
        return True

    def result(self, batch: Batch) -> Committed | Conflict | None:
        """What the journal says of a batch."""
        fault = self.faults.pop(0) if self.faults else None
        if fault == "down":
            return None
        if callable(fault):
            fault()
        result = now_or_never(self.city.journal.commit(batch))
        return None if fault == "lost" else result

    def collect(self) -> Effects:
        """Take what may leave; replies are kept by token."""
        taken = self.core.take_effects()
        self.replies.update(taken.replies)
        self.attached.update(taken.subscribed)
        self.calls.extend(taken.calls)
        for key, shown in taken.updates:
            if self.kind == "vehicle":
                self.desk.on_update(key, shown)
        self.effects.notices.extend(taken.notices)
        self.effects.listings.extend(taken.listings)
        self.effects.updates.extend(taken.updates)
        self.effects.failures.extend(taken.failures)
        return taken

    def pump(self) -> bool:
        """Read and write until there is nothing left; whether anything was done."""
        done = False
        for _ in range(1000):
            if not (self.serve() | self.write()):
                return done
            done = True
        raise AssertionError("the host never comes to rest")

    # what tests ask

    def entity(self, key: EntityKey) -> Entity:
        """The entity in this host's memory."""
        entity = self.core.entries[key].entity
        assert entity is not None
        return entity

    def subscribe(self, key: EntityKey, principal: Principal, after: int | None = None, trip: str | None = None) -> int:
        """Ask to follow a stream; the token of the answer."""
        token = self.city.token()
        self.core.subscribe(token, GATEWAY, SubscribeRequest(str(key), principal, after, trip), self.city.clock.city())
        self.collect()
        return token

    def listed(self) -> dict[EntityKey, object]:
        """What a matcher knows from all that this host has listed."""
        known: dict[EntityKey, object] = {}
        for change in self.effects.listings:
            known[change.key] = change.listing
        return {key: listing for key, listing in known.items() if listing is not None}


class Poller:
    """A gateway's poll loop at one host, acknowledging as it goes."""

    def __init__(self, host: Host, gateway: str = GATEWAY) -> None:
        self.host = host
        self.gateway = gateway
        self.incarnation = ""
        self.cursor = 0
        self.pushes: list[Push] = []

    def poll(self) -> list[Push]:
        """The new pushes."""
        fetched: list[Push] = []
        for _ in range(3):
            inbox = self.host.queues.fetch(self.gateway, self.incarnation, self.cursor, self.host.city.clock.wall())
            self.incarnation, self.cursor = inbox.incarnation, inbox.cursor
            fetched.extend(inbox.pushes)
        self.pushes.extend(fetched)
        return fetched

    def numbers(self, key: EntityKey, audience: str) -> list[int]:
        """The stream numbers that came so far."""
        self.poll()
        return [p.seq for p in self.pushes if p.key == str(key) and p.audience == audience and p.seq]

    def said(self, tag: str, audience: str) -> list[dict[str, Any]]:
        """Unnumbered messages of one kind."""
        self.poll()
        decoded = [msgspec.msgpack.decode(p.message) for p in self.pushes if p.audience == audience and not p.seq]
        return [message for message in decoded if message["t"] == tag]


class City:
    """A vehicle host and a trip host over one journal, and the calls between them."""

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.tables = MemoryTables()
        self.journal = MemoryJournal(shards=SHARDS, tables=self.tables)
        self.cut = False
        """Calls between hosts do not get through, and are sent again later."""
        self.repeats = 1
        """So often each call arrives."""
        self._tokens = 0
        self._births = 0
        self._fixes: dict[str, int] = {}
        self.hosts: dict[Kind, Host] = {}
        self.bear("vehicle")
        self.bear("trip")

    def token(self) -> int:
        self._tokens += 1
        return self._tokens

    def bear(self, kind: Kind) -> Host:
        """A new host takes over a kind (the old one may go on, thinking it is still the owner)."""
        self._births += 1
        host = self.hosts[kind] = Host(self, kind, f"{kind}-host-{self._births}")
        dues = now_or_never(self.journal.scheduled_commands(kind, range(SHARDS)))
        host.core.arm(dues, self.clock.city())
        return host

    def sweep(self) -> None:
        """Each host looks for what the journal has and it does not know, as its shell does now and then."""
        for kind, host in self.hosts.items():
            now = self.clock.city()
            host.core.sweep(now_or_never(self.journal.scheduled_commands(kind, range(SHARDS), until=now)), now)
            host.core.compare_heads(now_or_never(self.journal.heads(host.core.subscribed_keys())), now)
        self.settle()

    @property
    def vehicles(self) -> Host:
        return self.hosts["vehicle"]

    @property
    def trips(self) -> Host:
        return self.hosts["trip"]

    def settle(self) -> None:
        """Let everything run that can run now, calls between hosts included."""
        for _ in range(1000):
            busy = False
            for host in list(self.hosts.values()):
                host.core.tick(self.clock.city())
                busy |= host.pump()
                busy |= self.deliver(host)
            if not busy:
                return
        raise AssertionError("the city never comes to rest")

    def deliver(self, host: Host) -> bool:
        """Bring a host's calls to their targets, and the answers back."""
        calls, host.calls = host.calls, []
        for call in calls:
            answered = False
            target = self.hosts.get(EntityKey.parse(call.envelope.key).kind) if call.envelope is not None else None
            if target is not None and not self.cut:
                assert call.envelope is not None
                tokens = [target.submit(call.envelope) for _ in range(self.repeats)]
                target.pump()
                answered = all(is_answered(target.replies.get(token)) for token in tokens)
            host.core.call_done(call.scheduled, answered=answered, retry_at=self.clock.city() + 1.0)
            host.collect()
        return bool(calls) and not self.cut

    def pass_time(self, seconds: float, step: float = 1.0) -> None:
        """Move the clock, settling every ``step`` seconds."""
        until = self.clock.city() + seconds
        while self.clock.city() < until:
            self.clock.advance(min(step, until - self.clock.city()))
            self.settle()

    # commands

    def envelope(
        self, key: EntityKey, command: Command, principal: Principal = SYSTEM, *, name: str = "", keep: bool = True
    ) -> Envelope:
        """A command on its way; without ``name`` it gets a new one."""
        body = encode_command(command)
        return Envelope(str(key), name or f"c{self.token()}", principal, body, digest=body, keep=keep)

    def send(
        self, key: EntityKey, command: Command, principal: Principal = SYSTEM, *, name: str = "", keep: bool = True
    ) -> int:
        """Hand a command to the owner, without waiting for anything."""
        return self.hosts[key.kind].submit(self.envelope(key, command, principal, name=name, keep=keep))

    def ask(
        self, key: EntityKey, command: Command, principal: Principal = SYSTEM, *, name: str = "", keep: bool = True
    ) -> Reply:
        """Send a command and settle; its reply."""
        host = self.hosts[key.kind]
        token = self.send(key, command, principal, name=name, keep=keep)
        self.settle()
        return host.replies[token]

    def do(self, key: EntityKey, command: Command, principal: Principal = SYSTEM) -> Done:
        """A command that has to be accepted."""
        reply = self.ask(key, command, principal)
        assert isinstance(reply, Done), reply
        return reply

    # the usual story

    def online(self, vehicle: str = "V1") -> None:
        """A driver goes online and is heard."""
        self.do(vehicle_key(vehicle), StartShift(profile(vehicle)), driver(vehicle))
        self.fix(vehicle)

    def fix(self, vehicle: str = "V1", north_m: float = 0.0, *, source: int = 0) -> FixRow:
        """A fix so many metres north of the pick-up, heard at once; returned so that it can be sent again."""
        row = self.next_fix(vehicle, north_m, source=source)
        self.hear([row])
        return row

    def next_fix(self, vehicle: str = "V1", north_m: float = 0.0, *, source: int = 0) -> FixRow:
        """The next fix of a car, not sent yet."""
        n = self._fixes[vehicle] = self._fixes.get(vehicle, 0) + 1
        return FixRow(vehicle, source, n, self.clock.city(), LAT + north_m / 111_195.0, LNG)

    def hear(self, rows: Sequence[FixRow]) -> None:
        """Fixes reach the vehicle host."""
        self.vehicles.desk.ingest(list(rows), self.clock.city())
        self.settle()

    def request(self, trip: str = "T1", passenger: str = "P1", pickup_at: float | None = None) -> Done:
        """A passenger wants a ride."""
        wanted = RequestTrip(passenger, "app", PICKUP, CODE, pickup_at=pickup_at)
        return self.do(trip_key(trip), wanted, Principal("passenger", passenger))

    def offer_of(self, trip: str = "T1", vehicle: str = "V1") -> MakeOffer:
        """The offer that a matcher would make now."""
        seq = self.tables.last(trip_key(trip))
        return MakeOffer(f"{trip}.{seq}.{vehicle}", trip, seq, PICKUP, 120.0)

    def offer(self, trip: str = "T1", vehicle: str = "V1") -> str:
        """The matcher offers the trip to the vehicle; the offer's id."""
        made = self.offer_of(trip, vehicle)
        reply = self.ask(vehicle_key(vehicle), made, keep=False)
        assert isinstance(reply, Done), reply
        return made.offer

    def assign(self, trip: str = "T1", vehicle: str = "V1") -> None:
        """From nothing to an accepted offer."""
        self.online(vehicle)
        self.request(trip)
        offer = self.offer(trip, vehicle)
        self.do(vehicle_key(vehicle), AcceptOffer(offer), driver(vehicle))

    # the truth

    def events(self, key: EntityKey) -> list[str]:
        """The names of a stream's events."""
        decode = decode_vehicle_event if key.kind == "vehicle" else decode_trip_event
        return [event_name(decode(stored.body)) for stored in self.tables.events.get(key, [])]

    def refolded(self, key: EntityKey, *, snapshots: bool = True) -> Entity:
        """The entity as its stream says."""
        (history,) = now_or_never(self.journal.load([key]))
        if not snapshots:
            history = history._replace(snapshot=None, events=self.tables.events.get(key, []))
        return replay(KINDS[key.kind], history)

    def trip(self, name: str = "T1") -> Trip:
        """The trip as the journal has it."""
        trip = self.refolded(trip_key(name))
        assert isinstance(trip, Trip)
        return trip

    def vehicle(self, name: str = "V1") -> Vehicle:
        """The vehicle as the journal has it."""
        vehicle = self.refolded(vehicle_key(name))
        assert isinstance(vehicle, Vehicle)
        return vehicle

    def states(self, vehicle: str = "V1", trip: str = "T1") -> tuple[str, str]:
        """The states of a vehicle and a trip, in the journal; both hosts have to agree with it."""
        for host, key in ((self.vehicles, vehicle_key(vehicle)), (self.trips, trip_key(trip))):
            entry = host.core.entries.get(key)
            if entry is not None and entry.entity is not None:
                assert entry.entity.snapshot() == self.refolded(key).snapshot(), key
        return self.vehicle(vehicle).state, self.trip(trip).state


def is_answered(reply: Reply | None) -> bool:
    """Whether a target has decided on a call."""
    return reply is not None and not (isinstance(reply, Refused) and reply.code >= 6000)


def code_of(reply: Reply | SubscribeReply | None) -> int:
    """The number of a refusal; 0 for anything else."""
    return reply.code if isinstance(reply, Refused) else 0


def following(reply: SubscribeReply) -> Subscribed:
    """An attachment that has to be granted."""
    assert isinstance(reply, Subscribed), reply
    return reply

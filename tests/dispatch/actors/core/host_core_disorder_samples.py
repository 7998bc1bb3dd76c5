"""A host that receives messages in disorder, shared by tests."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from dispatch.actors.core.protocol import Envelope, Refused
from dispatch.domain.commands import (
    AcceptOffer,
    ArriveAtPickup,
    CancelTrip,
    DeclineOffer,
    EndShift,
    FinishRide,
    RequestTrip,
    ReturnToService,
    ReturnTrip,
    StartBreak,
    StartHail,
    StartRide,
    StartShift,
    TakeOutOfService,
)
from dispatch.domain.entity import SYSTEM, Command, EntityKey, Kind, Principal
from dispatch.domain.errors import ErrorCode
from dispatch.domain.events import decode_vehicle_event
from dispatch.domain.trip.trip import Trip
from dispatch.domain.vehicle.vehicle import Vehicle
from tests.dispatch.actors.core.harness import (
    CODE,
    DISPATCHER,
    PASSENGER,
    PICKUP,
    City,
    Fault,
    Host,
    Poller,
    driver,
    profile,
    trip_key,
    vehicle_key,
)

VEHICLES = ("V1", "V2")


TRIPS = ("T1", "T2", "T3", "T4")


CARS = st.sampled_from(VEHICLES)


RIDES = st.sampled_from(TRIPS)


OUTCOMES = {"offer_accepted", "offer_declined", "offer_expired", "offer_withdrawn"}


HOLDING = ("assigned", "arrived", "in_progress")


class Disorder(RuleBasedStateMachine):
    """Two cars, four trips; hosts that fail in every way the journal and the network know."""

    def __init__(self) -> None:
        super().__init__()
        self.city = City()
        self.sent: list[Envelope] = []
        self.paused: list[Host] = []
        self.woke = False
        """A paused host has written: the present one learns of it when it next writes to the same stream."""
        self.answers: dict[str, set[str]] = {}
        self.asked: list[tuple[Host, int, str]] = []

    @initialize()
    def go_online(self) -> None:
        for vehicle in VEHICLES:
            self.city.online(vehicle)
        self.pollers: dict[Kind, Poller] = {kind: Poller(host) for kind, host in self.city.hosts.items()}
        self.subscribed_keys: dict[EntityKey, list[int]] = {}
        for vehicle in VEHICLES:
            self.follow(vehicle_key(vehicle))

    def follow(self, key: EntityKey) -> None:
        seen = self.subscribed_keys.setdefault(key, [])
        host = self.city.hosts[key.kind]
        host.subscribe(key, DISPATCHER, after=seen[-1] if seen else 0)

    def send(self, key: EntityKey, command: Command, principal: Principal, *, keep: bool = True) -> None:
        envelope = self.city.envelope(key, command, principal, keep=keep)
        if keep:
            self.sent.append(envelope)
        self.submit(self.city.hosts[key.kind], envelope)

    def submit(self, host: Host, envelope: Envelope) -> None:
        self.asked.append((host, host.submit(envelope), envelope.command_id))

    # ── what people do ──────────────────────────────────────────────────────────────────────────────────────────

    @rule(vehicle=CARS, data=st.data())
    def go_on(self, vehicle: str, data: st.DataObject) -> None:
        """Whatever leads a car one step further towards the end of a ride."""
        self.take_step(vehicle, data)

    def take_step(self, vehicle: str, data: st.DataObject) -> None:
        car = self.city.vehicle(vehicle)
        if car.state == "idle":
            self.offer(vehicle, data)
        else:
            principal = DISPATCHER if car.state == "out_of_service" else driver(vehicle)
            self.send(vehicle_key(vehicle), self.next_of(car), principal)

    @rule(vehicle=CARS, data=st.data())
    def go_on_and_settle(self, vehicle: str, data: st.DataObject) -> None:
        """The same, without anything in between."""
        self.take_step(vehicle, data)
        self.settle(1.0)

    def next_of(self, car: Vehicle) -> Command:
        trip, offer = car.data.trip or "", car.data.offer
        commands: dict[str, Command] = {
            "offered": AcceptOffer(offer.offer if offer is not None else ""),
            "to_pickup": ArriveAtPickup(trip),
            "at_pickup": StartRide(trip, CODE),
            "on_trip": FinishRide(trip),
            "out_of_service": ReturnToService(),
        }
        return commands.get(car.state, StartShift(profile(car.id)))

    def offer(self, vehicle: str, data: st.DataObject) -> None:
        """The matcher offers a trip; at times one that has changed since, or that another car is offered too."""
        trip = data.draw(st.sampled_from(TRIPS))
        if not self.city.tables.last(trip_key(trip)):
            self.send(trip_key(trip), RequestTrip("P1", "app", PICKUP, CODE), PASSENGER)
            return
        self.fix(vehicle)
        made = self.city.offer_of(trip, vehicle)
        late = data.draw(st.sampled_from([0, 0, 0, 1])) if self.city.trip(trip).state == "matching" else 1
        name = f"{made.offer}.{late}.{len(self.asked)}"
        self.send(vehicle_key(vehicle), replace(made, offer=name, trip_seq=made.trip_seq - late), SYSTEM, keep=False)

    @rule(vehicle=CARS)
    def refuse(self, vehicle: str) -> None:
        offer = self.city.vehicle(vehicle).data.offer
        if offer is not None:
            self.send(vehicle_key(vehicle), DeclineOffer(offer.offer), driver(vehicle))

    @rule(vehicle=CARS)
    def give_back(self, vehicle: str) -> None:
        trip = self.city.vehicle(vehicle).data.trip
        if trip is not None:
            self.send(vehicle_key(vehicle), ReturnTrip(trip, "traffic"), driver(vehicle))

    @rule(vehicle=CARS, what=st.sampled_from(["break", "end", "start", "out", "hail"]))
    def shift(self, vehicle: str, what: str) -> None:
        commands: dict[str, Command] = {
            "break": StartBreak(),
            "end": EndShift(),
            "start": StartShift(profile(vehicle)),
            "out": TakeOutOfService("inspection"),
            "hail": StartHail(f"H{len(self.asked)}"),
        }
        self.send(vehicle_key(vehicle), commands[what], DISPATCHER if what == "out" else driver(vehicle))

    @rule(trip=RIDES)
    def cancel(self, trip: str) -> None:
        if self.city.tables.last(trip_key(trip)) > 1:
            self.send(trip_key(trip), CancelTrip("changed my mind"), PASSENGER)

    @rule(vehicle=CARS)
    def drive(self, vehicle: str) -> None:
        self.fix(vehicle)

    def fix(self, vehicle: str) -> None:
        self.city.clock.advance(1)
        self.city.vehicles.desk.ingest(
            [self.city.next_fix(vehicle, self.city.clock.city() % 900)], self.city.clock.city()
        )

    # ── what goes wrong ─────────────────────────────────────────────────────────────────────────────────────────

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """A client sends an old command again, to the present owner or to a paused one."""
        envelope = data.draw(st.sampled_from(self.sent[-8:]))
        kind = EntityKey.parse(envelope.key).kind
        hosts = [self.city.hosts[kind], *(host for host in self.paused if host.kind == kind)]
        host = data.draw(st.sampled_from(hosts))
        self.submit(host, envelope)

    @rule(kind=st.sampled_from(["vehicle", "trip"]), fault=st.sampled_from(["down", "lost"]))
    def fail_next_commit(self, kind: Literal["vehicle", "trip"], fault: Fault) -> None:
        if len(self.city.hosts[kind].faults) < 3:
            self.city.hosts[kind].faults.append(fault)

    @rule(kind=st.sampled_from(["vehicle", "trip"]), how=st.sampled_from(["before", "written", "paused"]))
    def kill(self, kind: Literal["vehicle", "trip"], how: str) -> None:
        """A host dies before its commit, after it, or is only paused and wakes up later."""
        host = self.city.hosts[kind]
        self.listen()
        if how == "written":
            batch = host.core.take_batch()
            if batch is not None:
                host.result(batch)
        elif how == "paused":
            self.paused = [*self.paused[-1:], host]
        self.city.bear(kind)
        self.pollers[kind] = Poller(self.city.hosts[kind])
        for key in self.subscribed_keys:
            if key.kind == kind:
                self.follow(key)

    @precondition(lambda self: self.paused)
    @rule()
    def wake_paused(self) -> None:
        """A paused host goes on as if it were still the owner."""
        host = self.paused.pop()
        self.woke = True
        host.core.tick(self.city.clock.city())
        host.pump()
        self.city.deliver(host)

    @rule(cut=st.booleans(), repeats=st.integers(1, 2))
    def network(self, cut: bool, repeats: int) -> None:
        self.city.cut, self.city.repeats = cut, repeats

    @rule(kind=st.sampled_from(["vehicle", "trip"]), step=st.sampled_from(["serve", "write", "deliver", "tick"]))
    def single_step(self, kind: Literal["vehicle", "trip"], step: str) -> None:
        """One host does one thing, so that others come in between."""
        host = self.city.hosts[kind]
        if step == "serve":
            host.serve()
        elif step == "write":
            host.write()
        elif step == "deliver":
            self.city.deliver(host)
        else:
            host.core.tick(self.city.clock.city())

    @rule(seconds=st.sampled_from([1.0, 1.0, 1.0, 16.0]))
    def let_time_pass(self, seconds: float) -> None:
        """Time passes and everything runs."""
        self.settle(seconds)

    def settle(self, seconds: float) -> None:
        self.city.pass_time(seconds, step=8.0)
        if not self.city.cut:
            for trip in TRIPS:
                if trip_key(trip) not in self.subscribed_keys and self.city.tables.last(trip_key(trip)):
                    self.follow(trip_key(trip))
            self.city.settle()
            self.check_rest()

    def check_rest(self) -> None:
        """At rest every host knows what the journal knows, and every command has its one answer."""
        for kind, host in self.city.hosts.items():
            assert host.effects.failures == [], host.effects.failures
            assert not host.core.busy
            for key, entry in host.core.entries.items():
                assert entry.key.kind == kind
                assert entry.at_rest, key
                assert entry.entity is not None
                truth = self.city.refolded(key)
                assert self.woke or entry.entity.seq == truth.seq, key
                if entry.entity.seq == truth.seq:
                    assert entry.entity.snapshot() == truth.snapshot(), key
        self.collect_answers()

    def collect_answers(self) -> None:
        for host, token, command_id in self.asked:
            reply = host.replies.get(token)
            if reply is not None and not (isinstance(reply, Refused) and reply.code >= ErrorCode.BUSY):
                self.answers.setdefault(command_id, set())
                if not isinstance(reply, Refused):
                    self.answers[command_id].add(repr(reply))
        for command_id, answers in self.answers.items():
            assert len(answers) <= 1, (command_id, answers)

    def listen(self) -> None:
        """Gather what followers were told, by attaching and by pushes, in order."""
        for kind, poller in self.pollers.items():
            host = self.city.hosts[kind]
            for attached in host.attached.values():
                assert not isinstance(attached, Refused)
                assert attached.recovered
            poller.poll()
            for key, seen in self.subscribed_keys.items():
                if key.kind != kind:
                    continue
                told = [seq for answer in host.attached.values() for seq, _ in self._updates_of(answer, key)]
                pushed = [push.seq for push in poller.pushes if push.key == str(key) and push.seq]
                for seq in [*told, *pushed]:
                    if not seen or seq > seen[-1]:
                        assert seq == (seen[-1] if seen else 0) + 1, (key, seen, told, pushed)
                        seen.append(seq)
            poller.pushes.clear()

    @staticmethod
    def _updates_of(answer: object, key: EntityKey) -> list[tuple[int, bytes]]:
        updates: list[tuple[int, bytes]] = getattr(answer, "updates", [])
        return [(seq, body) for seq, body in updates if str(key).encode() in body]

    # ── what always holds ───────────────────────────────────────────────────────────────────────────────────────

    @invariant()
    def streams_have_no_gaps(self) -> None:
        for key, events in self.city.tables.events.items():
            assert [event.seq for event in events] == list(range(1, len(events) + 1)), key

    @invariant()
    def nobody_is_assigned_twice(self) -> None:
        """A car has one trip, a trip one car, and the claims say the same."""
        folded = {key: self.city.refolded(key) for key in self.city.tables.events}
        holders = Counter(
            entity.data.vehicle for entity in folded.values() if isinstance(entity, Trip) and entity.state in HOLDING
        )
        assert all(count == 1 for count in holders.values()), holders
        riding = Counter(entity.data.trip for entity in folded.values() if isinstance(entity, Vehicle))
        assert all(count == 1 for trip, count in riding.items() if trip is not None), riding
        claimed = {entity.id: entity.data.vehicle for entity in folded.values()
                   if isinstance(entity, Trip) and entity.state in HOLDING}  # fmt: skip
        assert self.city.tables.vehicle_of == claimed

    @invariant()
    def offers_have_one_outcome(self) -> None:
        for vehicle in VEHICLES:
            made: Counter[str] = Counter()
            ended: Counter[str] = Counter()
            last = ""
            for stored in self.city.tables.events.get(vehicle_key(vehicle), []):
                event = decode_vehicle_event(stored.body)
                name = type(event).__struct_config__.tag
                offer = getattr(event, "offer", None)
                if name == "offer_made":
                    made[offer or ""] += 1
                    last = offer or ""
                elif name in OUTCOMES:
                    ended[offer or ""] += 1
            assert all(count == 1 for count in made.values())
            assert all(count == 1 for count in ended.values())
            assert set(made) - set(ended) <= {last}

    def teardown(self) -> None:
        """In the end everything is repaired, and both sides of every trip agree."""
        self.city.cut, self.city.repeats = False, 1
        for host in self.city.hosts.values():
            host.faults.clear()
        self.city.pass_time(10, step=2.0)
        self.city.sweep()
        self.listen()
        for vehicle in VEHICLES:
            car = self.city.vehicle(vehicle)
            if car.data.trip is not None:
                trip = self.city.trip(car.data.trip)
                assert (trip.data.vehicle, trip.state in HOLDING) == (vehicle, True)
        for key, seen in self.subscribed_keys.items():
            assert seen == list(range(1, len(seen) + 1)), key
            assert len(seen) == self.city.tables.last(key), key
        for key, dues in self.city.tables.dues.items():
            assert not [name for name in dues if name.startswith(("moved:", "release:"))], key

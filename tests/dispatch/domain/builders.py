"""Vehicles and trips at work in tests, without a host: commands are decided and applied, appends go to both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pytest

from dispatch.config.tariffs import read_tariff
from dispatch.domain.commands import (
    AcceptOffer,
    MakeOffer,
    PayFare,
    ReportOutcome,
    RequestTrip,
    StartShift,
    VehicleProfile,
    decode_command,
)
from dispatch.domain.entity import (
    SYSTEM,
    Command,
    Context,
    Decision,
    Entity,
    EntityKey,
    NeedsEntityError,
    Principal,
    ScheduledCommand,
)
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.domain.events import encode_event
from dispatch.domain.fare.gps_meter import MeterRules
from dispatch.domain.rules import Rules
from dispatch.domain.trip.trip import Trip
from dispatch.domain.vehicle.position_tracker import FixRow
from dispatch.domain.vehicle.vehicle import Vehicle
from dispatch.geo.geofence import Geofence
from dispatch.values.ids import CommandId
from dispatch.values.place import Place
from dispatch.values.units import CityTime, LatLng

NOON = 1_212_174_000.0
"""Friday 2008-05-30, 12:00 in San Francisco."""
LAT, LNG = 37.7793, -122.4193
HERE = Place(LAT, LNG, "City Hall")
THERE = Place(37.7955, -122.3937, "Ferry Building")
TARIFF = read_tariff("san_francisco")
RULES = Rules(
    tariff=TARIFF,
    meter=MeterRules(waiting_kmh=TARIFF.waiting.below_kmh),
    zones=(Geofence("SFO", LatLng(37.6152, -122.3899), 4000.0),),
)
PROFILE = VehicleProfile("7ABC123", "D1", "Ann", seats=4, needs=("child_seat",))
DRIVER = Principal("driver", "D1", "V1")
DEVICE = Principal("device", "M1", "V1")
PASSENGER = Principal("passenger", "P1")
DISPATCHER = Principal("dispatcher", "B1")
CODE = "4711"

Role = Literal["driver", "passenger", "dispatcher", "device", "system"]


class Stage:
    """A car, a trip, and the time. ``send`` does what a host does: one decision, all of its appends, or none."""

    def __init__(self, rules: Rules = RULES) -> None:
        self.now = NOON
        self.rules = rules
        self.car = Vehicle("V1", rules)
        self.trips = {"t1": Trip("t1", rules)}
        self.dues: dict[str, ScheduledCommand] = {}
        self.fix_n = 0

    @property
    def trip(self) -> Trip:
        return self.trips["t1"]

    def entity(self, key: EntityKey) -> Vehicle | Trip:
        if key.kind == "trip":
            return self.trips.setdefault(key.id, Trip(key.id, self.rules))
        assert key == EntityKey("vehicle", self.car.id)
        return self.car

    def context(self, principal: Principal, foreign: Mapping[EntityKey, Entity] | None = None) -> Context:
        return Context(CityTime(self.now), principal, CommandId("c"), foreign or {})

    def decide(self, entity: Vehicle | Trip, command: Command, principal: Principal = SYSTEM) -> Decision:
        """Decide as a host does: again with the other entity where it is needed, or where an append conflicts."""
        foreign: dict[EntityKey, Entity] = {}
        for _ in range(3):
            try:
                decision = entity.decide(command, self.context(principal, foreign))
            except NeedsEntityError as need:
                foreign[need.key] = self.entity(need.key)
                continue
            stale = [a.key for a in decision.appends_elsewhere if self.entity(a.key).seq != a.expected]
            if not stale:
                return decision
            foreign.update((key, self.entity(key)) for key in stale)
        raise AssertionError("the decision does not come to an end")

    def send(self, entity: Vehicle | Trip, command: Command, principal: Principal = SYSTEM) -> Decision:
        decision = self.decide(entity, command, principal)
        for event in decision.events:
            encode_event(event)
            entity.apply(event)
        for append in decision.appends_elsewhere:
            for event in append.events:
                self.entity(append.key).apply(event)
        for name in decision.drop:
            self.dues.pop(name, None)
        for due in decision.put:
            self.dues[due.name] = due
        return decision

    def refused(self, entity: Vehicle | Trip, command: Command, principal: Principal = SYSTEM) -> ErrorCode:
        """The code with which a command is refused; it must have changed nothing."""
        before = (entity.seq, entity.snapshot())
        with pytest.raises(DispatchError) as caught:
            self.decide(entity, command, principal)
        assert before == (entity.seq, entity.snapshot())
        return caught.value.code

    def deliver(self, name: str) -> Decision:
        """Let a due go, to whichever of the two it is for."""
        due = self.dues.pop(name)
        return self.send(self.entity(EntityKey.parse(due.target)), decode_command(due.command))

    # ── the usual way ────────────────────────────────────────────────────────────────────────────────────────────

    def fix(self, north_m: float = 0.0, source: int = 0) -> None:
        """The car is heard, ``north_m`` metres north of the City Hall."""
        self.fix_n += 1
        heard = FixRow(self.car.id, source, self.fix_n, self.now, LAT + north_m / 111_195.0, LNG)
        self.car.tracker.observe(heard, self.now)

    def on_shift(self) -> Stage:
        self.send(self.car, StartShift(PROFILE), DRIVER)
        self.fix()
        return self

    def requested(self, pickup_at: float | None = None) -> Stage:
        request = RequestTrip("P1", "app", HERE, CODE, dropoff=THERE, pickup_at=pickup_at, contact="Bo")
        self.send(self.trip, request, PASSENGER)
        return self

    def offer(self, name: str = "o1") -> MakeOffer:
        return MakeOffer(name, self.trip.id, self.trip.seq, HERE, 120.0, seats=1)

    def offered(self) -> Stage:
        self.on_shift().requested()
        self.send(self.car, self.offer())
        return self

    def assigned(self) -> Stage:
        self.offered()
        self.send(self.car, AcceptOffer("o1"), DRIVER)
        return self


def outcome(stage: Stage, state: str, order: str = "t1_1_1", trade: str = "") -> Decision:
    """The payment tells the trip how it goes."""
    assert stage.trip.data.fare is not None
    told = ReportOutcome(
        state, order, "alipay_app", stage.trip.data.fare, trade=trade, reason="" if state == "ordered" else "why"
    )
    return stage.send(stage.trip, told)


def pay(method: str = "alipay_app", *, scanned: bool = False) -> PayFare:
    return PayFare(method, "2088000000000002", scanned=scanned)

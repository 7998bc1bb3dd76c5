"""The vehicle without its decisions: state, fold, soft state, and the checks that decisions share."""

from typing import ClassVar

import msgspec

from dispatch.domain import events
from dispatch.domain.commands import VehicleProfile
from dispatch.domain.entity import Decision, Event, Kind, Principal, Row
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.domain.fare.fare import Fare, metered
from dispatch.domain.fare.gps_meter import Meter
from dispatch.domain.match_pool import AvailableVehicle
from dispatch.domain.rules import Rules
from dispatch.domain.state_machine import NEW
from dispatch.domain.stream_access import may_follow
from dispatch.domain.vehicle.position_tracker import PositionTracker
from dispatch.domain.vehicle.vehicle_state import IDLE, MACHINE, ON_TRIP, VehicleState, fold
from dispatch.values.ids import VehicleId
from dispatch.values.units import CityTime


class VehicleModel:
    """State of one vehicle, as :class:`dispatch.domain.entity.Entity` describes it.

    ``tracker`` holds the soft state: the position, and the meter between two checkpoints.
    """

    kind: ClassVar[Kind] = "vehicle"

    def __init__(self, vehicle_id: str, rules: Rules, seq: int = 0, snapshot: bytes | None = None) -> None:
        self.id = vehicle_id
        self.seq = seq
        self.rules = rules
        self.data = VehicleState() if snapshot is None else msgspec.msgpack.decode(snapshot, type=VehicleState)
        self.tracker = PositionTracker(rules)
        self.wrong_codes = 0
        if self.data.meter is not None:
            self.tracker.resume_meter(CityTime(self.data.started_at), self.data.meter)

    @property
    def state(self) -> str:
        return "offline" if self.data.state == NEW else self.data.state

    def snapshot(self) -> bytes:
        return msgspec.msgpack.encode(self.data)

    def apply(self, event: Event) -> None:
        fold(self.data, event, self.id)
        self.seq += 1
        match event:
            case events.OfferAccepted():
                self.wrong_codes = 0
            case events.RideStarted():
                self.tracker.resume_meter(CityTime(event.at), event.meter)
            case events.MeterCheckpointed():
                if event.meter == self.tracker.pending_checkpoint:
                    self.tracker.on_commit()
                else:
                    self.tracker.on_replay(event.meter)
            case events.RideFinished():
                self.tracker.stop_meter()
            case _:
                pass

    def match_entry(self) -> AvailableVehicle | None:
        profile = self.data.profile
        if self.data.state != IDLE or profile is None:
            return None
        return AvailableVehicle(
            vehicle=VehicleId(self.id),
            vehicle_class=profile.vehicle_class,
            seats=profile.seats,
            needs=profile.needs,
            idle_since=self.data.idle_since,
        )

    def may_follow(self, principal: Principal) -> bool:
        return may_follow("vehicle", self.id, principal)

    def row(self) -> Row:
        data = self.data
        return Row(
            "vehicle_state",
            self.id,
            {
                "state": self.state,
                "driver": data.profile.driver if data.profile else None,
                "trip": data.trip,
                "seq": self.seq,
                "updated_at": data.touched_at,
                "state_since": data.state_since,
                "shift_since": data.shift_since,
            },
        )

    def stale(self, now: float) -> bool:
        """Whether the last fix is too old for an offer."""
        return now - self.tracker.last_fix_at > self.rules.stale_after_s

    def checkpoint(self) -> Decision:
        """Write the meter as it is now; called when the tracker's checkpoint is due."""
        taken = self.tracker.take_checkpoint()
        if taken is None or self.data.trip is None or self.data.state != ON_TRIP:
            return Decision()
        return Decision(events=[events.MeterCheckpointed(taken.at, self.data.trip, taken)])

    def fare_so_far(self, now: float) -> Fare | None:
        """The fare of the current ride if it ended now: the taximeter's amount, or the GPS meter's."""
        if self.data.state != ON_TRIP:
            return None
        if self.data.taximeter is not None:
            return metered(self.rules.tariff, self.data.taximeter)
        meter = self.running_meter()
        return meter.reading(self.rules.tariff, CityTime(now), from_airport=self.data.from_airport)

    def fare_on_record(self) -> Fare | None:
        """The fare by the journal: the taximeter's amount, or the meter's last checkpoint."""
        data = self.data
        if data.state != ON_TRIP or data.meter is None:
            return None
        if data.taximeter is not None:
            return metered(self.rules.tariff, data.taximeter)
        meter = Meter(self.rules.meter, CityTime(data.started_at), data.meter)
        return meter.reading(self.rules.tariff, data.meter.at, from_airport=data.from_airport)

    def decide_event(self, event: Event) -> Decision:
        """A decision with one event of this vehicle alone, if the state machine allows it."""
        MACHINE.next(self.data.state, type(event), self.id)
        return Decision(events=[event])

    def require_trip(self, trip: str, state: str, event: type[Event]) -> None:
        if self.data.trip != trip:
            raise DispatchError(ErrorCode.NOT_YOURS, field="trip", detail=f"{self.id} has no trip {trip}")
        if self.data.state != state:
            raise MACHINE.illegal(self.state, event, self.id)

    def require_profile(self) -> VehicleProfile:
        if self.data.profile is None:
            raise MACHINE.illegal(self.state, events.OfferAccepted, self.id)
        return self.data.profile

    def running_meter(self) -> Meter:
        meter = self.tracker.meter
        assert meter is not None  # noqa: S101 - on a trip the meter runs
        return meter

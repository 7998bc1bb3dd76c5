"""The vehicle: its shift, the offers it owns, the ride it drives.

Rule 1: what moves a vehicle stands in ``vehicle.vehicle_state``; here stands who may ask for what, and what follows.
Rule 2: what binds vehicle and trip is one transaction over both streams: the vehicle appends to its own and to the
trip's at the number it knows. If the trip's stream stands elsewhere, the decision is made again with the trip as
the journal has it (``Context.other_entities``): a cancel that was committed first wins, and the driver is told.
Rule 3: an offer has exactly one outcome: accepted, declined, expired or withdrawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final

import msgspec

from dispatch.domain.commands import (
    AcceptOffer,
    ArriveAtPickup,
    DeclineOffer,
    EndShift,
    ExpireOffer,
    FinishRide,
    MakeOffer,
    ReleaseFromTrip,
    ReportMeter,
    ReportPayment,
    ResolveScan,
    ReturnToService,
    ReturnTrip,
    StartBreak,
    StartHail,
    StartRide,
    StartShift,
    TakeOutOfService,
    VehicleProfile,
    WithdrawOffer,
    encode_command,
)
from dispatch.domain.entity import (
    ActiveAssignment,
    AppendElsewhere,
    Command,
    Context,
    Decision,
    EntityKey,
    Event,
    Kind,
    NeedsEntityError,
    Principal,
    Row,
    ScheduledCommand,
)
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.domain.events import (
    ArrivedAtPickup,
    AssignmentReturned,
    BreakStarted,
    CancelledWithFee,
    DriverArrived,
    HailStarted,
    MeterCheckpointed,
    MeterReported,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    OfferLapsed,
    OfferMade,
    OfferWithdrawn,
    PaymentReported,
    ReturnedToService,
    RideFinished,
    RideStarted,
    ShiftEnded,
    ShiftStarted,
    TakenOutOfService,
    TripAssigned,
    TripCancelled,
    TripFinished,
    TripOffered,
    TripReleased,
    TripReturned,
    TripStarted,
)
from dispatch.domain.fare.fare import Fare, metered, no_show_fee
from dispatch.domain.fare.gps_meter import Meter, MeterCheckpoint
from dispatch.domain.match_pool import AvailableVehicle
from dispatch.domain.rules import Rules
from dispatch.domain.state_machine import NEW
from dispatch.domain.stream_access import may_follow
from dispatch.domain.trip.trip import Trip
from dispatch.domain.vehicle.position_tracker import PositionTracker
from dispatch.domain.vehicle.vehicle_state import (
    AT_PICKUP,
    IDLE,
    MACHINE,
    OFFERED,
    ON_TRIP,
    TO_PICKUP,
    WITH_TRIP,
    VehicleState,
    fold,
)
from dispatch.geo.distance import STRAIGHT_MPS, haversine_m
from dispatch.values.place import Place
from dispatch.values.units import CityTime, LatLng, Seconds

EXPIRY: Final = "offer_expiry"
WRONG_CODES_ALLOWED: Final = 5


class Vehicle:
    """One vehicle. See :class:`dispatch.domain.entity.Entity` for the contract.

    ``tracker`` holds what is soft: the position, and the meter between two checkpoints.
    """

    kind: ClassVar[Kind] = "vehicle"

    def __init__(self, vehicle_id: str, rules: Rules, seq: int = 0, snapshot: bytes | None = None) -> None:
        self.id = vehicle_id
        self.seq = seq
        self.rules = rules
        self.data = VehicleState() if snapshot is None else msgspec.msgpack.decode(snapshot, type=VehicleState)
        self.tracker = PositionTracker(rules)
        self._wrong_codes = 0
        if self.data.meter is not None:
            self.tracker.resume_meter(CityTime(self.data.started_at), self.data.meter)

    @property
    def state(self) -> str:
        """The machine's state; a vehicle never heard of is offline."""
        return "offline" if self.data.state == NEW else self.data.state

    def snapshot(self) -> bytes:
        """All hard state."""
        return msgspec.msgpack.encode(self.data)

    def apply(self, event: Event) -> None:
        """Fold one event. Raises ``IllegalMoveError``."""
        fold(self.data, event, self.id)
        self.seq += 1
        match event:
            case OfferAccepted():
                self._wrong_codes = 0
            case RideStarted():
                self.tracker.resume_meter(CityTime(event.at), event.meter)
            case MeterCheckpointed():
                if event.meter == self.tracker.pending_checkpoint:
                    self.tracker.on_commit()
                else:
                    self.tracker.on_replay(event.meter)
            case RideFinished():
                self.tracker.stop_meter()
            case _:
                pass

    def decide(self, command: Command, context: Context) -> Decision:
        """Decide on a command. Raises ``DispatchError``."""
        handler = _HANDLERS.get(type(command))
        if handler is None:
            raise DispatchError(ErrorCode.UNKNOWN_MESSAGE, detail=type(command).__name__)
        self._must_be_allowed(command, context.principal)
        return handler(self, command, context)

    def match_entry(self) -> AvailableVehicle | None:
        """What the matcher is to know: the car while it is free."""
        profile = self.data.profile
        if self.data.state != IDLE or profile is None:
            return None
        return AvailableVehicle(
            vehicle=self.id,
            vehicle_class=profile.vehicle_class,
            seats=profile.seats,
            needs=profile.needs,
            idle_since=self.data.idle_since,
        )

    def may_follow(self, principal: Principal) -> bool:
        """Whether somebody may follow this vehicle's stream."""
        return may_follow("vehicle", self.id, principal)

    def row(self) -> Row:
        """The vehicle as columns."""
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
        """Whether the car has not been heard for too long to get an offer."""
        return now - self.tracker.last_fix_at > self.rules.stale_after_s

    def checkpoint(self) -> Decision:
        """Write the meter as it stands (asked for when the tracker says that it is due)."""
        taken = self.tracker.take_checkpoint()
        if taken is None or self.data.trip is None or self.data.state != ON_TRIP:
            return Decision()
        return Decision(events=[MeterCheckpointed(taken.at, self.data.trip, taken)])

    def fare_so_far(self, now: float) -> Fare | None:
        """What the ride under way would cost if it ended now: the taximeter's reading, or the GPS meter's."""
        if self.data.state != ON_TRIP:
            return None
        if self.data.taximeter is not None:
            return metered(self.rules.tariff, self.data.taximeter)
        meter = self._meter()
        return meter.reading(self.rules.tariff, CityTime(now), from_airport=self.data.from_airport)

    def fare_on_record(self) -> Fare | None:
        """The same as the journal has it: of the taximeter's reading, or of the meter's last checkpoint."""
        data = self.data
        if data.state != ON_TRIP or data.meter is None:
            return None
        if data.taximeter is not None:
            return metered(self.rules.tariff, data.taximeter)
        meter = Meter(self.rules.meter, CityTime(data.started_at), data.meter)
        return meter.reading(self.rules.tariff, data.meter.at, from_airport=data.from_airport)

    # ── the shift ────────────────────────────────────────────────────────────────────────────────────────────────

    def _start_shift(self, command: StartShift, context: Context) -> Decision:
        return self._own(ShiftStarted(context.now, command.profile))

    def _end_shift(self, _: EndShift, context: Context) -> Decision:
        return self._leave(ShiftEnded(context.now), context)

    def _start_break(self, _: StartBreak, context: Context) -> Decision:
        return self._leave(BreakStarted(context.now), context)

    def _take_out(self, command: TakeOutOfService, context: Context) -> Decision:
        return self._leave(TakenOutOfService(context.now, by=context.principal.id, reason=command.reason), context)

    def _put_back(self, _: ReturnToService, context: Context) -> Decision:
        return self._own(ReturnedToService(context.now, by=context.principal.id))

    def _leave(self, event: Event, context: Context) -> Decision:
        """Stop taking offers: an open one is withdrawn first; a trip has to be ended before."""
        if self.data.state in WITH_TRIP:
            raise DispatchError(ErrorCode.VEHICLE_BUSY, detail=f"{self.id} has trip {self.data.trip}")
        if self.data.state != OFFERED:
            return self._own(event)
        lapsed = self._lapse(OfferWithdrawn(context.now, self._offer().offer, "the shift ended"), "withdrawn", context)
        lapsed.events = [*lapsed.events, event]
        return lapsed

    # ── offers ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _make_offer(self, command: MakeOffer, context: Context) -> Decision:
        trip_key = EntityKey("trip", command.trip)
        if trip_key in context.other_entities:
            raise DispatchError(ErrorCode.TRIP_CHANGED, detail=command.trip)
        if self.data.state == OFFERED and self.data.offer is not None and self.data.offer.offer == command.offer:
            return Decision()
        self._must_suit(command, context.now)
        expires_at = context.now + self.rules.offer_countdown_s
        made = OfferMade(
            at=context.now,
            offer=command.offer,
            trip=command.trip,
            trip_seq=command.trip_seq + 1,
            pickup=command.pickup,
            pickup_s=self._approach_s(command.pickup) if command.by_hand else command.pickup_s,
            expires_at=expires_at,
            dropoff=command.dropoff,
            seats=command.seats,
            needs=command.needs,
            note=command.note,
        )
        told = TripOffered(context.now, self.id, command.offer, expires_at, by_hand=command.by_hand)
        timer = ScheduledCommand(EXPIRY, expires_at, f"vehicle:{self.id}", encode_command(ExpireOffer(command.offer)))
        return Decision(
            events=[made], appends_elsewhere=[AppendElsewhere(trip_key, command.trip_seq, (told,))], put=[timer]
        )

    def _approach_s(self, pickup: Place) -> float:
        """How long the car would take, where no matcher has reckoned it: the straight way at a city's pace."""
        gps = self.tracker.gps
        return haversine_m(LatLng(gps.lat, gps.lng), LatLng(pickup.lat, pickup.lng)) / STRAIGHT_MPS

    def _must_suit(self, command: MakeOffer, now: float) -> None:
        profile = self.data.profile
        if self.data.state != IDLE or profile is None:
            raise DispatchError(ErrorCode.VEHICLE_NOT_FREE, detail=f"{self.id} is {self.state}")
        if self.stale(now):
            raise DispatchError(ErrorCode.VEHICLE_STALE, detail=self.id)
        if profile.seats < command.seats or not set(command.needs) <= set(profile.needs):
            raise DispatchError(ErrorCode.VEHICLE_UNSUITABLE, detail=self.id)

    def _take_offer(self, command: AcceptOffer, context: Context) -> Decision:
        offer = self._open_offer(command.offer)
        profile = self._profile()
        trip_key = EntityKey("trip", offer.trip)
        if trip_key in context.other_entities:
            gone = OfferWithdrawn(context.now, offer.offer, "the trip is no longer offered")
            refusal = DispatchError(ErrorCode.OFFER_GONE, detail=offer.offer)
            return Decision(events=[gone], drop=[EXPIRY], refusal=refusal)
        seq = offer.trip_seq + 1
        taken = OfferAccepted(context.now, offer.offer, offer.trip, seq)
        assigned = TripAssigned(context.now, self.id, offer.offer, profile, context.now + offer.pickup_s)
        return Decision(
            events=[taken],
            appends_elsewhere=[AppendElsewhere(trip_key, offer.trip_seq, (assigned,))],
            drop=[EXPIRY],
            assignments=[ActiveAssignment(self.id, offer.trip)],
        )

    def _refuse_offer(self, command: DeclineOffer, context: Context) -> Decision:
        offer = self._open_offer(command.offer)
        return self._lapse(OfferDeclined(context.now, offer.offer, command.reason), "declined", context)

    def _expire_offer(self, command: ExpireOffer, context: Context) -> Decision:
        if self.data.offer is None or self.data.offer.offer != command.offer or self.data.state != OFFERED:
            return Decision()
        return self._lapse(OfferExpired(context.now, command.offer), "expired", context)

    def _withdraw_offer(self, command: WithdrawOffer, context: Context) -> Decision:
        offer = self.data.offer
        if self.data.state != OFFERED or offer is None or offer.trip != command.trip:
            return self._release(ReleaseFromTrip(command.trip, command.reason), context)
        return Decision(events=[OfferWithdrawn(context.now, offer.offer, command.reason)], drop=[EXPIRY])

    def _lapse(self, event: Event, outcome: str, context: Context) -> Decision:
        """End the open offer; the trip is matched again without this car, unless it has ended meanwhile."""
        offer = self._offer()
        trip_key = EntityKey("trip", offer.trip)
        foreign: Sequence[AppendElsewhere] = ()
        if trip_key not in context.other_entities:
            lapsed = OfferLapsed(context.now, self.id, offer.offer, outcome)
            foreign = [AppendElsewhere(trip_key, offer.trip_seq, (lapsed,))]
        return Decision(events=[event], appends_elsewhere=foreign, drop=[EXPIRY])

    def _open_offer(self, offer_id: str) -> OfferMade:
        offer = self.data.offer
        if self.data.state != OFFERED or offer is None or offer.offer != offer_id:
            raise DispatchError(ErrorCode.OFFER_GONE, detail=offer_id)
        return offer

    def _offer(self) -> OfferMade:
        if self.data.offer is None:
            raise DispatchError(ErrorCode.OFFER_GONE)
        return self.data.offer

    # ── the ride ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _report_arrival(self, command: ArriveAtPickup, context: Context) -> Decision:
        self._must_have(command.trip, TO_PICKUP, ArrivedAtPickup)
        told = DriverArrived(context.now, self.id)
        return self._with_trip(context, told, lambda seq: ArrivedAtPickup(context.now, command.trip, seq))

    def _begin_ride(self, command: StartRide, context: Context) -> Decision:
        self._must_have(command.trip, AT_PICKUP, RideStarted)
        trip = self._foreign_trip(context, command.trip)
        if self._wrong_codes >= WRONG_CODES_ALLOWED:
            raise DispatchError(ErrorCode.TOO_MANY_ATTEMPTS, field="code", detail="ask a dispatcher")
        if self._lost(trip) is None and trip.data.code != command.code:
            self._wrong_codes += 1
            raise DispatchError(ErrorCode.WRONG_RIDE_CODE, field="code")
        meter = self.tracker.start_checkpoint(context.now)
        told = TripStarted(context.now, self.id)
        return self._with_trip(context, told, lambda seq: self._started(command.trip, seq, meter, context.now))

    def _begin_hail(self, command: StartHail, context: Context) -> Decision:
        profile = self._profile()
        if self.stale(context.now):
            raise DispatchError(ErrorCode.VEHICLE_STALE, detail=self.id)
        here = Place(self.tracker.gps.lat, self.tracker.gps.lng)
        if self.data.state not in (IDLE, OFFERED):
            raise MACHINE.illegal(self.state, RideStarted, self.id)
        decision = Decision()
        if self.data.state == OFFERED:
            gone = OfferWithdrawn(context.now, self._offer().offer, "a passenger got in on the street")
            decision = self._lapse(gone, "withdrawn", context)
        started = self._started(command.trip, 1, self.tracker.start_checkpoint(context.now), context.now, hailed=True)
        decision.events = [*decision.events, started]
        began = HailStarted(context.now, self.id, profile, here)
        decision.appends_elsewhere = [
            *decision.appends_elsewhere,
            AppendElsewhere(EntityKey("trip", command.trip), 0, (began,)),
        ]
        decision.assignments = [ActiveAssignment(self.id, command.trip)]
        decision.reply = {"trip": command.trip}
        return decision

    def _started(self, trip: str, seq: int, meter: MeterCheckpoint, now: float, *, hailed: bool = False) -> RideStarted:
        airport = self.rules.from_airport(meter.lat, meter.lng)
        return RideStarted(now, trip, seq, meter, hailed=hailed, from_airport=airport)

    def _read_meter(self, command: ReportMeter, context: Context) -> Decision:
        if self.data.state != ON_TRIP or self.data.trip is None:
            raise DispatchError(ErrorCode.NO_METER, detail=f"{self.id} is {self.state}")
        if command.amount.currency != self.rules.tariff.currency:
            raise DispatchError(ErrorCode.INVALID_FIELD, field="currency", detail=self.rules.tariff.currency)
        if command.amount.minor < 0:
            raise DispatchError(ErrorCode.INVALID_FIELD, field="amount")
        return self._own(MeterReported(context.now, self.data.trip, command.amount))

    def _end_ride(self, command: FinishRide, context: Context) -> Decision:
        trip = command.trip or self.data.trip or ""
        self._must_have(trip, ON_TRIP, RideFinished)
        fare = self.fare_so_far(context.now)
        assert fare is not None  # noqa: S101 - on a trip there is a fare
        meter = self._meter()
        gps = self.tracker.gps
        ended = TripFinished(
            at=context.now,
            vehicle=self.id,
            fare=fare.total,
            lines=fare.lines,
            meters=meter.meters,
            waiting_s=meter.waiting_s,
            dropped_at=Place(gps.lat, gps.lng),
        )
        decision = self._with_trip(context, ended, lambda seq: RideFinished(context.now, trip, seq, fare.total))
        decision.releases = [ActiveAssignment(self.id, trip)]
        return decision

    def _give_back(self, command: ReturnTrip, context: Context) -> Decision:
        if self.data.state not in (TO_PICKUP, AT_PICKUP):
            raise MACHINE.illegal(self.state, TripReturned, self.id)
        self._must_have(command.trip, self.data.state, TripReturned)
        told: Event = AssignmentReturned(context.now, self.id, command.reason)
        if command.no_show:
            told = self._no_show(command, context.now)
        given = TripReturned(context.now, command.trip, command.reason, no_show=command.no_show)
        decision = self._with_trip(context, told, lambda _: given)
        decision.releases = [ActiveAssignment(self.id, command.trip)]
        return decision

    def _no_show(self, command: ReturnTrip, now: float) -> Event:
        waited = now - self.data.arrived_at
        if self.data.state != AT_PICKUP or waited < self.rules.no_show_after_s:
            raise DispatchError(ErrorCode.VEHICLE_ILLEGAL_MOVE, detail="wait longer at the pick-up before a no-show")
        fee = no_show_fee(self.rules.tariff, Seconds(waited))
        if fee.total.minor == 0:
            return TripCancelled(now, by="no_show", reason=command.reason)
        return CancelledWithFee(now, by="no_show", reason=command.reason, fare=fee.total, lines=fee.lines)

    def _release(self, command: ReleaseFromTrip, context: Context) -> Decision:
        if self.data.trip != command.trip or self.data.state not in (TO_PICKUP, AT_PICKUP):
            return Decision()
        return self._own(TripReleased(context.now, command.trip, command.reason))

    def _tell_payment(self, command: ReportPayment, context: Context) -> Decision:
        return self._own(PaymentReported(context.now, command.trip, command.state, command.amount, command.method))

    def _resolve_scan(self, _: ResolveScan, __: Context) -> Decision:
        trip = self.data.trip if self.data.state == ON_TRIP else self.data.fare_trip
        if trip is None:
            raise DispatchError(ErrorCode.NO_TRIP_TO_PAY, detail=self.id)
        return Decision(reply={"trip": trip})

    # ── one transaction over both streams ────────────────────────────────────────────────────────────────────────

    def _with_trip(self, context: Context, told: Event, own: Callable[[int], Event]) -> Decision:
        """``told`` into the trip's stream and ``own`` (given the trip's new number) into this one's, or the loss."""
        assert self.data.trip is not None  # noqa: S101 - callers have checked the state
        key = EntityKey("trip", self.data.trip)
        seq = self.data.trip_seq
        trip = context.other_entities.get(key)
        if isinstance(trip, Trip):
            lost = self._lost(trip)
            if lost is not None:
                refusal = DispatchError(ErrorCode.TRIP_ENDED, detail=f"{trip.id} is {trip.state}")
                return Decision(events=[TripReleased(context.now, trip.id, lost)], refusal=refusal)
            seq = trip.seq
        return Decision(events=[own(seq + 1)], appends_elsewhere=[AppendElsewhere(key, seq, (told,))])

    def _lost(self, trip: Trip) -> str | None:
        """Why the trip is no longer this vehicle's; None while it is."""
        if trip.data.vehicle == self.id and trip.state in ("assigned", "arrived", "in_progress"):
            return None
        return trip.data.cancel_reason or f"the trip is {trip.state}"

    def _foreign_trip(self, context: Context, trip_id: str) -> Trip:
        key = EntityKey("trip", trip_id)
        trip = context.other_entities.get(key)
        if not isinstance(trip, Trip):
            raise NeedsEntityError(key)
        return trip

    # ── checks ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _own(self, event: Event) -> Decision:
        """One event of this vehicle alone, if the machine allows it."""
        MACHINE.next(self.data.state, type(event), self.id)
        return Decision(events=[event])

    def _must_be_allowed(self, command: Command, principal: Principal) -> None:
        roles = _ROLES.get(type(command), _SYSTEM)
        if principal.role not in roles and principal.role != "system":
            raise DispatchError(ErrorCode.NOT_ALLOWED)
        if principal.role not in ("driver", "device"):
            return
        if principal.vehicle != self.id:
            raise DispatchError(ErrorCode.NOT_YOURS, detail=self.id)
        profile = self.data.profile
        on_shift = self.state not in ("offline", "out_of_service")
        if principal.role == "driver" and on_shift and profile is not None and profile.driver != principal.id:
            raise DispatchError(ErrorCode.OTHER_DRIVER, detail=self.id)

    def _must_have(self, trip: str, state: str, event: type[Event]) -> None:
        if self.data.trip != trip:
            raise DispatchError(ErrorCode.NOT_YOURS, field="trip", detail=f"{self.id} has no trip {trip}")
        if self.data.state != state:
            raise MACHINE.illegal(self.state, event, self.id)

    def _profile(self) -> VehicleProfile:
        if self.data.profile is None:
            raise MACHINE.illegal(self.state, OfferAccepted, self.id)
        return self.data.profile

    def _meter(self) -> Meter:
        meter = self.tracker.meter
        assert meter is not None  # noqa: S101 - on a trip the meter runs
        return meter


_DRIVER: Final = frozenset({"driver"})
_IN_CAR: Final = frozenset({"driver", "device"})
_DISPATCHER: Final = frozenset({"dispatcher"})
_SYSTEM: Final = frozenset[str]()
_ROLES: Final[dict[type[Command], frozenset[str]]] = {
    StartShift: _DRIVER,
    EndShift: _DRIVER,
    StartBreak: _DRIVER,
    MakeOffer: _DISPATCHER,
    AcceptOffer: _DRIVER,
    DeclineOffer: _DRIVER,
    ArriveAtPickup: _DRIVER,
    StartRide: _DRIVER,
    StartHail: _IN_CAR,
    ReportMeter: _IN_CAR,
    FinishRide: _IN_CAR,
    ReturnTrip: _DRIVER,
    TakeOutOfService: _DISPATCHER,
    ReturnToService: _DISPATCHER,
    ResolveScan: frozenset({"passenger", "dispatcher"}),
}

# Each handler names its own command; in the table the types are erased.
_HANDLERS: Final[dict[type[Command], Callable[[Vehicle, Any, Context], Decision]]] = {
    StartShift: Vehicle._start_shift,  # noqa: SLF001
    EndShift: Vehicle._end_shift,  # noqa: SLF001
    StartBreak: Vehicle._start_break,  # noqa: SLF001
    MakeOffer: Vehicle._make_offer,  # noqa: SLF001
    AcceptOffer: Vehicle._take_offer,  # noqa: SLF001
    DeclineOffer: Vehicle._refuse_offer,  # noqa: SLF001
    ExpireOffer: Vehicle._expire_offer,  # noqa: SLF001
    WithdrawOffer: Vehicle._withdraw_offer,  # noqa: SLF001
    ArriveAtPickup: Vehicle._report_arrival,  # noqa: SLF001
    StartRide: Vehicle._begin_ride,  # noqa: SLF001
    StartHail: Vehicle._begin_hail,  # noqa: SLF001
    ReportMeter: Vehicle._read_meter,  # noqa: SLF001
    FinishRide: Vehicle._end_ride,  # noqa: SLF001
    ReturnTrip: Vehicle._give_back,  # noqa: SLF001
    TakeOutOfService: Vehicle._take_out,  # noqa: SLF001
    ReturnToService: Vehicle._put_back,  # noqa: SLF001
    ReleaseFromTrip: Vehicle._release,  # noqa: SLF001
    ReportPayment: Vehicle._tell_payment,  # noqa: SLF001
    ResolveScan: Vehicle._resolve_scan,  # noqa: SLF001
}

"""The trip: from the wish for a ride to the fare that is paid.

Rule 1: what moves a trip stands in ``trip.trip_state``; here stands who may ask for what, and what follows.
Rule 2: while a driver is involved (offer, approach, ride) the vehicle writes into the trip's stream, in one
transaction with its own and at the number it expects; the trip itself writes all else. Whoever commits first wins,
and the other decides again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

import msgspec

from dispatch.domain.commands import (
    AgreeFare,
    AssignManually,
    CancelTrip,
    GetFare,
    GiveUp,
    OpenPayment,
    PayFare,
    RateRide,
    RefundOrder,
    ReleaseFromTrip,
    ReportOutcome,
    ReportPayment,
    RequestTrip,
    SettleFare,
    StartMatching,
    StopPaying,
    StopPayment,
    TypeFare,
    WithdrawOffer,
    encode_command,
)
from dispatch.domain.entity import (
    ActiveAssignment,
    Command,
    Context,
    Decision,
    DomainNotice,
    EntityKey,
    Event,
    Kind,
    Principal,
    Row,
    ScheduledCommand,
)
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.domain.events import (
    AssignedManually,
    CancelledWithFee,
    FareAgreed,
    FarePaid,
    FareRefunded,
    FareRefundedWhole,
    FareSettled,
    FareTyped,
    MatchingStarted,
    PaymentFailed,
    PaymentOrdered,
    PaymentStarted,
    PaymentUnclear,
    RideRated,
    TripCancelled,
    TripRequested,
    TripReserved,
    TripUnserved,
)
from dispatch.domain.fare.fare import cancellation_fee
from dispatch.domain.match_pool import OpenRequest
from dispatch.domain.rules import Rules
from dispatch.domain.state_machine import NEW
from dispatch.domain.stream_access import may_follow
from dispatch.domain.trip.trip_state import (
    ARRIVED,
    ASSIGNED,
    ENDED,
    FARE_DUE,
    MACHINE,
    MATCHING,
    OFFERED,
    PAID,
    PART_REFUNDED,
    PAYING,
    PAYMENT_UNKNOWN,
    REFUNDED,
    RESERVED,
    SETTLED_OTHERWISE,
    FareSheet,
    TripState,
    fold,
    payment_state,
)
from dispatch.values.money import Money
from dispatch.values.units import Seconds


class Trip:
    """One trip. See :class:`dispatch.domain.entity.Entity` for the contract."""

    kind: ClassVar[Kind] = "trip"

    def __init__(self, trip_id: str, rules: Rules, seq: int = 0, snapshot: bytes | None = None) -> None:
        self.id = trip_id
        self.seq = seq
        self.rules = rules
        self.data = TripState() if snapshot is None else msgspec.msgpack.decode(snapshot, type=TripState)

    @property
    def state(self) -> str:
        """The machine's state."""
        return self.data.state

    @property
    def key(self) -> EntityKey:
        """The trip's address."""
        return EntityKey("trip", self.id)

    def snapshot(self) -> bytes:
        """All hard state."""
        return msgspec.msgpack.encode(self.data)

    def apply(self, event: Event) -> None:
        """Fold one event. Raises ``IllegalMoveError``."""
        fold(self.data, event, self.id)
        self.seq += 1

    def decide(self, command: Command, context: Context) -> Decision:
        """Decide on a command. Raises ``DispatchError``."""
        handler = _HANDLERS.get(type(command))
        if handler is None:
            raise DispatchError(ErrorCode.UNKNOWN_MESSAGE, detail=type(command).__name__)
        if isinstance(command, _SYSTEM_ONLY) and context.principal.role != "system":
            raise DispatchError(ErrorCode.NOT_ALLOWED)
        if self.data.state == NEW and not isinstance(command, RequestTrip):
            raise DispatchError(ErrorCode.UNKNOWN_TRIP, detail=self.id)
        return handler(self, command, context)

    def match_entry(self) -> OpenRequest | None:
        """What the matcher is to know: the trip while it looks for a car."""
        data = self.data
        if data.state != MATCHING or data.pickup is None:
            return None
        return OpenRequest(
            trip=self.id,
            seq=self.seq,
            pickup=data.pickup,
            dropoff=data.dropoff,
            vehicle_class=data.vehicle_class,
            seats=data.seats,
            needs=data.needs,
            requested_at=data.pickup_at or data.requested_at,
            excluded=data.excluded,
            note=data.note,
        )

    def may_follow(self, principal: Principal) -> bool:
        """Whether somebody may follow this trip's stream."""
        data = self.data
        passengers = (data.passenger, data.payer) if data.origin == "hail" else (data.passenger,)
        return may_follow("trip", self.id, principal, passengers=passengers, vehicle=data.vehicle)

    def row(self) -> Row:
        """The trip as columns."""
        data = self.data
        profile = data.profile
        return Row(
            "trip",
            self.id,
            {
                "state": data.state,
                "passenger": data.passenger or None,
                "driver": profile.driver if profile else None,
                "vehicle": data.vehicle,
                "vehicle_class": data.vehicle_class,
                "origin": data.origin,
                "requested_at": data.requested_at,
                "pickup_at": data.pickup_at,
                "pickup_lat": data.pickup.lat if data.pickup else None,
                "pickup_lng": data.pickup.lng if data.pickup else None,
                "dropoff_lat": data.dropoff.lat if data.dropoff else None,
                "dropoff_lng": data.dropoff.lng if data.dropoff else None,
                "assigned_at": data.assigned_at,
                "arrived_at": data.arrived_at,
                "started_at": data.started_at,
                "finished_at": data.finished_at,
                "cancelled_by": data.cancelled_by,
                "cancel_reason": data.cancel_reason,
                "fare_minor": data.fare.minor if data.fare else None,
                "currency": data.fare.currency if data.fare else None,
                "payment_state": payment_state(data),
                "paid_at": data.paid_at,
                "seq": self.seq,
                "updated_at": data.touched_at,
                "contact": data.contact or None,
                "pickup_text": data.pickup.text if data.pickup else None,
                "dropoff_text": data.dropoff.text if data.dropoff else None,
                "seats": data.seats,
                "needs": " ".join(data.needs) or None,
                "note": data.note or None,
                "eta_at": data.eta_at,
                "stars": data.stars,
                "method": data.method or None,
            },
        )

    # ── decisions ────────────────────────────────────────────────────────────────────────────────────────────────

    def _request(self, command: RequestTrip, context: Context) -> Decision:
        if self.data.state != NEW:
            raise DispatchError(ErrorCode.TRIP_EXISTS, detail=self.id)
        now = context.now
        if command.pickup_at is not None and command.pickup_at < now:
            raise DispatchError(ErrorCode.PICKUP_IN_PAST, field="at")
        reserved = command.pickup_at is not None and command.pickup_at > now + self.rules.reservation_lead_s
        kind = TripReserved if reserved else TripRequested
        event = kind(
            at=now,
            passenger=command.passenger,
            origin=command.origin,
            pickup=command.pickup,
            code=command.code,
            by=f"{context.principal.role}:{context.principal.id}",
            dropoff=command.dropoff,
            vehicle_class=command.vehicle_class,
            seats=command.seats,
            needs=command.needs,
            pickup_at=command.pickup_at,
            note=command.note,
            contact=command.contact,
        )
        timer = self._give_up_timer(max(now, command.pickup_at or now))
        if reserved:
            assert command.pickup_at is not None  # noqa: S101 - "reserved" says so
            lead_at = command.pickup_at - self.rules.reservation_lead_s
            timer = ScheduledCommand("begin_matching", lead_at, str(self.key), encode_command(StartMatching()))
        return Decision(events=[event], put=[timer], reply={"trip": self.id, "code": command.code})

    def _begin_matching(self, _: StartMatching, context: Context) -> Decision:
        if self.data.state != RESERVED:
            return Decision()
        since = max(context.now, self.data.pickup_at or context.now)
        return Decision(events=[MatchingStarted(at=context.now)], put=[self._give_up_timer(since)])

    def _give_up(self, _: GiveUp, context: Context) -> Decision:
        data = self.data
        if data.state == MATCHING:
            over_at = self._matched_from() + self.rules.give_up_s
            if context.now >= over_at:
                told = DomainNotice("trip_unserved", {"trip": self.id})
                return Decision(events=[TripUnserved(at=context.now)], notices=[told])
            return Decision(put=[self._give_up_timer(self._matched_from())])
        if data.state in (OFFERED, ASSIGNED, ARRIVED):
            return Decision(put=[self._give_up_timer(context.now)])
        return Decision()

    def _matched_from(self) -> float:
        return max(self.data.matching_since, self.data.pickup_at or 0.0)

    def _give_up_timer(self, since: float) -> ScheduledCommand:
        return ScheduledCommand("give_up", since + self.rules.give_up_s, str(self.key), encode_command(GiveUp()))

    def _cancel(self, command: CancelTrip, context: Context) -> Decision:
        data = self.data
        self._must_own(context.principal)
        if data.state in ENDED:
            raise DispatchError(ErrorCode.TRIP_ENDED, detail=f"{self.id} is {data.state}")
        by = context.principal.role
        if not MACHINE.allows(data.state, TripCancelled):
            raise MACHINE.illegal(data.state, TripCancelled, self.id)
        event: Event = TripCancelled(at=context.now, by=by, reason=command.reason)
        fee = None
        if data.assigned_at is not None and MACHINE.allows(data.state, CancelledWithFee):
            fee = cancellation_fee(self.rules.tariff, Seconds(context.now - data.assigned_at), by)
            if command.fee_up_to is not None and fee.total.minor > command.fee_up_to:
                raise DispatchError(ErrorCode.FEE_AGREED_TOO_LOW, field="fee_up_to", amount=fee.total)
            if fee.total.minor > 0:
                event = CancelledWithFee(context.now, by=by, reason=command.reason, fare=fee.total, lines=fee.lines)
        decision = Decision(events=[event], drop=["give_up", "begin_matching"])
        if data.vehicle is not None:
            decision.put = [self._tell_vehicle_cancelled(data.vehicle, command.reason)]
            decision.releases = [ActiveAssignment(data.vehicle, self.id)] if data.state != OFFERED else []
        return decision

    def _tell_vehicle_cancelled(self, vehicle: str, reason: str) -> ScheduledCommand:
        command: Command = ReleaseFromTrip(self.id, reason)
        if self.data.state == OFFERED:
            command = WithdrawOffer(self.id, reason)
        return ScheduledCommand(f"release:{self.seq}", 0.0, f"vehicle:{vehicle}", encode_command(command))

    def _pick_by_hand(self, command: AssignManually, context: Context) -> Decision:
        if context.principal.role != "dispatcher":
            raise DispatchError(ErrorCode.NOT_ALLOWED)
        data = self.data
        if data.state != MATCHING or data.pickup is None:
            raise MACHINE.illegal(data.state, AssignedManually, self.id)
        event = AssignedManually(context.now, vehicle=command.vehicle, by=context.principal.id)
        facts = {
            "trip": self.id,
            "trip_seq": self.seq + 1,
            "pickup": msgspec.to_builtins(data.pickup),
            "dropoff": msgspec.to_builtins(data.dropoff),
            "vehicle_class": data.vehicle_class,
            "seats": data.seats,
            "needs": list(data.needs),
            "note": data.note,
        }
        return Decision(events=[event], reply=facts)

    def _pay(self, command: PayFare, context: Context) -> Decision:
        data = self.data
        self._may_pay(command, context.principal)
        if data.state in (PAYING, PAYMENT_UNKNOWN):
            if (data.method, data.payer, data.buyer) == (command.method, context.principal.id, command.buyer):
                return Decision(reply=self._paying())
            raise DispatchError(ErrorCode.PAYMENT_OPEN, detail=self.id)
        if data.state in (PAID, PART_REFUNDED, REFUNDED, SETTLED_OTHERWISE):
            raise DispatchError(ErrorCode.ALREADY_PAID, detail=self.id)
        if data.state != FARE_DUE or data.fare is None:
            raise DispatchError(ErrorCode.NO_TRIP_TO_PAY, detail=f"{self.id} is {data.state}")
        if self.wants_typed_fare and not data.agreed:
            raise DispatchError(ErrorCode.FARE_NOT_AGREED, detail=self.id)
        began = PaymentStarted(
            context.now,
            command.method,
            data.fare,
            buyer=command.buyer,
            scanned=command.scanned,
            payer=context.principal.id,
        )
        open_payment = OpenPayment(
            trip=self.id,
            vehicle=data.vehicle or "",
            amount=data.fare,
            method=command.method,
            buyer=command.buyer,
            subject=f"Taxi ride {self.id}",
            company=data.profile.company if data.profile else "",
            auth_code=command.auth_code,
        )
        call = ScheduledCommand(f"pay:{self.seq}", 0.0, f"payment:{self.id}", encode_command(open_payment))
        return Decision(events=[began], put=[call], reply={"trip": self.id})

    def _paying(self) -> dict[str, object]:
        """What whoever pays needs to go on with the attempt that is open."""
        return {"trip": self.id, "order": self.data.order, "trade": self.data.trade}

    def _may_pay(self, command: PayFare, principal: Principal) -> None:
        """Drivers collect the fares of their own car; passengers pay their own trip, or the one in the car they
        scanned."""
        if principal.role == "driver":
            self._must_drive(principal)
        elif self.data.origin != "hail" and not command.scanned:
            self._must_own(principal)

    def _must_drive(self, principal: Principal) -> None:
        if principal.role != "driver" or principal.vehicle != self.data.vehicle:
            raise DispatchError(ErrorCode.NOT_YOURS, detail=self.id)

    def _stop_paying(self, _: StopPaying, context: Context) -> Decision:
        """Whoever pays, drives or dispatches wants another way; Alipay has the last word on the open attempt."""
        if context.principal.role == "driver":
            self._must_drive(context.principal)
        elif context.principal.id != self.data.payer:
            self._must_own(context.principal)
        if self.data.state not in (PAYING, PAYMENT_UNKNOWN):
            raise MACHINE.illegal(self.data.state, PaymentFailed, self.id)
        call = ScheduledCommand(f"stop:{self.seq}", 0.0, f"payment:{self.id}", encode_command(StopPayment(self.id)))
        return Decision(put=[call], reply={"trip": self.id})

    @property
    def wants_typed_fare(self) -> bool:
        """Whether this ride's fare is typed: the car has no meter, and the ride took place."""
        data = self.data
        return data.profile is not None and data.profile.typed_fare and data.finished_at is not None

    def _type_fare(self, command: TypeFare, context: Context) -> Decision:
        """A scan of the car's code is enough to propose a fare: the driver has to confirm it."""
        self._check_typed(command.amount)
        by = f"{context.principal.role}:{context.principal.id}"
        return Decision(events=[FareTyped(context.now, amount=command.amount, by=by)], reply={"trip": self.id})

    def _agree_fare(self, command: AgreeFare, context: Context) -> Decision:
        self._must_drive(context.principal)
        self._check_typed(command.amount)
        if self.data.typed is not None and self.data.typed != command.amount:
            raise DispatchError(ErrorCode.FARE_NOT_AGREED, field="amount", detail=f"{self.data.typed} was typed")
        return Decision(events=[FareAgreed(context.now, amount=command.amount, by=context.principal.id)])

    def _check_typed(self, amount: Money) -> None:
        if not self.wants_typed_fare:
            raise DispatchError(ErrorCode.FARE_METERED, detail=self.id)
        if self.data.state != FARE_DUE:
            raise MACHINE.illegal(self.data.state, FareTyped, self.id)
        currency = self.rules.tariff.currency
        if amount.currency != currency or not 0 < amount.minor <= MOST_TYPED:
            raise DispatchError(ErrorCode.INVALID_FIELD, field="amount", detail=str(amount))

    def _tell_fare(self, _: GetFare, __: Context) -> Decision:
        data, profile = self.data, self.data.profile
        sheet = FareSheet(
            state=data.state,
            currency=self.rules.tariff.currency,
            vehicle=data.vehicle or "",
            plate=profile.plate if profile else "",
            company=profile.company if profile else "",
            fare=data.fare,
            lines=data.lines,
            wants_typed=self.wants_typed_fare,
            typed=data.typed,
            agreed=data.agreed,
            meters=data.meters,
            started_at=data.started_at,
            finished_at=data.finished_at,
            payer=data.payer,
            buyer=data.buyer,
            method=data.method,
            order=data.order,
            trade=data.trade,
            reason=data.payment_reason,
            paid_at=data.paid_at,
            refunded=data.refunded,
        )
        return Decision(reply=msgspec.to_builtins(sheet))

    def _hear_outcome(self, command: ReportOutcome, context: Context) -> Decision:
        if command.state in ("ordered", "failed", "unknown") and command.order in self.data.failed_orders:
            return Decision()  # calls overtake each other: this one is about an attempt before
        if command.state == "paid" and self.data.state == SETTLED_OTHERWISE:
            return self._return_fare(command)
        event = self._outcome_event(command, context.now)
        if event is None or not MACHINE.allows(self.data.state, type(event)):
            return Decision()
        decision = Decision(events=[event])
        if self.data.vehicle is not None and command.state in ("paid", "failed", "refunded"):
            told = ReportPayment(self.id, command.state, command.amount, command.method)
            name = f"tell_payment:{self.seq}"
            decision.put = [ScheduledCommand(name, 0.0, f"vehicle:{self.data.vehicle}", encode_command(told))]
        return decision

    def _return_fare(self, told: ReportOutcome) -> Decision:
        """What is paid after the fare was settled otherwise belongs to the passenger."""
        command = RefundOrder(told.order, "paid after it was settled otherwise")
        return Decision(
            put=[ScheduledCommand(f"return:{told.order}", 0.0, f"payment:{self.id}", encode_command(command))]
        )

    def _outcome_event(self, told: ReportOutcome, now: float) -> Event | None:
        if told.state == "ordered":
            known = (self.data.order, self.data.trade, self.data.pay_code) == (told.order, told.trade, told.code)
            ordered = PaymentOrdered(now, order=told.order, trade=told.trade, code=told.code, reason=told.reason)
            return None if known and self.data.state == PAYING else ordered
        if told.state == "paid":
            return FarePaid(now, order=told.order, method=told.method, amount=told.amount, trade=told.trade)
        if told.state == "failed":
            return PaymentFailed(now, order=told.order, reason=told.reason)
        if told.state == "unknown":
            return PaymentUnclear(now, order=told.order, reason=told.reason)
        if told.state == "refunded":
            whole = self.data.fare is not None and self.data.fare <= told.amount
            return (FareRefundedWhole if whole else FareRefunded)(now, order=told.order, amount=told.amount)
        return None

    def _settle(self, command: SettleFare, context: Context) -> Decision:
        if context.principal.role != "dispatcher":
            raise DispatchError(ErrorCode.NOT_ALLOWED)
        if not MACHINE.allows(self.data.state, FareSettled):
            raise MACHINE.illegal(self.data.state, FareSettled, self.id)
        settled = FareSettled(context.now, by=context.principal.id, reason=command.reason)
        decision = Decision(events=[settled])
        if self.data.vehicle is not None and self.data.fare is not None:
            told = ReportPayment(self.id, "settled", self.data.fare, "otherwise")
            name = f"tell_payment:{self.seq}"
            decision.put = [ScheduledCommand(name, 0.0, f"vehicle:{self.data.vehicle}", encode_command(told))]
        return decision

    def _rate(self, command: RateRide, context: Context) -> Decision:
        self._must_own(context.principal)
        if self.data.stars is not None:
            raise DispatchError(ErrorCode.ALREADY_RATED, detail=self.id)
        if not MACHINE.allows(self.data.state, RideRated) or self.data.finished_at is None:
            raise MACHINE.illegal(self.data.state, RideRated, self.id)
        return Decision(events=[RideRated(context.now, stars=command.stars, comment=command.comment)])

    def _must_own(self, principal: Principal) -> None:
        """Passengers act on their own trips only; dispatchers and the system on all."""
        if principal.role in ("dispatcher", "system"):
            return
        if principal.role != "passenger" or principal.id != self.data.passenger:
            raise DispatchError(ErrorCode.NOT_YOURS, detail=self.id)


MOST_TYPED: Final = 1_000_000
"""The highest fare that can be typed, in minor units: above it stands a slip of the finger."""
_SYSTEM_ONLY: Final = (GetFare, StartMatching, GiveUp, ReportOutcome)

# Each handler names its own command; in the table the types are erased.
_HANDLERS: Final[dict[type[Command], Callable[[Trip, Any, Context], Decision]]] = {
    RequestTrip: Trip._request,  # noqa: SLF001
    StartMatching: Trip._begin_matching,  # noqa: SLF001
    GiveUp: Trip._give_up,  # noqa: SLF001
    CancelTrip: Trip._cancel,  # noqa: SLF001
    AssignManually: Trip._pick_by_hand,  # noqa: SLF001
    PayFare: Trip._pay,  # noqa: SLF001
    StopPaying: Trip._stop_paying,  # noqa: SLF001
    TypeFare: Trip._type_fare,  # noqa: SLF001
    AgreeFare: Trip._agree_fare,  # noqa: SLF001
    GetFare: Trip._tell_fare,  # noqa: SLF001
    ReportOutcome: Trip._hear_outcome,  # noqa: SLF001
    SettleFare: Trip._settle,  # noqa: SLF001
    RateRide: Trip._rate,  # noqa: SLF001
}

"""Fare decisions of a trip: paying, typed fares, payment outcomes and settling outside the system."""

from typing import Final

import msgspec

from dispatch.domain import commands, events
from dispatch.domain.commands import encode_command
from dispatch.domain.entity import Context, Decision, Event, Principal, ScheduledCommand
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.domain.trip.trip_model import TripModel
from dispatch.domain.trip.trip_state import (
    FARE_DUE,
    MACHINE,
    PAID,
    PART_REFUNDED,
    PAYING,
    PAYMENT_UNKNOWN,
    REFUNDED,
    SETTLED_OTHERWISE,
    FareSheet,
)
from dispatch.values.money import Money

MAX_TYPED_FARE: Final = 1_000_000
"""The highest fare that can be typed, in minor units, as a guard against typing errors."""


def pay_fare(trip: TripModel, command: commands.PayFare, context: Context) -> Decision:
    data = trip.data
    require_payer(trip, command, context.principal)
    if data.state in (PAYING, PAYMENT_UNKNOWN):
        if (data.method, data.payer, data.buyer) == (command.method, context.principal.id, command.buyer):
            return Decision(reply=open_attempt(trip))
        raise DispatchError(ErrorCode.PAYMENT_OPEN, detail=trip.id)
    if data.state in (PAID, PART_REFUNDED, REFUNDED, SETTLED_OTHERWISE):
        raise DispatchError(ErrorCode.ALREADY_PAID, detail=trip.id)
    if data.state != FARE_DUE or data.fare is None:
        raise DispatchError(ErrorCode.NO_TRIP_TO_PAY, detail=f"{trip.id} is {data.state}")
    if trip.wants_typed_fare and not data.agreed:
        raise DispatchError(ErrorCode.FARE_NOT_AGREED, detail=trip.id)
    started = events.PaymentStarted(
        context.now,
        command.method,
        data.fare,
        buyer=command.buyer,
        scanned=command.scanned,
        payer=context.principal.id,
    )
    open_payment = commands.OpenPayment(
        trip=trip.id,
        vehicle=data.vehicle or "",
        amount=data.fare,
        method=command.method,
        buyer=command.buyer,
        subject=f"Taxi ride {trip.id}",
        company=data.profile.company if data.profile else "",
        auth_code=command.auth_code,
    )
    call = ScheduledCommand(f"pay:{trip.seq}", 0.0, f"payment:{trip.id}", encode_command(open_payment))
    return Decision(events=[started], put=[call], reply={"trip": trip.id})


def open_attempt(trip: TripModel) -> dict[str, object]:
    return {"trip": trip.id, "order": trip.data.order, "trade": trip.data.trade}


def require_payer(trip: TripModel, command: commands.PayFare, principal: Principal) -> None:
    """Drivers collect fares of their own vehicle; passengers pay their own trip, or the trip of the vehicle they
    scanned."""
    if principal.role == "driver":
        trip.require_driver(principal)
    elif trip.data.origin != "hail" and not command.scanned:
        trip.require_owner(principal)


def stop_paying(trip: TripModel, _: commands.StopPaying, context: Context) -> Decision:
    """Stop the open attempt; Alipay's answer decides whether it was paid."""
    if context.principal.role == "driver":
        trip.require_driver(context.principal)
    elif context.principal.id != trip.data.payer:
        trip.require_owner(context.principal)
    if trip.data.state not in (PAYING, PAYMENT_UNKNOWN):
        raise MACHINE.illegal(trip.data.state, events.PaymentFailed, trip.id)
    call = ScheduledCommand(
        f"stop:{trip.seq}", 0.0, f"payment:{trip.id}", encode_command(commands.StopPayment(trip.id))
    )
    return Decision(put=[call], reply={"trip": trip.id})


def type_fare(trip: TripModel, command: commands.TypeFare, context: Context) -> Decision:
    """A scan of the vehicle's code is sufficient to propose a fare, because the driver has to confirm it."""
    require_typed_amount(trip, command.amount)
    by = f"{context.principal.role}:{context.principal.id}"
    return Decision(events=[events.FareTyped(context.now, amount=command.amount, by=by)], reply={"trip": trip.id})


def agree_fare(trip: TripModel, command: commands.AgreeFare, context: Context) -> Decision:
    trip.require_driver(context.principal)
    require_typed_amount(trip, command.amount)
    if trip.data.typed is not None and trip.data.typed != command.amount:
        raise DispatchError(ErrorCode.FARE_NOT_AGREED, field="amount", detail=f"{trip.data.typed} was typed")
    return Decision(events=[events.FareAgreed(context.now, amount=command.amount, by=context.principal.id)])


def require_typed_amount(trip: TripModel, amount: Money) -> None:
    if not trip.wants_typed_fare:
        raise DispatchError(ErrorCode.FARE_METERED, detail=trip.id)
    if trip.data.state != FARE_DUE:
        raise MACHINE.illegal(trip.data.state, events.FareTyped, trip.id)
    currency = trip.rules.tariff.currency
    if amount.currency != currency or not 0 < amount.minor <= MAX_TYPED_FARE:
        raise DispatchError(ErrorCode.INVALID_FIELD, field="amount", detail=str(amount))


def get_fare(trip: TripModel, _: commands.GetFare, __: Context) -> Decision:
    data, profile = trip.data, trip.data.profile
    sheet = FareSheet(
        state=data.state,
        currency=trip.rules.tariff.currency,
        vehicle=data.vehicle or "",
        plate=profile.plate if profile else "",
        company=profile.company if profile else "",
        fare=data.fare,
        lines=data.lines,
        wants_typed=trip.wants_typed_fare,
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


def report_outcome(trip: TripModel, command: commands.ReportOutcome, context: Context) -> Decision:
    if command.state in ("ordered", "failed", "unknown") and command.order in trip.data.failed_orders:
        return Decision()  # a late report about an earlier attempt
    if command.state == "paid" and trip.data.state == SETTLED_OTHERWISE:
        return refund_order(trip, command)
    event = outcome_event(trip, command, context.now)
    if event is None or not MACHINE.allows(trip.data.state, type(event)):
        return Decision()
    decision = Decision(events=[event])
    if trip.data.vehicle is not None and command.state in ("paid", "failed", "refunded"):
        report = commands.ReportPayment(trip.id, command.state, command.amount, command.method)
        name = f"tell_payment:{trip.seq}"
        decision.put = [ScheduledCommand(name, 0.0, f"vehicle:{trip.data.vehicle}", encode_command(report))]
    return decision


def refund_order(trip: TripModel, report: commands.ReportOutcome) -> Decision:
    """A payment that arrives after the fare was settled otherwise is refunded to the passenger."""
    command = commands.RefundOrder(report.order, "paid after it was settled otherwise")
    return Decision(
        put=[ScheduledCommand(f"return:{report.order}", 0.0, f"payment:{trip.id}", encode_command(command))]
    )


def outcome_event(trip: TripModel, report: commands.ReportOutcome, now: float) -> Event | None:
    if report.state == "ordered":
        known = (trip.data.order, trip.data.trade, trip.data.pay_code) == (report.order, report.trade, report.code)
        ordered = events.PaymentOrdered(
            now, order=report.order, trade=report.trade, code=report.code, reason=report.reason
        )
        return None if known and trip.data.state == PAYING else ordered
    if report.state == "paid":
        return events.FarePaid(now, order=report.order, method=report.method, amount=report.amount, trade=report.trade)
    if report.state == "failed":
        return events.PaymentFailed(now, order=report.order, reason=report.reason)
    if report.state == "unknown":
        return events.PaymentUnclear(now, order=report.order, reason=report.reason)
    if report.state == "refunded":
        whole = trip.data.fare is not None and trip.data.fare <= report.amount
        return (events.FareRefundedWhole if whole else events.FareRefunded)(
            now, order=report.order, amount=report.amount
        )
    return None


def settle_fare(trip: TripModel, command: commands.SettleFare, context: Context) -> Decision:
    if context.principal.role != "dispatcher":
        raise DispatchError(ErrorCode.NOT_ALLOWED)
    if not MACHINE.allows(trip.data.state, events.FareSettled):
        raise MACHINE.illegal(trip.data.state, events.FareSettled, trip.id)
    settled = events.FareSettled(context.now, by=context.principal.id, reason=command.reason)
    decision = Decision(events=[settled])
    if trip.data.vehicle is not None and trip.data.fare is not None:
        report = commands.ReportPayment(trip.id, "settled", trip.data.fare, "otherwise")
        name = f"tell_payment:{trip.seq}"
        decision.put = [ScheduledCommand(name, 0.0, f"vehicle:{trip.data.vehicle}", encode_command(report))]
    return decision

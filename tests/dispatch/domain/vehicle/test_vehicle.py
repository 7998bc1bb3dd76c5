"""What a vehicle decides: the shift, the offers it owns, the ride, and what binds it to a trip."""

import msgspec
import pytest

from dispatch.domain.commands import (
    AcceptOffer,
    ArriveAtPickup,
    CancelTrip,
    DeclineOffer,
    EndShift,
    ExpireOffer,
    FinishRide,
    RateRide,
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
)
from dispatch.domain.entity import ActiveAssignment, Command, Decision, EntityKey, NeedsEntityError, Principal
from dispatch.domain.errors import DispatchError, ErrorCode
from dispatch.domain.events import (
    MeterCheckpointed,
    OfferLapsed,
    OfferWithdrawn,
    RideStarted,
    TripReleased,
    event_name,
)
from dispatch.domain.vehicle.offers import OFFER_EXPIRY
from dispatch.domain.vehicle.ride import WRONG_CODES_ALLOWED
from dispatch.domain.vehicle.vehicle import Vehicle
from dispatch.values.money import Money
from tests.dispatch.domain.builders import (
    CODE,
    DEVICE,
    DISPATCHER,
    DRIVER,
    PASSENGER,
    PROFILE,
    RULES,
    Role,
    Stage,
)

TRIP = EntityKey("trip", "t1")


def arrived() -> Stage:
    stage = Stage().assigned()
    stage.send(stage.car, ArriveAtPickup("t1"), DRIVER)
    return stage


def on_trip() -> Stage:
    stage = arrived()
    stage.send(stage.car, StartRide("t1", CODE), DRIVER)
    return stage


def cancelled(stage: Stage) -> Stage:
    """The passenger's cancel is committed, and the car has not heard of it yet."""
    stage.send(stage.trip, CancelTrip("late"), PASSENGER)
    return stage


def names(decision: Decision) -> list[str]:
    return [event_name(event) for event in decision.events]


# ── the shift ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_shift_break_and_end() -> None:
    """A driver goes online, takes a break, comes back and goes home."""
    stage = Stage()
    seen = [stage.car.state]
    for command in (StartShift(PROFILE), StartBreak(), StartShift(PROFILE), EndShift()):
        stage.send(stage.car, command, DRIVER)
        seen.append(stage.car.state)

    assert seen == ["offline", "idle", "break", "idle", "offline"]


def test_free_car_is_listed() -> None:
    """The matcher knows a car while it is free, and what it can carry."""
    stage = Stage()
    assert stage.car.match_entry() is None
    stage.on_shift()

    listing = stage.car.match_entry()

    assert listing is not None
    assert (listing.vehicle, listing.seats, listing.needs) == ("V1", 4, ("child_seat",))
    stage.send(stage.car, StartBreak(), DRIVER)
    assert stage.car.match_entry() is None


def test_out_of_service_and_back() -> None:
    """A dispatcher takes the car out; until it is put back, no shift begins."""
    stage = Stage().on_shift()

    stage.send(stage.car, TakeOutOfService("broken"), DISPATCHER)
    assert (stage.car.state, stage.car.data.out_reason) == ("out_of_service", "broken")
    assert stage.refused(stage.car, StartShift(PROFILE), DRIVER) is ErrorCode.VEHICLE_ILLEGAL_MOVE
    stage.send(stage.car, ReturnToService(), DISPATCHER)

    assert (stage.car.state, stage.car.data.out_reason) == ("offline", "")


@pytest.mark.parametrize("command", [EndShift(), StartBreak(), ReturnToService()])
def test_moves_that_make_no_sense_offline(command: Command) -> None:
    """A car that is offline cannot go offline, pause or be put back."""
    stage = Stage()

    assert stage.refused(stage.car, command) is ErrorCode.VEHICLE_ILLEGAL_MOVE


@pytest.mark.parametrize("command", [EndShift(), StartBreak(), TakeOutOfService("x")])
def test_car_with_a_trip_cannot_leave(command: Command) -> None:
    """The trip has to be ended or given back first."""
    for stage in (Stage().assigned(), arrived(), on_trip()):
        assert stage.refused(stage.car, command) is ErrorCode.VEHICLE_BUSY


@pytest.mark.parametrize(
    ("command", "state"), [(EndShift(), "offline"), (StartBreak(), "break"), (TakeOutOfService("x"), "out_of_service")]
)
def test_leaving_withdraws_an_open_offer(command: Command, state: str) -> None:
    """The trip is matched again without this car; the offer's timer goes."""
    stage = Stage().offered()

    stage.send(stage.car, command)

    assert (stage.car.state, stage.trip.state, OFFER_EXPIRY in stage.dues) == (state, "matching", False)
    assert stage.trip.data.excluded == ("V1",)


def test_leaving_when_the_trip_is_gone() -> None:
    """A trip that was cancelled meanwhile does not keep the driver from going home."""
    stage = cancelled(Stage().offered())

    decision = stage.send(stage.car, EndShift(), DRIVER)

    assert (stage.car.state, decision.appends_elsewhere) == ("offline", ())


# ── who may ──────────────────────────────────────────────────────────────────────────────────────────────────────

ROLES: list[tuple[Command, set[str]]] = [
    (StartShift(PROFILE), {"driver"}),
    (EndShift(), {"driver"}),
    (StartBreak(), {"driver"}),
    (Stage().requested().offer(), {"dispatcher"}),
    (AcceptOffer("o1"), {"driver"}),
    (DeclineOffer("o1"), {"driver"}),
    (ExpireOffer("o1"), set()),
    (WithdrawOffer("t1", "x"), set()),
    (ArriveAtPickup("t1"), {"driver"}),
    (StartRide("t1", CODE), {"driver"}),
    (StartHail("t9"), {"driver", "device"}),
    (ReportMeter(Money(1, "USD")), {"driver", "device"}),
    (FinishRide("t1"), {"driver", "device"}),
    (ReturnTrip("t1", "x"), {"driver"}),
    (TakeOutOfService("x"), {"dispatcher"}),
    (ReturnToService(), {"dispatcher"}),
    (ReleaseFromTrip("t1", "x"), set()),
    (ReportPayment("t1", "paid", Money(1, "USD")), set()),
    (ResolveScan(), {"passenger", "dispatcher"}),
]


@pytest.mark.parametrize(("command", "allowed"), ROLES, ids=lambda x: type(x).__name__)
@pytest.mark.parametrize("role", ["driver", "passenger", "dispatcher", "device"])
def test_roles(command: Command, allowed: set[str], role: Role) -> None:
    """A command of another role is refused, whatever the state."""
    stage = Stage().on_shift()
    subject = Principal(role, "D1", "V1")
    code = None
    try:
        stage.decide(stage.car, command, subject)
    except DispatchError as error:
        code = error.code

    assert (code is ErrorCode.NOT_ALLOWED) == (role not in allowed)


@pytest.mark.parametrize("role", ["driver", "device"])
def test_another_car_is_not_theirs(role: Role) -> None:
    """A driver or taximeter of another car has no say."""
    stage = on_trip()

    assert stage.refused(stage.car, FinishRide("t1"), Principal(role, "D1", "V2")) is ErrorCode.NOT_YOURS


def test_other_driver_during_a_shift() -> None:
    """While one driver is on shift, another one's commands are refused; after it, they are not."""
    stage = Stage().on_shift()
    other = Principal("driver", "D2", "V1")

    assert stage.refused(stage.car, EndShift(), other) is ErrorCode.OTHER_DRIVER
    stage.send(stage.car, EndShift(), DRIVER)
    stage.send(stage.car, StartShift(VehicleProfile("7ABC123", "D2", "Bob")), other)

    assert stage.car.state == "idle"


def test_foreign_command_is_refused() -> None:
    """A command for a trip is no command here."""
    stage = Stage()

    assert stage.refused(stage.car, RateRide(5)) is ErrorCode.UNKNOWN_MESSAGE


def test_who_may_follow() -> None:
    """The car's own people, and dispatchers."""
    car = Stage().car

    assert car.may_follow(DRIVER)
    assert car.may_follow(DISPATCHER)
    assert not car.may_follow(PASSENGER)
    assert not car.may_follow(Principal("driver", "D1", "V2"))


# ── offers ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_offer_is_one_transaction_over_both_streams() -> None:
    """The offer stands in both streams, the vehicle knows the trip's number, and a timer runs."""
    stage = Stage().on_shift().requested()

    decision = stage.send(stage.car, stage.offer())

    assert [(append.key, append.expected) for append in decision.appends_elsewhere] == [(TRIP, 1)]
    assert (stage.car.state, stage.trip.state) == ("offered", "offered")
    assert stage.car.data.offer is not None
    assert stage.car.data.offer.trip_seq == stage.trip.seq == 2
    assert stage.dues[OFFER_EXPIRY].at == stage.now + RULES.offer_countdown_s


def test_offer_of_a_trip_that_changed_is_refused() -> None:
    """The matcher's picture was old: nothing is written."""
    stage = Stage().on_shift().requested()
    offer = stage.offer()
    cancelled(stage)

    assert stage.refused(stage.car, offer) is ErrorCode.TRIP_CHANGED


@pytest.mark.parametrize("stage", [Stage(), Stage().offered(), Stage().assigned(), on_trip()])
def test_offer_to_a_car_that_is_not_free(stage: Stage) -> None:
    """Only an idle car gets offers, and one at a time."""
    assert stage.refused(stage.car, stage.offer("o2")) is ErrorCode.VEHICLE_NOT_FREE


def test_offer_to_a_stale_car() -> None:
    """A car that was not heard for 30 s gets none; with a fix it does."""
    stage = Stage().on_shift().requested()
    stage.now += 30
    assert not stage.car.stale(stage.now)
    stage.now += 1

    assert stage.refused(stage.car, stage.offer()) is ErrorCode.VEHICLE_STALE
    stage.fix()
    stage.send(stage.car, stage.offer())
    assert stage.car.state == "offered"


@pytest.mark.parametrize("wish", [{"seats": 5}, {"needs": ("wheelchair",)}])
def test_offer_that_does_not_suit(wish: dict[str, object]) -> None:
    """Seats and needs must be there, also where a dispatcher insists."""
    stage = Stage().on_shift().requested()

    offer = msgspec.structs.replace(stage.offer(), **wish)

    assert stage.refused(stage.car, offer, DISPATCHER) is ErrorCode.VEHICLE_UNSUITABLE


def test_accepted() -> None:
    """Vehicle and trip belong to each other, with a claim behind it."""
    stage = Stage().offered()

    decision = stage.send(stage.car, AcceptOffer("o1"), DRIVER)

    assert decision.assignments == [ActiveAssignment("V1", "t1")]
    assert (stage.car.state, stage.car.data.trip, stage.car.data.trip_seq) == ("to_pickup", "t1", 3)
    assert (stage.trip.state, stage.trip.data.vehicle) == ("assigned", "V1")
    assert stage.trip.data.eta_at == stage.now + 120
    assert OFFER_EXPIRY not in stage.dues


def test_accept_after_the_cancel() -> None:
    """The cancel was committed first: the driver is told, the car is free, and nothing is claimed."""
    stage = cancelled(Stage().offered())

    decision = stage.send(stage.car, AcceptOffer("o1"), DRIVER)

    assert decision.refusal is not None
    assert decision.refusal.code is ErrorCode.OFFER_GONE
    assert (names(decision), decision.appends_elsewhere, decision.assignments) == (["offer_withdrawn"], (), ())
    assert (stage.car.state, stage.trip.state) == ("idle", "cancelled")


@pytest.mark.parametrize("command", [AcceptOffer("o1"), DeclineOffer("o1")])
def test_offer_that_is_gone(command: Command) -> None:
    """After its outcome, or under another name, an offer can be neither taken nor refused."""
    stage = Stage().offered()
    stage.send(stage.car, ExpireOffer("o1"))

    assert stage.refused(stage.car, command, DRIVER) is ErrorCode.OFFER_GONE
    other = Stage().offered()
    renamed = type(command)("o9")
    assert other.refused(other.car, renamed, DRIVER) is ErrorCode.OFFER_GONE


@pytest.mark.parametrize(
    ("command", "outcome"), [(DeclineOffer("o1", "far"), "declined"), (ExpireOffer("o1"), "expired")]
)
def test_offer_lapses(command: Command, outcome: str) -> None:
    """Declined or expired, the trip is matched again without this car."""
    stage = Stage().offered()

    decision = stage.send(stage.car, command)

    (append,) = decision.appends_elsewhere
    (told,) = append.events
    assert isinstance(told, OfferLapsed)
    assert told.outcome == outcome
    assert (stage.car.state, stage.trip.state, OFFER_EXPIRY in stage.dues) == ("idle", "matching", False)


@pytest.mark.parametrize("command", [DeclineOffer("o1"), ExpireOffer("o1")])
def test_offer_lapses_after_the_cancel(command: Command) -> None:
    """A trip that was cancelled meanwhile is left alone."""
    stage = cancelled(Stage().offered())

    decision = stage.send(stage.car, command)

    assert (stage.car.state, stage.trip.state, decision.appends_elsewhere) == ("idle", "cancelled", ())


@pytest.mark.parametrize("stage", [Stage(), Stage().assigned(), on_trip()])
def test_late_expiry_changes_nothing(stage: Stage) -> None:
    """A timer that comes after the outcome is silent."""
    decision = stage.decide(stage.car, ExpireOffer("o1"))

    assert (decision.events, decision.appends_elsewhere) == ((), ())


def test_expiry_of_an_older_offer_changes_nothing() -> None:
    """Only the offer that is open can expire."""
    stage = Stage().offered()

    assert stage.decide(stage.car, ExpireOffer("o0")).events == ()


def test_withdrawn_offer() -> None:
    """The trip's word takes an open offer back, and only of that trip."""
    stage = cancelled(Stage().offered())

    assert stage.decide(stage.car, WithdrawOffer("t9", "x")).events == ()
    decision = stage.send(stage.car, WithdrawOffer("t1", "late"))

    assert isinstance(decision.events[0], OfferWithdrawn)
    assert (stage.car.state, decision.appends_elsewhere) == ("idle", ())


# ── to the pick-up ───────────────────────────────────────────────────────────────────────────────────────────────


def test_arrival() -> None:
    """Both streams say that the car waits."""
    stage = arrived()

    assert (stage.car.state, stage.trip.state) == ("at_pickup", "arrived")
    assert stage.car.data.trip_seq == stage.trip.seq


def test_arrival_elsewhere_is_refused() -> None:
    """Another trip's pick-up is none of this car's; twice it does not arrive."""
    stage = Stage().assigned()
    assert stage.refused(stage.car, ArriveAtPickup("t9"), DRIVER) is ErrorCode.NOT_YOURS
    assert stage.refused(stage.car, StartRide("t1", CODE), DRIVER) is ErrorCode.VEHICLE_ILLEGAL_MOVE

    stage.send(stage.car, ArriveAtPickup("t1"), DRIVER)

    assert stage.refused(stage.car, ArriveAtPickup("t1"), DRIVER) is ErrorCode.VEHICLE_ILLEGAL_MOVE


@pytest.mark.parametrize("command", [ArriveAtPickup("t1"), ReturnTrip("t1", "flat tyre")])
def test_trip_lost_on_the_way(command: Command) -> None:
    """The cancel was first: the driver is told that the trip has ended, and the car is free."""
    stage = cancelled(Stage().assigned())

    decision = stage.send(stage.car, command, DRIVER)

    assert decision.refusal is not None
    assert decision.refusal.code is ErrorCode.TRIP_ENDED
    assert decision.events == [TripReleased(stage.now, "t1", "late")]
    assert (stage.car.state, stage.trip.state, decision.appends_elsewhere) == ("idle", "cancelled", ())


def test_release_after_the_cancel() -> None:
    """The trip's word frees the car, once, and only from that trip."""
    stage = cancelled(Stage().assigned())

    assert stage.decide(stage.car, ReleaseFromTrip("t9", "x")).events == ()
    stage.send(stage.car, ReleaseFromTrip("t1", "late"))
    assert stage.car.state == "idle"
    assert stage.decide(stage.car, ReleaseFromTrip("t1", "late")).events == ()


def test_withdrawal_that_finds_the_offer_taken_releases() -> None:
    """The trip was cancelled while offered, as it thought; the car had been assigned: it is freed all the same."""
    stage = Stage().assigned()

    stage.send(stage.car, WithdrawOffer("t1", "late"))

    assert stage.car.state == "idle"


def test_given_back_trip_is_matched_again() -> None:
    """Before the start a driver may give a trip back; the claim goes with it."""
    for stage in (Stage().assigned(), arrived()):
        decision = stage.send(stage.car, ReturnTrip("t1", "flat tyre"), DRIVER)

        assert decision.releases == [ActiveAssignment("V1", "t1")]
        assert (stage.car.state, stage.trip.state, stage.trip.data.excluded) == ("idle", "matching", ("V1",))


def test_ride_under_way_cannot_be_given_back() -> None:
    """It has to be driven to its end."""
    stage = on_trip()

    assert stage.refused(stage.car, ReturnTrip("t1", "x"), DRIVER) is ErrorCode.VEHICLE_ILLEGAL_MOVE


def test_no_show_needs_patience() -> None:
    """Only at the pick-up, and only after the wait, is a passenger missing; then the tariff's fee is due."""
    stage = Stage().assigned()
    no_show = ReturnTrip("t1", "nobody came", no_show=True)
    assert stage.refused(stage.car, no_show, DRIVER) is ErrorCode.VEHICLE_ILLEGAL_MOVE
    stage.send(stage.car, ArriveAtPickup("t1"), DRIVER)
    stage.now += RULES.no_show_after_s - 1
    assert stage.refused(stage.car, no_show, DRIVER) is ErrorCode.VEHICLE_ILLEGAL_MOVE

    stage.now += 1
    stage.send(stage.car, no_show, DRIVER)

    assert (stage.car.state, stage.trip.state) == ("idle", "fare_due")
    assert (stage.trip.data.cancelled_by, stage.trip.data.fare) == ("no_show", Money(500, "USD"))


def test_no_show_without_a_fee_is_a_cancel() -> None:
    """Where the rules are more impatient than the tariff, nothing is to be paid."""
    stage = Stage(msgspec.structs.replace(RULES, no_show_after_s=60.0)).assigned()
    stage.send(stage.car, ArriveAtPickup("t1"), DRIVER)
    stage.now += 60

    stage.send(stage.car, ReturnTrip("t1", "nobody came", no_show=True), DRIVER)

    assert (stage.trip.state, stage.trip.data.fare) == ("cancelled", None)


# ── the ride ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_ride_needs_the_trip_for_its_code() -> None:
    """The code is the trip's: the decision asks for the trip as the journal has it."""
    stage = arrived()

    with pytest.raises(NeedsEntityError) as need:
        stage.car.decide(StartRide("t1", CODE), stage.context(DRIVER))

    assert need.value.key == TRIP


def test_ride_begins_with_the_code() -> None:
    """Both streams say so, and the meter runs."""
    stage = on_trip()

    assert (stage.car.state, stage.trip.state) == ("on_trip", "in_progress")
    assert stage.car.data.trip_seq == stage.trip.seq
    assert stage.car.tracker.meter is not None
    fare = stage.car.fare_so_far(stage.now)
    assert fare is not None
    assert fare.total == Money(350, "USD")


def test_wrong_codes_are_counted() -> None:
    """After a few wrong codes even the right one does not help; the next trip is a new start."""
    stage = arrived()
    for _ in range(WRONG_CODES_ALLOWED):
        assert stage.refused(stage.car, StartRide("t1", "0000"), DRIVER) is ErrorCode.WRONG_RIDE_CODE
    assert stage.refused(stage.car, StartRide("t1", CODE), DRIVER) is ErrorCode.TOO_MANY_ATTEMPTS

    stage.send(stage.car, ReturnTrip("t1", "a dispatcher helps"), DRIVER)
    stage.send(stage.car, stage.offer("o2"))
    stage.send(stage.car, AcceptOffer("o2"), DRIVER)
    stage.send(stage.car, ArriveAtPickup("t1"), DRIVER)
    stage.send(stage.car, StartRide("t1", CODE), DRIVER)

    assert stage.car.state == "on_trip"


def test_start_after_the_cancel() -> None:
    """The passenger cancelled at the kerb: the code no longer matters."""
    stage = cancelled(arrived())

    decision = stage.send(stage.car, StartRide("t1", "0000"), DRIVER)

    assert decision.refusal is not None
    assert decision.refusal.code is ErrorCode.TRIP_ENDED
    assert (stage.car.state, stage.trip.state) == ("idle", "cancelled")


def test_ride_ends_with_its_fare() -> None:
    """The fare is the meter's; the claim goes; the car is free and remembers whose fare is due."""
    stage = on_trip()
    for north in (300, 600, 1000):
        stage.now += 30
        stage.fix(north)

    decision = stage.send(stage.car, FinishRide("t1"), DRIVER)

    assert decision.releases == [ActiveAssignment("V1", "t1")]
    assert (stage.car.state, stage.trip.state, stage.car.data.fare_trip) == ("idle", "fare_due", "t1")
    assert stage.trip.data.meters == pytest.approx(1000, rel=0.01)
    assert stage.trip.data.fare == Money(350 + 3 * 55, "USD")
    assert sum(line.amount.minor for line in stage.trip.data.lines) == 350 + 3 * 55


def test_end_without_a_name_is_the_ride_under_way() -> None:
    """A taximeter knows no trips."""
    stage = on_trip()

    stage.send(stage.car, FinishRide(), DEVICE)

    assert stage.trip.state == "fare_due"


@pytest.mark.parametrize(
    ("stage", "command", "code"),
    [
        (Stage().on_shift(), FinishRide(), ErrorCode.NOT_YOURS),
        (on_trip(), FinishRide("t9"), ErrorCode.NOT_YOURS),
        (arrived(), FinishRide("t1"), ErrorCode.VEHICLE_ILLEGAL_MOVE),
    ],
)
def test_end_of_no_ride(stage: Stage, command: Command, code: ErrorCode) -> None:
    """Without a ride there is none to end."""
    assert stage.refused(stage.car, command, DRIVER) is code


def test_taximeter_wins() -> None:
    """Its last reading is the fare, in one line."""
    stage = on_trip()
    stage.send(stage.car, ReportMeter(Money(700, "USD")), DEVICE)
    stage.send(stage.car, ReportMeter(Money(900, "USD")), DEVICE)

    stage.send(stage.car, FinishRide(), DEVICE)

    assert stage.trip.data.fare == Money(900, "USD")
    assert [line.kind for line in stage.trip.data.lines] == ["taximeter"]


@pytest.mark.parametrize("amount", [Money(900, "CNY"), Money(-1, "USD")])
def test_reading_that_cannot_be(amount: Money) -> None:
    """Another currency, or less than nothing, is refused."""
    stage = on_trip()

    assert stage.refused(stage.car, ReportMeter(amount), DEVICE) is ErrorCode.INVALID_FIELD


def test_reading_without_a_ride() -> None:
    """A vacant taximeter shows nothing."""
    stage = arrived()

    assert stage.refused(stage.car, ReportMeter(Money(1, "USD")), DEVICE) is ErrorCode.NO_METER
    assert stage.car.fare_so_far(stage.now) is None


def test_airport_ride_pays_the_airports_fee() -> None:
    """A ride that begins in the tariff's zone costs its fee."""
    sfo = (37.6152 - 37.7793) * 111_195
    stage = Stage().on_shift()
    for n in range(3):
        stage.now += 1
        stage.fix(sfo + n)
    stage.send(stage.car, StartHail("t9"), DRIVER)

    stage.send(stage.car, FinishRide("t9"), DRIVER)

    fare = stage.trips["t9"].data.fare
    assert fare == Money(750, "USD")


# ── the street hail ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("principal", [DRIVER, DEVICE])
def test_hail_begins_a_trip(principal: Principal) -> None:
    """Driver or taximeter start a trip without a known passenger, in one transaction with its birth."""
    stage = Stage().on_shift()

    decision = stage.send(stage.car, StartHail("t9"), principal)

    assert [(append.key.id, append.expected) for append in decision.appends_elsewhere] == [("t9", 0)]
    assert (decision.reply, decision.assignments) == ({"trip": "t9"}, [ActiveAssignment("V1", "t9")])
    assert (stage.car.state, stage.trips["t9"].state, stage.trips["t9"].data.passenger) == (
        "on_trip",
        "in_progress",
        "",
    )


def test_hail_while_an_offer_is_open() -> None:
    """The offer is withdrawn in the same transaction, and its trip is matched again."""
    stage = Stage().offered()

    decision = stage.send(stage.car, StartHail("t9"), DRIVER)

    assert names(decision) == ["offer_withdrawn", "ride_started"]
    assert (stage.trip.state, stage.trips["t9"].state, stage.car.data.trip) == ("matching", "in_progress", "t9")
    assert OFFER_EXPIRY not in stage.dues


def test_hail_while_the_offers_trip_was_cancelled() -> None:
    """The cancelled trip is left alone."""
    stage = cancelled(Stage().offered())

    decision = stage.send(stage.car, StartHail("t9"), DRIVER)

    assert [append.key.id for append in decision.appends_elsewhere] == ["t9"]
    assert stage.trip.state == "cancelled"


def test_hail_needs_a_free_car_that_is_heard() -> None:
    """Not with a trip, not unheard, and not before any shift."""
    busy = arrived()
    silent = Stage().on_shift()
    silent.now += 31

    assert busy.refused(busy.car, StartHail("t9"), DRIVER) is ErrorCode.VEHICLE_ILLEGAL_MOVE
    assert silent.refused(silent.car, StartHail("t9"), DRIVER) is ErrorCode.VEHICLE_STALE
    unborn = Stage()
    assert unborn.refused(unborn.car, StartHail("t9"), DRIVER) is ErrorCode.VEHICLE_ILLEGAL_MOVE


def test_scan_binds_to_the_ride_or_its_fare() -> None:
    """The ride under way, then its fare while it is due; never an earlier rider's, and never one on its way."""
    stage = arrived()
    assert stage.refused(stage.car, ResolveScan(), PASSENGER) is ErrorCode.NO_TRIP_TO_PAY
    stage.send(stage.car, StartRide("t1", CODE), DRIVER)
    found = [stage.decide(stage.car, ResolveScan(), PASSENGER).reply]
    stage.send(stage.car, FinishRide("t1"), DRIVER)
    found.append(stage.decide(stage.car, ResolveScan(), PASSENGER).reply)
    stage.send(stage.car, StartHail("t9"), DRIVER)
    found.append(stage.decide(stage.car, ResolveScan(), PASSENGER).reply)
    stage.send(stage.car, FinishRide("t9"), DRIVER)
    stage.send(stage.car, ReportPayment("t9", "paid", Money(350, "USD")))

    assert found == [{"trip": "t1"}, {"trip": "t1"}, {"trip": "t9"}]
    assert stage.refused(stage.car, ResolveScan(), PASSENGER) is ErrorCode.NO_TRIP_TO_PAY


# ── the meter, and what is kept ──────────────────────────────────────────────────────────────────────────────────


def test_checkpoint_is_an_event_when_it_is_due() -> None:
    """After 200 m or 10 s the meter is written; without a ride there is nothing to write."""
    stage = on_trip()
    stage.now += 10
    stage.fix(150)
    assert stage.car.tracker.checkpoint_due

    decision = stage.car.checkpoint()

    (event,) = decision.events
    assert isinstance(event, MeterCheckpointed)
    assert event.meter.meters == pytest.approx(150, rel=0.01)
    assert Stage().on_shift().car.checkpoint().events == ()


def test_stale_during_a_ride_ends_nothing() -> None:
    """A silent car still finishes its ride."""
    stage = on_trip()
    stage.now += 3600

    stage.send(stage.car, FinishRide("t1"), DRIVER)

    assert stage.trip.state == "fare_due"


def test_snapshot_restores_the_ride() -> None:
    """Hard state and the meter's checkpoint come back; what was soft does not."""
    stage = on_trip()
    stage.now += 10
    stage.fix(150)
    for event in stage.car.checkpoint().events:
        stage.car.apply(event)

    restored = Vehicle("V1", RULES, stage.car.seq, stage.car.snapshot())

    assert (restored.data, restored.seq) == (stage.car.data, stage.car.seq)
    assert restored.tracker.meter is not None
    assert stage.car.tracker.meter is not None
    assert restored.tracker.meter.meters == stage.car.tracker.meter.meters
    assert restored.stale(stage.now)


def test_ride_started_names_the_trips_number() -> None:
    """The number in the vehicle's event is the one the trip's stream stands at."""
    stage = arrived()

    decision = stage.send(stage.car, StartRide("t1", CODE), DRIVER)

    (started,) = decision.events
    assert isinstance(started, RideStarted)
    assert started.trip_seq == stage.trip.seq


def test_row_is_current() -> None:
    """The row holds the vehicle as lists show it; a car never heard of is offline."""
    assert Stage().car.row().values["state"] == "offline"
    stage = on_trip()

    row = stage.car.row()

    assert (row.table, row.id) == ("vehicle_state", "V1")
    assert row.values == {
        "state": "on_trip",
        "driver": "D1",
        "trip": "t1",
        "seq": stage.car.seq,
        "updated_at": stage.now,
        "state_since": stage.car.data.started_at,
        "shift_since": stage.car.data.shift_since,
    }
    assert stage.car.data.shift_since is not None


def test_a_shift_goes_on_through_breaks_and_rides() -> None:
    """It began when the car first went online, and ends with the shift, or when the car is taken out."""
    stage = Stage().on_shift()
    began = stage.car.data.shift_since
    for command in (StartBreak(), StartShift(PROFILE)):
        stage.now += 60
        stage.send(stage.car, command, DRIVER)
    assert (stage.car.data.shift_since, stage.car.data.state_since) == (began, stage.now)
    seen = [began]
    for act, who in ((EndShift(), DRIVER), (StartShift(PROFILE), DRIVER), (TakeOutOfService("broken"), DISPATCHER)):
        stage.send(stage.car, act, who)
        seen.append(stage.car.data.shift_since)
    assert seen == [began, None, stage.now, None]

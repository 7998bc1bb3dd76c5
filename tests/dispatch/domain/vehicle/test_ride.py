"""The ride from arrival to the fare, and hails."""

import msgspec
import pytest

from dispatch.domain.commands import (
    AcceptOffer,
    ArriveAtPickup,
    FinishRide,
    ReportMeter,
    ReportPayment,
    ResolveScan,
    ReturnTrip,
    StartHail,
    StartRide,
)
from dispatch.domain.entity import ActiveAssignment, Command, NeedsEntityError, Principal
from dispatch.domain.errors import ErrorCode
from dispatch.domain.events import RideStarted, TripReleased
from dispatch.domain.vehicle.offers import OFFER_EXPIRY
from dispatch.domain.vehicle.ride import WRONG_CODES_ALLOWED
from dispatch.values.money import Money
from tests.dispatch.domain.builders import CODE, DEVICE, DRIVER, PASSENGER, RULES, Stage
from tests.dispatch.domain.vehicle.vehicle_samples import TRIP, arrived, cancelled, names, on_trip


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


def test_ride_started_names_the_trips_number() -> None:
    """The number in the vehicle's event is the one the trip's stream stands at."""
    stage = arrived()

    decision = stage.send(stage.car, StartRide("t1", CODE), DRIVER)

    (started,) = decision.events
    assert isinstance(started, RideStarted)
    assert started.trip_seq == stage.trip.seq

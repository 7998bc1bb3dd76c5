"""Offers have one outcome, in one transaction with the trip."""

import msgspec
import pytest

from dispatch.domain.commands import AcceptOffer, DeclineOffer, ExpireOffer, ReleaseFromTrip, WithdrawOffer
from dispatch.domain.entity import ActiveAssignment, Command
from dispatch.domain.errors import ErrorCode
from dispatch.domain.events import OfferLapsed, OfferWithdrawn
from dispatch.domain.vehicle.offers import OFFER_EXPIRY
from tests.dispatch.domain.builders import DISPATCHER, DRIVER, RULES, Stage
from tests.dispatch.domain.vehicle.vehicle_samples import TRIP, cancelled, names, on_trip


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

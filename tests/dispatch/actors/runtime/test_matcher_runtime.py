"""What the matcher proposes becomes offers, and refused offers are reported to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from structlog.testing import capture_logs

from dispatch.actors.core.protocol import Done, Envelope, HostsUnavailableError, Refused, Reply
from dispatch.actors.runtime.match_feed import MatchUpdate
from dispatch.actors.runtime.matcher_runtime import MatcherParts, MatcherRuntime
from dispatch.clock import ManualClock
from dispatch.domain.commands import MakeOffer, decode_command
from dispatch.domain.errors import ErrorCode
from dispatch.domain.match_pool import OpenRequest
from dispatch.geo.index.vehicle_index import VehicleIndex
from dispatch.matching.candidates import CityCandidates
from dispatch.matching.matcher import RegionMatcher
from dispatch.matching.types import MatcherSettings
from dispatch.observability.metrics import Metrics
from dispatch.values.units import CityTime, LatLng
from tests.dispatch.actors.runtime.match_samples import WITHIN_S, at, free, waiting
from tests.dispatch.matching.builders import LAT, LNG, MPS, NOW, TRAVEL


class Vehicles:
    """Where offers go: answers as scripted."""

    def __init__(self) -> None:
        self.answers: list[Reply | Exception] = []
        self.offers: asyncio.Queue[tuple[str, MakeOffer]] = asyncio.Queue()

    def send(self, envelope: Envelope) -> asyncio.Future[Reply]:
        offer = decode_command(envelope.body)
        assert isinstance(offer, MakeOffer)
        self.offers.put_nowait((envelope.key, offer))
        answered: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        answer = self.answers.pop(0) if self.answers else Done(1, "offered")
        if isinstance(answer, Exception):
            answered.set_exception(answer)
        else:
            answered.set_result(answer)
        return answered

    async def next(self) -> tuple[str, MakeOffer]:
        async with asyncio.timeout(WITHIN_S):
            return await self.offers.get()


@asynccontextmanager
async def matching(vehicles: Vehicles, spoil: Callable[[RegionMatcher], object] = id) -> AsyncIterator[MatcherRuntime]:
    """A matcher without a window: it matches as soon as something waits."""
    candidates = CityCandidates(VehicleIndex(), TRAVEL, top_mps=MPS)
    matcher = RegionMatcher(candidates, MatcherSettings())
    spoil(matcher)
    parts = MatcherParts(
        name="matcher-0",
        incarnation="1",
        clock=ManualClock(NOW),
        metrics=Metrics(),
        travel_time=TRAVEL,
        settings=MatcherSettings(),
        send=vehicles.send,
        window_s=0.0,
        max_pickup_s=900.0,
    )
    runtime = MatcherRuntime(parts, matcher, candidates)
    task = asyncio.get_running_loop().create_task(runtime.run())
    with capture_logs():
        yield runtime
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def update_of(*trips: OpenRequest, cars: dict[str, float]) -> MatchUpdate:
    """Trips at the corner, cars so many degrees north of it."""
    return MatchUpdate("host", [free(car) for car in cars], list(trips), [], [at(car, cars[car]) for car in cars])


async def test_nearest_car_gets_the_offer() -> None:
    """A waiting trip is offered to the car that is there soonest, at the number of the trip's listing."""
    vehicles = Vehicles()
    async with matching(vehicles) as runtime:
        runtime.update(update_of(waiting(seq=5), cars={"far": 0.01, "near": 0.001}))
        key, offer = await vehicles.next()

    assert key == "vehicle:near"
    assert (offer.trip, offer.trip_seq) == ("T1", 5)
    assert offer.pickup_s > 0


@pytest.mark.parametrize("refusal", [ErrorCode.VEHICLE_NOT_FREE, ErrorCode.VEHICLE_UNSUITABLE])
async def test_next_car_after_a_refusal(refusal: ErrorCode) -> None:
    """A car that cannot take the trip is left out, and the next one is asked."""
    vehicles = Vehicles()
    vehicles.answers = [Refused(refusal)]
    async with matching(vehicles) as runtime:
        runtime.update(update_of(waiting(), cars={"far": 0.01, "near": 0.001}))
        keys = [(await vehicles.next())[0] for _ in range(2)]

    assert keys == ["vehicle:near", "vehicle:far"]


async def test_lost_offer_is_made_again() -> None:
    """Where no answer came, the trip is matched again."""
    vehicles = Vehicles()
    vehicles.answers = [HostsUnavailableError("no host")]
    async with matching(vehicles) as runtime:
        runtime.update(update_of(waiting(), cars={"near": 0.001}))
        offers = [(await vehicles.next())[1] for _ in range(2)]

    assert offers[0] == offers[1]


async def test_trip_that_changed_waits_for_its_new_listing() -> None:
    """An offer at a number that the trip has left is not repeated; its next listing is matched."""
    vehicles = Vehicles()
    vehicles.answers = [Refused(ErrorCode.TRIP_CHANGED)]
    async with matching(vehicles) as runtime:
        runtime.update(update_of(waiting(seq=1), cars={"near": 0.001}))
        await vehicles.next()
        runtime.update(update_of(waiting(seq=4, excluded=("near",)), cars={"far": 0.01}))
        key, offer = await vehicles.next()

    assert (key, offer.trip_seq) == ("vehicle:far", 4)
    assert vehicles.offers.empty()


async def test_failing_window_does_not_end_matching() -> None:
    """A window that raises is logged, and the next one matches."""
    vehicles = Vehicles()

    def spoil(matcher: RegionMatcher) -> None:
        window = matcher.window
        broken = iter([True])

        def sometimes(now: CityTime) -> object:
            if next(broken, False):
                raise RuntimeError("a bug")
            return window(now)

        matcher.window = sometimes  # type: ignore[method-assign,assignment]

    async with matching(vehicles, spoil) as runtime:
        runtime.update(update_of(waiting(), cars={"near": 0.001}))
        assert (await vehicles.next())[0] == "vehicle:near"


async def test_quote_knows_the_soonest_car() -> None:
    """An estimate gives route and soonest pick-up; None where no car is."""
    async with matching(Vehicles()) as runtime:
        corner, hill = LatLng(LAT, LNG), LatLng(LAT + 0.02, LNG)
        alone = runtime.quote(corner, hill, NOW)
        runtime.update(update_of(cars={"near": 0.001}))
        quote = runtime.quote(corner, hill, NOW)

    assert alone.pickup_s is None
    assert quote.meters == pytest.approx(2224 * 1.3, rel=0.01)
    assert quote.pickup_s == pytest.approx(111.2 / MPS, rel=0.01)
    assert runtime.why("trip", "T1") is None

"""What a region's matcher promises: exact, eligible, held until told, and the same for the same input."""

from __future__ import annotations

import random
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from dispatch.domain.match_pool import AvailableVehicle, OpenRequest
from dispatch.geo.distance import haversine_many
from dispatch.matching.cost import cost_ms
from dispatch.matching.types import MatcherSettings, Window
from dispatch.values.ids import TripId, VehicleId
from dispatch.values.place import Place
from dispatch.values.units import CityTime
from tests.dispatch.matching.builders import MPS, NOW, PositionedVehicle, car, matcher, request, scattered


def pairs(window: Window) -> list[tuple[str, str]]:
    """Trips and their cars."""
    return [(proposal.trip_id, proposal.vehicle_id) for proposal in window.proposals]


def dense_optimum(cars: list[PositionedVehicle], requests: list[OpenRequest]) -> tuple[int, int]:
    """Most served, then least milliseconds, by scipy's dense solver."""
    lat, lng = np.array([c.lat for c in cars]), np.array([c.lng for c in cars])
    rows = [
        haversine_many(lat, lng, *(np.full(len(cars), v) for v in (r.pickup.lat, r.pickup.lng))) / MPS for r in requests
    ]
    seconds = np.array(rows)
    limit = np.array([[r.max_pickup_s] for r in requests])
    unserved = float(10**11)
    real = np.where(seconds <= limit, cost_ms(seconds, np.zeros(1)), 4 * unserved)
    matrix = np.hstack((real, np.full((len(requests), len(requests)), unserved)))
    r, c = linear_sum_assignment(matrix)
    chosen = matrix[r, c]
    return int((chosen < unserved).sum()), int(chosen[chosen < unserved].sum())


class Crowd(NamedTuple):
    """A case: how many of whom, how far apart the riders are, and the matcher's first k."""

    seed: int
    cars: int
    riders: int
    spread_m: float
    limit_s: float
    k: int


@settings(max_examples=40, deadline=None)
@given(
    st.builds(
        Crowd,
        seed=st.integers(0, 2**32 - 1),
        cars=st.integers(1, 60),
        riders=st.integers(1, 60),
        spread_m=st.sampled_from((0.0, 50.0, 2000.0)),
        limit_s=st.sampled_from((120.0, 900.0)),
        k=st.sampled_from((1, 4, 32)),
    )
)
def test_exact_whatever_the_crowd(crowd: Crowd) -> None:
    """The window's outcome equals scipy's dense solver: as many served, at the same cost."""
    _check_exact(crowd)


def test_exact_at_a_stadium() -> None:
    """200 requests at one spot among 2,000 cars all get one, at the dense solver's cost."""
    crowd = Crowd(seed=7, cars=2000, riders=200, spread_m=0.0, limit_s=900.0, k=32)
    assert len(_check_exact(crowd).proposals) == 200


def _check_exact(crowd: Crowd) -> Window:
    lat, lng = scattered(crowd.cars, crowd.seed, 3000.0)
    fleet = [
        PositionedVehicle(AvailableVehicle(VehicleId(f"V{i:04}")), float(lat[i]), float(lng[i]), NOW)
        for i in range(crowd.cars)
    ]
    lat, lng = scattered(crowd.riders, crowd.seed + 1, crowd.spread_m)
    requests = [
        OpenRequest(
            trip=TripId(f"T{i:04}"),
            pickup=Place(float(lat[i]), float(lng[i])),
            requested_at=NOW,
            max_pickup_s=crowd.limit_s,
        )
        for i in range(crowd.riders)
    ]
    region = matcher(settings=MatcherSettings(candidates=crowd.k))
    for free in fleet:
        region.car_free(*free)
    for trip in requests:
        region.request_open(trip)
    window = region.window(NOW)
    served, cost = dense_optimum(fleet, requests)
    assert window.stats.proven
    assert len(window.proposals) == served
    assert round(window.stats.cost_s * 1000) == cost
    assert len({proposal.vehicle_id for proposal in window.proposals}) == served
    return window


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_order_of_announcement_is_no_matter(seed: int) -> None:
    """Cars and requests announced in any order give the same proposals, ties included."""
    fleet = [car(f"V{i}", 100.0 * (i % 3)) for i in range(12)]
    requests = [request(f"T{i}", 50.0 * (i % 2)) for i in range(8)]
    outcomes = []
    for shuffled in (random.Random(0), random.Random(seed)):
        region = matcher()
        for free in shuffled.sample(fleet, len(fleet)):
            region.car_free(*free)
        for trip in shuffled.sample(requests, len(requests)):
            region.request_open(trip)
        outcomes.append(pairs(region.window(NOW)))
    assert outcomes[0] == outcomes[1]


def test_equal_cars_lowest_id() -> None:
    """Of two cars at one spot the lower id goes."""
    region = matcher()
    region.car_free(*car("V2"))
    region.car_free(*car("V1"))
    region.request_open(request("T1"))
    assert pairs(region.window(NOW)) == [("T1", "V1")]


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        (car("V1", vehicle_class="van"), "wrong class"),
        (car("V1", capabilities=frozenset({"child seat"})), "missing capability"),
        (car("V1", capabilities=frozenset({"wheelchair"}), seats=1), "too few seats"),
        (car("V1", capabilities=frozenset({"wheelchair"}), at=NOW - 31), "stale"),
        (car("V1", 6000.0, capabilities=frozenset({"wheelchair"})), "too far"),
    ],
)
def test_ineligible_cars_are_left_out(wrong: PositionedVehicle, cause: str) -> None:
    """A car that may not serve the request is not proposed, and the reason is told."""
    region = matcher()
    region.car_free(*wrong)
    region.request_open(request("T1", needs=frozenset({"wheelchair"}), seats=2))
    assert pairs(region.window(NOW)) == []
    reasons = region.why_request(TripId("T1"))
    assert reasons is not None
    assert reasons.counts == {cause: 1}
    assert [reason.cause for reason in reasons.nearest] == [cause]


def test_rare_car_is_found_behind_many() -> None:
    """The one wheelchair car is found though a thousand others are nearer."""
    region = matcher()
    for number in range(1000):
        region.car_free(*car(f"V{number:04}", 0.5 * number))
    region.car_free(*car("W", 600.0, capabilities=frozenset({"wheelchair"})))
    region.request_open(request("T1", needs=frozenset({"wheelchair"})))
    assert pairs(region.window(NOW)) == [("T1", "W")]


def test_held_until_told() -> None:
    """A proposed car and trip take no part in the next windows; after a refusal the trip goes to another car."""
    region = matcher()
    region.car_free(*car("V1"))
    region.car_free(*car("V2", 500.0))
    region.request_open(request("T1"))
    assert pairs(region.window(NOW)) == [("T1", "V1")]
    assert pairs(region.window(NOW)) == []
    region.proposal_failed(TripId("T1"), VehicleId("V1"), "declined")
    assert region.wants_window_now
    assert pairs(region.window(NOW)) == [("T1", "V2")]
    region.proposal_taken(TripId("T1"), VehicleId("V2"))
    assert (region.free_count, region.waiting_count) == (1, 0)
    region.request_open(request("T2"))
    assert pairs(region.window(NOW)) == [("T2", "V1")]


def test_excluded_from_the_start() -> None:
    """A request announced anew names the cars that had their chance."""
    region = matcher()
    region.car_free(*car("V1"))
    region.request_open(request("T1", excluded=("V1", "V9")))
    assert pairs(region.window(NOW)) == []
    reasons = region.why_request(TripId("T1"))
    assert reasons is not None
    assert reasons.counts == {"declined before": 1}


def test_hold_runs_out() -> None:
    """Without an outcome for ``hold_s`` both are free again."""
    region = matcher()
    region.car_free(*car("V1", at=NOW + 60))
    region.request_open(request("T1"))
    assert pairs(region.window(NOW)) == [("T1", "V1")]
    assert pairs(region.window(CityTime(NOW + 59))) == []
    assert pairs(region.window(CityTime(NOW + 60))) == [("T1", "V1")]


def test_car_taken_elsewhere_waits_for_its_host() -> None:
    """A car that another region took is left out until it is announced again; the loser tries again at once."""
    region = matcher()
    region.car_free(*car("V1"))
    region.request_open(request("T1"))
    region.window(NOW)
    region.proposal_failed(TripId("T1"), VehicleId("V1"), "taken")
    assert pairs(region.window(NOW)) == []
    region.car_free(*car("V1"))
    assert pairs(region.window(NOW)) == [("T1", "V1")]


def test_cancelled_while_held() -> None:
    """A trip cancelled during its offer is forgotten; its car is matched again once its host says it is free."""
    region = matcher()
    region.car_free(*car("V1"))
    region.request_open(request("T1"))
    region.window(NOW)
    region.request_closed(TripId("T1"))
    region.request_open(request("T2"))
    assert pairs(region.window(NOW)) == []
    region.car_free(*car("V1"))
    assert pairs(region.window(NOW)) == [("T2", "V1")]
    region.proposal_failed(TripId("T1"), VehicleId("V1"), "withdrawn")
    assert pairs(region.window(NOW)) == []


def test_window_now_for_the_first() -> None:
    """A request that finds no other waiting asks for a window at once; the next ones wait for it."""
    region = matcher()
    region.request_open(request("T1"))
    wanted = [region.wants_window_now]
    region.window(NOW)
    region.request_open(request("T2"))
    wanted.append(region.wants_window_now)
    assert wanted == [True, False]


def test_moves_are_followed() -> None:
    """Positions in batches count when they are newer and the car is free; the nearest car is then another."""
    region = matcher()
    near = region.car_free(*car("V1"))
    far = region.car_free(*car("V2", 2000.0))
    here, there = car("V2"), car("V1", 3000.0)
    handles = np.array([far, near, near, 99])
    lat = np.array([here.lat, there.lat, 0.0, 0.0])
    lng = np.array([here.lng, there.lng, 0.0, 0.0])
    at = np.array([NOW + 1, NOW + 1, NOW - 1, NOW + 1])
    assert region.cars_moved(handles, lat, lng, at) == 2
    region.request_open(request("T1"))
    assert pairs(region.window(CityTime(NOW + 1))) == [("T1", "V2")]
    region.car_gone(VehicleId("V1"), "break")
    assert region.cars_moved(np.array([near]), lat[:1], lng[:1], at[:1] + 9) == 0


def test_ageing_prefers_who_waited() -> None:
    """With an ageing credit the older request gets the only car though another is nearer to it."""
    old, new = request("T1", 400.0, at=NOW - 200), request("T2", 0.0)
    for ageing, winner in ((0.0, "T2"), (1.0, "T1")):
        region = matcher(settings=MatcherSettings(ageing=ageing))
        region.car_free(*car("V1"))
        region.request_open(old)
        region.request_open(new)
        assert pairs(region.window(NOW)) == [(winner, "V1")]


def test_why_lost_and_why_a_car_stood() -> None:
    """The loser's car is named as matched elsewhere; the car's spans tell its day."""
    region = matcher()
    region.car_free(*car("V1"))
    region.window(NOW)
    region.request_open(request("T1", 10.0))
    region.request_open(request("T2", 500.0))
    assert pairs(region.window(CityTime(NOW + 10))) == [("T1", "V1")]
    lost = region.why_request(TripId("T2"))
    won = region.why_request(TripId("T1"))
    assert lost is not None
    assert won is not None
    assert lost.counts == {"lost": 1}
    assert won.matched == "V1"
    region.proposal_taken(TripId("T1"), VehicleId("V1"))
    story = region.why_vehicle(VehicleId("V1"))
    assert story is not None
    assert [(span.cause, span.detail) for span in story.spans] == [
        ("no request", ""),
        ("matched", ""),
        ("gone", "on a trip"),
    ]
    assert story.spans[0].until == NOW + 10
    assert region.why_request(TripId("T9")) is None
    assert region.why_vehicle(VehicleId("V9")) is None


def test_why_is_bounded() -> None:
    """Reasons of closed trips are kept up to a number, the oldest go first."""
    region = matcher(settings=MatcherSettings(why_trips=3))
    region.car_free(*car("V1", 9000.0))
    for number in range(6):
        region.request_open(request(f"T{number}"))
        region.window(NOW)
        region.request_closed(TripId(f"T{number}"))
    assert [number for number in range(6) if region.why_request(TripId(f"T{number}"))] == [3, 4, 5]

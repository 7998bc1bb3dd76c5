"""Checks of a run: messages to the simulated clients against the journal and the sandbox's accounts.

A trip is doubled if two drivers were informed that it is theirs, or if the journal has another driver than the informed
one; a request is lost if it was acknowledged and is not in the journal; the captures at the sandbox decide whether a
fare was charged twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import httpx
import msgspec

from dispatch.domain.entity import EntityKey
from dispatch.domain.events import HailStarted, TripAssigned, decode_trip_event
from dispatch.store.journal import Journal
from dispatch.values.ids import TripId
from sim.metrics.run_metrics import RunMetrics

LOAD_AT_ONCE: Final = 500


class RunVerdict(msgspec.Struct, frozen=True):
    """Violations by kind. All empty: the run is correct."""

    doubled: list[str]
    lost: list[str]
    charged_twice: list[str]
    paid_not_charged: list[str]


async def check_run(metrics: RunMetrics, journal: Journal, accounts: Sequence[dict[str, Any]]) -> RunVerdict:
    """Compare one run's metrics with the journal as it is now, and with the sandbox's orders."""
    trips = sorted({*metrics.acknowledged, *(assignment[0] for assignment in metrics.assignments)})
    assigned = await _assigned(journal, trips)
    doubled = [str(double) for double in metrics.doubles]
    doubled += [
        f"{trip} was assigned to {vehicle}, the journal has {sorted(assigned.get(trip, ()))}"
        for trip, vehicle, *_ in metrics.assignments
        if vehicle not in assigned.get(trip, ())
    ]
    lost: list[str] = [trip for trip in metrics.acknowledged if trip not in assigned]
    captured = captures(accounts)
    return RunVerdict(
        doubled=doubled,
        lost=lost,
        charged_twice=[trip for trip, count in sorted(captured.items()) if count > 1],
        paid_not_charged=[trip for trip in metrics.paid if captured[trip] == 0],
    )


async def _assigned(journal: Journal, trips: Sequence[TripId]) -> dict[TripId, set[str]]:
    """All vehicles of each trip in the journal; unknown trips are missing."""
    found: dict[TripId, set[str]] = {}
    for at in range(0, len(trips), LOAD_AT_ONCE):
        part = trips[at : at + LOAD_AT_ONCE]
        for history in await journal.load([EntityKey("trip", trip) for trip in part]):
            if not history.events and history.snapshot is None:
                continue
            events = [decode_trip_event(stored.body) for stored in history.events]
            vehicles = {event.vehicle for event in events if isinstance(event, TripAssigned | HailStarted)}
            found[TripId(history.key.id)] = vehicles
    return found


def captures(accounts: Sequence[dict[str, Any]]) -> Counter[str]:
    """Captures per trip that were not refunded; an order's number begins with its trip."""
    counts: Counter[str] = Counter()
    for order in accounts:
        if order["captured_minor"] > order["refunded_minor"]:
            counts[str(order["out_trade_no"]).rpartition("_")[0].rpartition("_")[0]] += int(order["captures"])
    return counts


async def sandbox_orders(url: str) -> list[dict[str, Any]]:
    async with httpx.AsyncClient(timeout=30.0, trust_env=False) as http:
        answer = await http.get(f"{url}/sandbox/accounts")
        answer.raise_for_status()
        orders: list[dict[str, Any]] = answer.json()["orders"]
        return orders

"""Why a request got no car, or another one; and why a car got no request. Soft state, kept for a day, bounded.

Theory of operation. A window leaves behind the pairs it judged, in arrays. Only the last window's are kept; a
request's nearest cars are copied out of them when it is matched or closed: so a window costs little, however many
wait. A car has a ring of spans; one is begun when the cause changes.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass

import msgspec
import numpy as np

from dispatch.matching.category_codes import Vocabulary
from dispatch.matching.eligibility import Cause
from dispatch.matching.free_vehicles import Fleet
from dispatch.matching.growable_arrays import grown, ranges
from dispatch.matching.settings import MatcherSettings
from dispatch.matching.types import Codes, Floats, Ints
from dispatch.matching.window import Judged
from dispatch.values.ids import TripId, VehicleId
from dispatch.values.units import CityTime

NEAREST_KEPT = 50
STICKY_S = 30.0
"""A car's cause outlives the last request near it by this long, so that spans do not flicker."""


class CarReason(msgspec.Struct, frozen=True):
    """One car near a request: metres of straight line, seconds to pick-up where they were asked for, the cause."""

    vehicle_id: VehicleId
    meters: float
    pickup_s: float | None
    cause: str


class RequestReasons(msgspec.Struct, frozen=True):
    """A window's view of one request. ``counts`` covers every free car of the region; ``nearest`` the 50 nearest."""

    trip_id: TripId
    at: CityTime
    windows: int
    matched: VehicleId | None
    counts: dict[str, int]
    nearest: tuple[CarReason, ...]


class Span(msgspec.Struct, frozen=True):
    """A car's time under one cause; ``until`` is None while it lasts. ``detail`` says more where the host did."""

    since: CityTime
    until: CityTime | None
    cause: str
    detail: str


class VehicleReasons(msgspec.Struct, frozen=True):
    """A car's spans, the oldest first."""

    vehicle_id: VehicleId
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class _Noted:
    """What is kept of one window for one request."""

    at: CityTime
    windows: int
    free: int
    counts: Ints
    car: Ints
    meters: Floats
    pickup_s: Floats
    cause: Codes


@dataclass(frozen=True, slots=True)
class _LastWindow:
    """The arrays of the last window, and the slot of the request in each row."""

    at: CityTime
    number: int
    free: int
    judged: Judged
    slots: Ints


class RequestNotes:
    """Reasons of requests: of open ones from the last window, of others as they were copied."""

    def __init__(self, fleet: Fleet, settings: MatcherSettings) -> None:
        self._fleet = fleet
        self._settings = settings
        self._last: _LastWindow | None = None
        self._kept: OrderedDict[TripId, _Noted] = OrderedDict()
        self._windows = 0
        self._entered = np.zeros(0, dtype=np.int64)

    def opened(self, slot: int) -> None:
        """A request waits in this slot from here on."""
        self._entered = grown(self._entered, slot + 1)
        self._entered[slot] = self._windows

    def window(self, at: CityTime, free: int, judged: Judged, slots: Ints) -> None:
        """A window has been held for the requests in these slots, row by row."""
        self._windows += 1
        self._last = _LastWindow(at, self._windows, free, judged, slots)

    def settled(self, trips: list[TripId], slots: Ints) -> None:
        """These requests were matched or are about to be closed: their reasons are copied out and kept."""
        for trip_id, noted in zip(trips, self._from_last(slots), strict=True):
            if noted is not None:
                self._kept[trip_id] = noted
                self._kept.move_to_end(trip_id)
        if self._last is not None:
            self._forget(self._last.at)

    def reasons(self, trip_id: TripId, slot: int | None) -> RequestReasons | None:
        """What is known; ``slot`` while the trip is open. None for a trip never in a window, or forgotten."""
        noted = None if slot is None else self._from_last(np.array([slot]))[0]
        noted = noted or self._kept.get(trip_id)
        return None if noted is None else _as_reasons(trip_id, noted, self._fleet.ids)

    def _from_last(self, slots: Ints) -> list[_Noted | None]:
        """Each slot's part of the last window; None for a request that came after it or was not in it."""
        last = self._last
        if last is None or not last.slots.size:
            return [None] * slots.size
        order = np.argsort(last.slots)
        place = np.minimum(np.searchsorted(last.slots, slots, sorter=order), order.size - 1)
        rows = order[place]
        known = (last.slots[rows] == slots) & (self._entered[slots] < last.number)
        notes = iter(self._copied(last, rows[known], last.number - self._entered[slots[known]]))
        return [next(notes) if seen else None for seen in known.tolist()]

    @staticmethod
    def _copied(last: _LastWindow, rows: Ints, windows: Ints) -> list[_Noted]:
        judged, causes = last.judged, len(Cause)
        start = np.searchsorted(judged.row, rows)
        length = np.searchsorted(judged.row, rows, side="right") - start
        everything = ranges(start, length)
        owner = np.repeat(np.arange(rows.size), length)
        counts = np.bincount(owner * causes + judged.cause[everything], minlength=rows.size * causes)
        kept = np.minimum(length, NEAREST_KEPT)
        near = ranges(start, kept)
        car, meters = judged.car[near], judged.meters[near]
        pickup_s, cause = judged.pickup_s[near], judged.cause[near]
        ends = np.cumsum(kept).tolist()
        parts = [slice(end - size, end) for end, size in zip(ends, kept.tolist(), strict=True)]
        return [
            _Noted(
                at=last.at,
                windows=int(windows[place]),
                free=last.free,
                counts=counts[place * causes : (place + 1) * causes],
                car=car[part],
                meters=meters[part],
                pickup_s=pickup_s[part],
                cause=cause[part],
            )
            for place, part in enumerate(parts)
        ]

    def _forget(self, now: CityTime) -> None:
        while self._kept:
            oldest = next(iter(self._kept.values()))
            if len(self._kept) <= self._settings.why_trips and oldest.at >= now - self._settings.why_kept_s:
                return
            self._kept.popitem(last=False)


def _as_reasons(trip_id: TripId, noted: _Noted, ids: list[VehicleId]) -> RequestReasons:
    counts = {cause.label: int(noted.counts[cause]) for cause in Cause if noted.counts[cause]}
    beyond = noted.free - int(noted.counts.sum())
    if beyond > 0:
        counts[Cause.TOO_FAR.label] = counts.get(Cause.TOO_FAR.label, 0) + beyond
    matched = np.flatnonzero(noted.cause == Cause.MATCHED)
    nearest = tuple(
        CarReason(ids[car], meters, None if seconds != seconds else seconds, Cause(cause).label)  # noqa: PLR0124 - NaN
        for car, meters, seconds, cause in zip(
            noted.car.tolist(), noted.meters.tolist(), noted.pickup_s.tolist(), noted.cause.tolist(), strict=True
        )
    )
    winner = ids[int(noted.car[matched[0]])] if matched.size else None
    return RequestReasons(trip_id, noted.at, noted.windows, winner, counts, nearest)


class VehicleNotes:
    """Spans of time by cause for each car, in a ring of ``why_spans`` a car."""

    def __init__(self, settings: MatcherSettings) -> None:
        self._depth = settings.why_spans
        self._kept_s = settings.why_kept_s
        self._details = Vocabulary()
        self._details.number("")
        self._count = np.zeros(0, dtype=np.int64)
        self._current = np.zeros(0, dtype=np.int8)
        self._near_at = np.zeros(0)
        self._since = np.zeros((0, self._depth))
        self._cause = np.zeros((0, self._depth), dtype=np.int8)
        self._detail = np.zeros((0, self._depth), dtype=np.int32)

    def free(self, handle: int, at: float) -> None:
        """The car is free from here on."""
        self._grow(handle + 1)
        if not self._count[handle] or self._current[handle] == Cause.GONE:
            self._near_at[handle] = -np.inf
            self._begin(np.array([handle]), np.array([Cause.NO_REQUEST], dtype=np.int8), at)

    def gone(self, handle: int, at: float, reason: str) -> None:
        """The car left, for a reason that its host names."""
        cause = np.array([Cause.GONE], dtype=np.int8)
        self._begin(np.array([handle]), cause, at, self._details.number(reason))

    def window(self, at: CityTime, fleet: Fleet, stale: Ints, judged: Judged | None) -> None:
        """Each free car's cause in this window; a new span for those whose cause changed."""
        cars = np.flatnonzero(fleet.free[: len(fleet)])
        code = np.full(len(fleet), Cause.NO_REQUEST, dtype=np.int8)
        if judged is not None and judged.car.size:
            np.minimum.at(code, judged.car, judged.cause)
        near = code != Cause.NO_REQUEST
        self._near_at[: len(fleet)][near] = at
        recently = ~near & (self._near_at[: len(fleet)] > at - STICKY_S)
        code[recently] = self._current[: len(fleet)][recently]
        code[fleet.held[: len(fleet)]] = Cause.HELD
        code[stale] = Cause.STALE
        changed = cars[code[cars] != self._current[cars]]
        self._begin(changed, code[changed], at)

    def spans(self, handle: int, now: CityTime) -> tuple[Span, ...]:
        """The spans of the last day that the ring still holds."""
        total = int(self._count[handle])
        found: deque[Span] = deque()
        until: CityTime | None = None
        for number in range(total - 1, max(-1, total - 1 - self._depth), -1):
            place = number % self._depth
            if until is not None and until < now - self._kept_s:
                break
            since = CityTime(float(self._since[handle, place]))
            cause = Cause(int(self._cause[handle, place])).label
            found.appendleft(Span(since, until, cause, self._details.word(int(self._detail[handle, place]))))
            until = since
        return tuple(found)

    def _begin(self, cars: Ints, causes: Codes, at: float, detail: int = 0) -> None:
        if not cars.size:
            return
        place = self._count[cars] % self._depth
        self._since[cars, place] = at
        self._cause[cars, place] = causes
        self._detail[cars, place] = detail
        self._count[cars] += 1
        self._current[cars] = causes

    def _grow(self, size: int) -> None:
        if size <= self._count.size:
            return
        self._count, self._current = grown(self._count, size), grown(self._current, size)
        self._near_at = grown(self._near_at, size)
        self._since, self._cause = grown(self._since, size), grown(self._cause, size)
        self._detail = grown(self._detail, size)

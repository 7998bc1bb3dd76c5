"""Why a request got its vehicle or none, and why a vehicle got no request. Bounded soft state, kept for a day.

Theory of operation. A window leaves the pairs that it judged, as arrays. Only those of the last window are kept; a
request's nearest vehicles are copied from them when it is matched or closed. So the cost of a window hardly depends
on the number of requests. A vehicle has a ring buffer of spans; a new span starts when its cause changes.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass

import msgspec
import numpy as np

from dispatch.matching.category_codes import CategoryCodes
from dispatch.matching.eligibility import Cause
from dispatch.matching.free_vehicles import FreeVehicles
from dispatch.matching.growable_arrays import grown, ranges
from dispatch.matching.types import Codes, Floats, Ints, MatcherSettings
from dispatch.matching.window import JudgedPairs
from dispatch.values.ids import TripId, VehicleId
from dispatch.values.units import CityTime

NEAREST_KEPT = 50
STICKY_S = 30.0
"""A vehicle keeps its cause for this long after the last request near it, so that spans do not flicker."""


class VehicleReason(msgspec.Struct, frozen=True):
    """A vehicle near a request: straight-line metres, seconds to pick-up if computed, and the cause."""

    vehicle_id: VehicleId
    meters: float
    pickup_s: float | None
    cause: str


class RequestReasons(msgspec.Struct, frozen=True):
    """A window's view of one request. ``counts`` covers all free vehicles of the region; ``nearest`` the 50 nearest."""

    trip_id: TripId
    at: CityTime
    windows: int
    matched: VehicleId | None
    counts: dict[str, int]
    nearest: tuple[VehicleReason, ...]


class Span(msgspec.Struct, frozen=True):
    """A vehicle's time under one cause. ``until``: None for the current span. ``detail``: the host's reason."""

    since: CityTime
    until: CityTime | None
    cause: str
    detail: str


class VehicleReasons(msgspec.Struct, frozen=True):
    """A vehicle's spans, the oldest first."""

    vehicle_id: VehicleId
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class _Noted:
    """A copy of one request's part of a window."""

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
    """The arrays of the last window, and the request slot of each row."""

    at: CityTime
    number: int
    free: int
    judged: JudgedPairs
    slots: Ints


class RequestNotes:
    """Reasons of requests: from the last window if open, else from the kept copy."""

    def __init__(self, fleet: FreeVehicles, settings: MatcherSettings) -> None:
        self._fleet = fleet
        self._settings = settings
        self._last: _LastWindow | None = None
        self._kept: OrderedDict[TripId, _Noted] = OrderedDict()
        self._windows = 0
        self._entered = np.zeros(0, dtype=np.int64)

    def opened(self, slot: int) -> None:
        self._entered = grown(self._entered, slot + 1)
        self._entered[slot] = self._windows

    def window(self, at: CityTime, free: int, judged: JudgedPairs, slots: Ints) -> None:
        self._windows += 1
        self._last = _LastWindow(at, self._windows, free, judged, slots)

    def settled(self, trips: list[TripId], slots: Ints) -> None:
        """Copy and keep the reasons of requests that were matched or are about to be closed."""
        for trip_id, noted in zip(trips, self._from_last(slots), strict=True):
            if noted is not None:
                self._kept[trip_id] = noted
                self._kept.move_to_end(trip_id)
        if self._last is not None:
            self._forget(self._last.at)

    def reasons(self, trip_id: TripId, slot: int | None) -> RequestReasons | None:
        """The reasons of a trip; ``slot`` while it is open. None if it was in no window, or was evicted."""
        noted = None if slot is None else self._from_last(np.array([slot]))[0]
        noted = noted or self._kept.get(trip_id)
        return None if noted is None else _as_reasons(trip_id, noted, self._fleet.ids)

    def _from_last(self, slots: Ints) -> list[_Noted | None]:
        """Each slot's part of the last window; None for a request that was not in it."""
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
        VehicleReason(ids[car], meters, None if seconds != seconds else seconds, Cause(cause).label)  # noqa: PLR0124 - NaN
        for car, meters, seconds, cause in zip(
            noted.car.tolist(), noted.meters.tolist(), noted.pickup_s.tolist(), noted.cause.tolist(), strict=True
        )
    )
    winner = ids[int(noted.car[matched[0]])] if matched.size else None
    return RequestReasons(trip_id, noted.at, noted.windows, winner, counts, nearest)


class VehicleNotes:
    """Spans of time by cause, in a ring buffer of ``why_spans`` per vehicle."""

    def __init__(self, settings: MatcherSettings) -> None:
        self._depth = settings.why_spans
        self._kept_s = settings.why_kept_s
        self._details = CategoryCodes()
        self._details.number("")
        self._count = np.zeros(0, dtype=np.int64)
        self._current = np.zeros(0, dtype=np.int8)
        self._near_at = np.zeros(0)
        self._since = np.zeros((0, self._depth))
        self._cause = np.zeros((0, self._depth), dtype=np.int8)
        self._detail = np.zeros((0, self._depth), dtype=np.int32)

    def free(self, handle: int, at: float) -> None:
        self._grow(handle + 1)
        if not self._count[handle] or self._current[handle] == Cause.GONE:
            self._near_at[handle] = -np.inf
            self._begin(np.array([handle]), np.array([Cause.NO_REQUEST], dtype=np.int8), at)

    def gone(self, handle: int, at: float, reason: str) -> None:
        cause = np.array([Cause.GONE], dtype=np.int8)
        self._begin(np.array([handle]), cause, at, self._details.number(reason))

    def window(self, at: CityTime, fleet: FreeVehicles, stale: Ints, judged: JudgedPairs | None) -> None:
        """Record each free vehicle's cause in this window; start a new span if it changed."""
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
        """The spans of the last ``why_kept_s`` that are still in the ring buffer."""
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

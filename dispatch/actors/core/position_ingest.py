"""GPS ingest on a vehicle host: filters fixes, runs the meter, forwards positions to matcher, map and passenger.

Fixes are not journaled one by one. The meter's checkpoints are. The app receives ``heard`` only up to the last
checkpoint and sends later fixes again after a host has died.
"""

from typing import Final

import msgspec

from dispatch.actors.core.cached_entity import CachedEntity
from dispatch.actors.core.entity_types import StreamUpdate
from dispatch.actors.core.host_core import HostCore
from dispatch.actors.core.protocol import MatcherPosition, Push
from dispatch.actors.core.work_items import Effects
from dispatch.api.live_map.vehicle_slots import MapPosition
from dispatch.api.server_messages import CarPosition, Heard
from dispatch.domain.entity import Entity, EntityKey
from dispatch.domain.vehicle.position_tracker import FixRow
from dispatch.domain.vehicle.track_recorder import TrackRecorder
from dispatch.domain.vehicle.vehicle import Vehicle
from dispatch.domain.vehicle.vehicle_state import TO_PICKUP, WITH_TRIP
from dispatch.geo.distance import STRAIGHT_MPS, haversine_m
from dispatch.geo.gps_filter import FixVerdict
from dispatch.values.roles import Audience
from dispatch.values.units import CityTime, LatLng

HEARD_EVERY_S: Final = 8.0
"""City seconds between two ``heard`` to one source of a vehicle without a ride."""
KEPT_WHILE_LOADING: Final = 600
AUDIENCES: Final[dict[int, Audience]] = {0: "driver", 1: "device"}
"""The audience that receives ``heard`` for the fixes of each source."""

_encode = msgspec.msgpack.Encoder().encode
_ACCEPTED: Final = FixVerdict.ACCEPTED
_FUTURE: Final = FixVerdict.FUTURE
_NEVER: Final = float("-inf")


class PositionIngest:
    """Ingests the fixes of one host's vehicles. ``recorder`` records tracks, if they are kept."""

    def __init__(self, core: HostCore, recorder: TrackRecorder | None = None) -> None:
        self._recorder = recorder
        self._core = core
        self._waiting: dict[EntityKey, list[FixRow]] = {}
        self._free_moved: dict[str, Vehicle] = {}
        self._moved: dict[str, Vehicle] = {}
        self._acked_at: tuple[dict[str, float], ...] = tuple({} for _ in AUDIENCES)
        self._keys: dict[str, EntityKey] = {}
        self._accepted = 0
        self._verdicts = dict.fromkeys(FixVerdict, 0)
        core.subscribers.acked_by = safe_fix

    def ingest(self, rows: list[FixRow], now: CityTime) -> None:
        """Process a batch of fixes. Fixes of vehicles that are being loaded wait for :meth:`vehicles_loaded`."""
        self._core.now = now
        keys, entries = self._keys, self._core.entries
        for row in rows:
            key = keys.get(row.vehicle)
            if key is None:
                key = keys[row.vehicle] = EntityKey("vehicle", row.vehicle)
            entry = entries.get(key) or self._core.get_or_load(key)
            vehicle = entry.entity
            if isinstance(vehicle, Vehicle):
                self._ingest_fix(entry, vehicle, row, now)
            else:
                self._keep(key, row)

    def _keep(self, key: EntityKey, row: FixRow) -> None:
        """Keep a fix until the vehicle is loaded. Fixes beyond the limit are dropped; the app sends them again."""
        rows = self._waiting.setdefault(key, [])
        if len(rows) < KEPT_WHILE_LOADING:
            rows.append(row)

    def vehicles_loaded(self, now: CityTime) -> None:
        for key in list(self._waiting):
            entry = self._core.entries.get(key)
            if entry is None:
                del self._waiting[key]
            elif entry.entity is not None:
                self.ingest(self._waiting.pop(key), now)

    def _ingest_fix(self, entry: CachedEntity, vehicle: Vehicle, row: FixRow, now: CityTime) -> None:
        tracker = vehicle.tracker
        verdict = tracker.observe(row, now)
        if verdict is not _ACCEPTED:
            self._verdicts[verdict] += 1
            if verdict is _FUTURE:
                return
        entry.touched_at = now
        if row.source != tracker.source or (tracker.meter is None and not tracker.unacked):
            acked_at = self._acked_at[row.source]
            if now - acked_at.get(row.vehicle, _NEVER) >= HEARD_EVERY_S:
                acked_at[row.vehicle] = now
                self._acknowledge(entry.key, row.source, row.n)
        elif tracker.checkpoint_due:
            self._core.stage(entry.key, vehicle.checkpoint)
        if verdict is _ACCEPTED:
            self._accepted_fix(entry, vehicle, row.vehicle)

    def _accepted_fix(self, entry: CachedEntity, vehicle: Vehicle, name: str) -> None:
        self._accepted += 1
        self._moved[name] = vehicle
        state = vehicle.data.state
        if self._recorder is not None:
            gps = vehicle.tracker.gps
            self._recorder.record(name, state, gps.at, gps.lat, gps.lng)
        if entry.listed is not None:
            self._free_moved[name] = vehicle
        if state in WITH_TRIP:
            self._push_position(entry.key, vehicle)

    def _acknowledge(self, key: EntityKey, source: int, n: int) -> None:
        """Push ``heard``: fixes up to ``n`` are safe and need not be sent again."""
        audience = AUDIENCES[source]
        for subscriber in self._core.queues.subscribers_of(key):
            if subscriber.audience == audience:
                push = Push(str(key), audience, 0, _encode(Heard(n)))
                self._core.queues.push_latest(subscriber.gateway, push, "heard")

    def on_effects(self, effects: Effects) -> None:
        for key, update in effects.updates:
            self.on_update(key, update)

    def on_update(self, key: EntityKey, update: StreamUpdate) -> None:
        """After a committed event of a vehicle: a checkpoint or the end of a ride makes its fixes safe."""
        entry = self._core.entries.get(key)
        vehicle = entry.entity if entry is not None else None
        if not isinstance(vehicle, Vehicle):
            return
        self._moved[vehicle.id] = vehicle
        self._core.queues.end_tracking(key, vehicle.data.trip)
        tracker = vehicle.tracker
        n = -1
        if update.event == "meter_checkpointed":
            n = tracker.ack_until(update.at)
        elif update.event == "ride_finished":
            n = tracker.ack_all() if tracker.meter is None else tracker.ack_until(update.at)
        if n >= 0:
            self._acknowledge(key, tracker.source, n)

    def _push_position(self, key: EntityKey, vehicle: Vehicle) -> None:
        body = None
        for subscriber in self._core.queues.subscribers_of(key):
            if subscriber.trip is not None and subscriber.trip == vehicle.data.trip:
                body = body or _encode(_car_position(vehicle))
                push = Push(str(key), subscriber.audience, 0, body)
                self._core.queues.push_latest(subscriber.gateway, push, "car")

    def take_verdicts(self) -> dict[FixVerdict, int]:
        taken = {**self._verdicts, FixVerdict.ACCEPTED: self._accepted}
        self._accepted, self._verdicts = 0, dict.fromkeys(FixVerdict, 0)
        return taken

    def take_free_moved(self) -> list[MatcherPosition]:
        """For the matcher: available vehicles that have moved since the last call."""
        moved = [matcher_position(v) for v in self._free_moved.values()]
        self._free_moved.clear()
        return moved

    def take_moved(self) -> list[MapPosition]:
        """For the map: vehicles that have moved or changed since the last call."""
        moved = [_position_of(v) for v in self._moved.values() if v.tracker.gps.anchored]
        self._moved.clear()
        return moved


def matcher_position(vehicle: Vehicle) -> MatcherPosition:
    gps = vehicle.tracker.gps
    return MatcherPosition(vehicle.id, gps.lat, gps.lng, gps.at)


def _position_of(vehicle: Vehicle) -> MapPosition:
    gps = vehicle.tracker.gps
    return MapPosition(vehicle.id, vehicle.state, gps.lat, gps.lng, vehicle.tracker.heading, gps.at)


def safe_fix(entity: Entity, audience: Audience) -> int:
    """Number of the last safe fix of an audience: during a ride, that of the last checkpoint."""
    if not isinstance(entity, Vehicle) or audience != AUDIENCES.get(entity.tracker.source):
        return 0
    meter = entity.tracker.meter
    return max(0, entity.tracker.gps.n if meter is None else meter.last.fix_n)


def adopt(before: Entity, after: Entity, now: float) -> None:
    """Carry the fixes of the copy before a reload over to the vehicle that was loaded."""
    if isinstance(before, Vehicle) and isinstance(after, Vehicle):
        after.tracker.take_over(before.tracker, now)


def _car_position(vehicle: Vehicle) -> CarPosition:
    gps = vehicle.tracker.gps
    return CarPosition(
        trip=vehicle.data.trip or "",
        n=gps.n,
        at=gps.at,
        lat=gps.lat,
        lng=gps.lng,
        heading=vehicle.tracker.heading,
        eta_at=_eta_at(vehicle),
    )


def _eta_at(vehicle: Vehicle) -> float | None:
    """Arrival at the pick-up: mean of the straight-line estimate and the rest of the road route's duration."""
    data = vehicle.data
    if data.state != TO_PICKUP or data.pickup is None:
        return None
    gps = vehicle.tracker.gps
    left = haversine_m(LatLng(gps.lat, gps.lng), LatLng(data.pickup.lat, data.pickup.lng))
    gone_s = max(0.0, gps.at - data.accepted_at)
    pace = max(data.pickup_s - gone_s, 0.0)
    by_distance = left / STRAIGHT_MPS
    return float(gps.at + (pace + by_distance) / 2 if pace > 0 else gps.at + by_distance)

"""Parameters of a matcher. Seconds are city time."""

import msgspec


class MatcherSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters of one region's matcher.

    ``stale_after_s``: a vehicle whose last fix is older is not matched.
    ``hold_s``: a proposal without an outcome expires after this time; vehicle and trip are released.
    ``candidates``: vehicles considered per request at first; multiplied by ``widen_by`` while dual prices require it.
    ``ageing``: seconds of pick-up credited per second waited, at most ``ageing_ceiling_s``; 0 turns it off.
    ``unserved_s``: the cost of an unserved request; None serves as many requests as possible within their limits.
    ``why_kept_s`` and ``why_trips``: how long, and for how many closed trips, reasons are kept.
    ``why_spans``: spans of time kept per vehicle.
    """

    stale_after_s: float = 30.0
    hold_s: float = 60.0
    candidates: int = 32
    widen_by: int = 4
    ageing: float = 0.1
    ageing_ceiling_s: float = 300.0
    unserved_s: float | None = None
    why_kept_s: float = 86_400.0
    why_trips: int = 20_000
    why_spans: int = 96

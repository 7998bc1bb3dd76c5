"""The matcher's numbers. Seconds are city time."""

from __future__ import annotations

import msgspec


class MatcherSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a region is matched.

    ``stale_after_s``: a car without a fix for longer is left out.
    ``hold_s``: a proposal without an outcome for longer is forgotten, car and trip are free again.
    ``candidates``: cars looked at for each request at first; widened by ``widen_by`` where prices ask for it.
    ``ageing``: seconds of pick-up forgiven for each second waited, at most ``ageing_ceiling_s``; 0 turns it off.
    ``unserved_s``: what leaving a request without a car costs; None serves as many as can be served, at
    whatever pick-up their limits allow.
    ``why_kept_s`` and ``why_trips``: how long, and for how many closed trips, reasons are kept.
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

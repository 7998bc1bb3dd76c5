"""What the gateway checks before any business: who asks, for what, signed how, and when.

The order is charset, service, partner, sign type, signature, timestamp. Documented is that the account is checked
before the signature; the rest of the order is our choice. So is ``ILLEGAL_ARGUMENT`` for a stale ``timestamp``: the
documents give the 30 minutes and no code. A request without a timestamp passes, as in published samples.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from sim.alipay_sandbox.gateways.mapi_wire import Call
from sim.alipay_sandbox.model.clock import from_beijing_text
from sim.alipay_sandbox.model.signature import SIGN_TYPES, Seal, string_to_sign

TIMESTAMP_WINDOW_S: Final = 30 * 60


def refusal(call: Call, services: Collection[str], seals: Mapping[str, Seal], now: float) -> str | None:
    """The gateway's error code, or None where the call may go on to its service."""
    params = call.params
    if params.get("service") not in services:
        return "ILLEGAL_SERVICE"
    seal = seals.get(params.get("partner", ""))
    if seal is None:
        return "ILLEGAL_PARTNER"
    return _signature_refusal(call, seal) or _time_refusal(params.get("timestamp", ""), now)


def _signature_refusal(call: Call, seal: Seal) -> str | None:
    sign_type = call.params.get("sign_type", "")
    if sign_type not in SIGN_TYPES:
        return "ILLEGAL_SIGN_TYPE"
    if not seal.has_key(sign_type):
        return "HAS_NO_PUBLICKEY"
    text = string_to_sign(call.params).encode(call.charset)
    return None if seal.verify(sign_type, text, call.params.get("sign", "")) else "ILLEGAL_SIGN"


def _time_refusal(timestamp: str, now: float) -> str | None:
    if not timestamp:
        return None
    try:
        off_by = abs(from_beijing_text(timestamp) - now)
    except ValueError:
        return "ILLEGAL_ARGUMENT"
    return "ILLEGAL_ARGUMENT" if off_by > TIMESTAMP_WINDOW_S else None

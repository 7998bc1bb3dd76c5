"""The checks of the mapi gateway before any business: service, partner, signature and timestamp.

The order is charset, service, partner, sign type, signature, timestamp. The documents state only that the account is
checked before the signature; the rest of the order is our choice. So is ``ILLEGAL_ARGUMENT`` for a stale
``timestamp``: the documents give the 30 minutes but no code. A request without a timestamp is admitted, as in
published samples.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from sim.alipay_sandbox.gateways.request import RequestParameters
from sim.alipay_sandbox.model.clock import from_beijing_text
from sim.alipay_sandbox.model.signature import SIGN_TYPES, MerchantKeys, string_to_sign

TIMESTAMP_WINDOW_S: Final = 30 * 60


def rejection_code(
    request: RequestParameters, services: Collection[str], keys_by_partner: Mapping[str, MerchantKeys], now: float
) -> str | None:
    """The gateway's error code, or None if the request is admitted."""
    params = request.params
    if params.get("service") not in services:
        return "ILLEGAL_SERVICE"
    keys = keys_by_partner.get(params.get("partner", ""))
    if keys is None:
        return "ILLEGAL_PARTNER"
    return _signature_rejection(request, keys) or _timestamp_rejection(params.get("timestamp", ""), now)


def _signature_rejection(request: RequestParameters, keys: MerchantKeys) -> str | None:
    sign_type = request.params.get("sign_type", "")
    if sign_type not in SIGN_TYPES:
        return "ILLEGAL_SIGN_TYPE"
    if not keys.has_key(sign_type):
        return "HAS_NO_PUBLICKEY"
    text = string_to_sign(request.params).encode(request.charset)
    return None if keys.verify(sign_type, text, request.params.get("sign", "")) else "ILLEGAL_SIGN"


def _timestamp_rejection(timestamp: str, now: float) -> str | None:
    if not timestamp:
        return None
    try:
        off_by = abs(from_beijing_text(timestamp) - now)
    except ValueError:
        return "ILLEGAL_ARGUMENT"
    return "ILLEGAL_ARGUMENT" if off_by > TIMESTAMP_WINDOW_S else None

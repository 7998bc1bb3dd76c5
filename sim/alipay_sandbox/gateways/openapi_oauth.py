"""Who a buyer is: authorization codes and tokens, and ``alipay.system.oauth.token``.

A code works once, for the app that it was made for. Between the lives that documents give to a code, three minutes to
a day, the shortest is taken.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from sim.alipay_sandbox.gateways.openapi_wire import Node, Refused
from sim.alipay_sandbox.model.clock import beijing_text
from sim.alipay_sandbox.model.exchange import Exchange
from sim.alipay_sandbox.model.trades import AuthCodeGiven, TokenGiven

SCOPES: Final = frozenset({"auth_base", "auth_user", "auth_ecard", "auth_invoice_info", "auth_puc_charge"})
AUTH_CODE_LIFE_S: Final = 180.0
TOKEN_LIFE_S: Final = 15 * 86400
REFRESH_LIFE_S: Final = 30 * 86400


def give_code(exchange: Exchange, app_id: str, buyer_id: str, scope: str) -> AuthCodeGiven:
    """A buyer lets an app know who they are. Raises :class:`BusinessError`."""
    exchange.check_buyer(buyer_id)
    now = exchange.now()
    given = AuthCodeGiven(
        code=_fresh(exchange), app_id=app_id, buyer_id=buyer_id, scope=scope, at=now, expires_at=now + AUTH_CODE_LIFE_S
    )
    exchange.record(given)
    return given


def token(exchange: Exchange, app_id: str, params: Mapping[str, str]) -> Node:
    """``alipay.system.oauth.token``; its answer has no ``code``. Raises :class:`Refused`."""
    match params.get("grant_type", ""):
        case "authorization_code":
            given = _exchanged(exchange, app_id, params.get("code", ""))
        case "refresh_token":
            given = _refreshed(exchange, app_id, params.get("refresh_token", ""))
        case "":
            raise _refused("40001", "isv.missing-grant-type", "缺少grant_type参数")
        case _:
            raise _refused("40002", "isv.grant-type-invalid", "grant_type参数无效")
    exchange.record(given)
    return {
        "access_token": given.access_token,
        "alipay_user_id": given.buyer_id,
        "auth_start": beijing_text(given.auth_start),
        "expires_in": str(TOKEN_LIFE_S),
        "re_expires_in": str(REFRESH_LIFE_S),
        "refresh_token": given.refresh_token,
        "user_id": given.buyer_id,
    }


def _exchanged(exchange: Exchange, app_id: str, code: str) -> TokenGiven:
    if not code:
        raise _refused("40001", "isv.missing-code", "缺少code参数")
    shown = exchange.state.auth_codes.get(code)
    if shown is None or shown.app_id != app_id or shown.expires_at <= exchange.now():
        raise _refused("40002", "isv.code-invalid", "授权码code无效")
    return _given(exchange, code, app_id, shown.buyer_id, exchange.now())


def _refreshed(exchange: Exchange, app_id: str, refresh_token: str) -> TokenGiven:
    if not refresh_token:
        raise _refused("40001", "isv.missing-refresh-token", "缺少refresh_token参数")
    held = exchange.state.tokens.get(refresh_token)
    if held is None or held.app_id != app_id or exchange.now() >= held.at + REFRESH_LIFE_S:
        raise _refused("40002", "isv.refresh-token-invalid", "刷新令牌refresh_token无效")
    return _given(exchange, refresh_token, app_id, held.buyer_id, held.auth_start)


def _given(exchange: Exchange, spent: str, app_id: str, buyer_id: str, auth_start: float) -> TokenGiven:
    return TokenGiven(
        spent=spent,
        app_id=app_id,
        buyer_id=buyer_id,
        access_token=f"authbseB{_fresh(exchange)}",
        refresh_token=f"authbseB{_fresh(exchange)}",
        auth_start=auth_start,
        at=exchange.now(),
    )


def _fresh(exchange: Exchange) -> str:
    return hashlib.sha256(exchange.new_id().encode()).hexdigest()[:32]


def _refused(code: str, sub_code: str, sub_msg: str) -> Refused:
    return Refused(code, sub_code, sub_msg, signed=True)

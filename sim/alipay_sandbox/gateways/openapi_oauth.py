"""A buyer's identity: authorization codes, tokens, and ``alipay.system.oauth.token``.

A code works once, for the app that it was issued to. The documents give a code between three minutes and a day; the
sandbox takes the three minutes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from sim.alipay_sandbox.gateways.openapi_wire import Node, OpenapiError
from sim.alipay_sandbox.model.clock import beijing_text
from sim.alipay_sandbox.model.exchange import Exchange
from sim.alipay_sandbox.model.trades import AuthCodeIssued, TokensIssued

SCOPES: Final = frozenset({"auth_base", "auth_user", "auth_ecard", "auth_invoice_info", "auth_puc_charge"})
AUTH_CODE_LIFE_S: Final = 180.0
TOKEN_LIFE_S: Final = 15 * 86400
REFRESH_LIFE_S: Final = 30 * 86400


def issue_auth_code(exchange: Exchange, app_id: str, buyer_id: str, scope: str) -> AuthCodeIssued:
    """A buyer authorizes an app. Raises :class:`BusinessError`."""
    exchange.check_buyer(buyer_id)
    now = exchange.now()
    issued = AuthCodeIssued(
        code=_random_hex(exchange),
        app_id=app_id,
        buyer_id=buyer_id,
        scope=scope,
        at=now,
        expires_at=now + AUTH_CODE_LIFE_S,
    )
    exchange.record(issued)
    return issued


def exchange_token(exchange: Exchange, app_id: str, params: Mapping[str, str]) -> Node:
    """``alipay.system.oauth.token``; the response has no ``code``. Raises :class:`OpenapiError`."""
    match params.get("grant_type", ""):
        case "authorization_code":
            issued = _tokens_for_code(exchange, app_id, params.get("code", ""))
        case "refresh_token":
            issued = _tokens_for_refresh(exchange, app_id, params.get("refresh_token", ""))
        case "":
            raise _refused("40001", "isv.missing-grant-type", "缺少grant_type参数")
        case _:
            raise _refused("40002", "isv.grant-type-invalid", "grant_type参数无效")
    exchange.record(issued)
    return {
        "access_token": issued.access_token,
        "alipay_user_id": issued.buyer_id,
        "auth_start": beijing_text(issued.auth_start),
        "expires_in": str(TOKEN_LIFE_S),
        "re_expires_in": str(REFRESH_LIFE_S),
        "refresh_token": issued.refresh_token,
        "user_id": issued.buyer_id,
    }


def _tokens_for_code(exchange: Exchange, app_id: str, code: str) -> TokensIssued:
    if not code:
        raise _refused("40001", "isv.missing-code", "缺少code参数")
    known = exchange.state.auth_codes.get(code)
    if known is None or known.app_id != app_id or known.expires_at <= exchange.now():
        raise _refused("40002", "isv.code-invalid", "授权码code无效")
    return _issue(exchange, code, app_id, known.buyer_id, exchange.now())


def _tokens_for_refresh(exchange: Exchange, app_id: str, refresh_token: str) -> TokensIssued:
    if not refresh_token:
        raise _refused("40001", "isv.missing-refresh-token", "缺少refresh_token参数")
    held = exchange.state.tokens.get(refresh_token)
    if held is None or held.app_id != app_id or exchange.now() >= held.at + REFRESH_LIFE_S:
        raise _refused("40002", "isv.refresh-token-invalid", "刷新令牌refresh_token无效")
    return _issue(exchange, refresh_token, app_id, held.buyer_id, held.auth_start)


def _issue(exchange: Exchange, spent: str, app_id: str, buyer_id: str, auth_start: float) -> TokensIssued:
    return TokensIssued(
        spent=spent,
        app_id=app_id,
        buyer_id=buyer_id,
        access_token=f"authbseB{_random_hex(exchange)}",
        refresh_token=f"authbseB{_random_hex(exchange)}",
        auth_start=auth_start,
        at=exchange.now(),
    )


def _random_hex(exchange: Exchange) -> str:
    return hashlib.sha256(exchange.new_id().encode()).hexdigest()[:32]


def _refused(code: str, sub_code: str, sub_msg: str) -> OpenapiError:
    return OpenapiError(code, sub_code, sub_msg, signed=True)

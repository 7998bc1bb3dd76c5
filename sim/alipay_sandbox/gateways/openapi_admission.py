"""What the openapi gateway checks before any business: which app asks, for what, signed how, when, and for whom.

Documented is that the app is checked before the signature; the rest of the order is our choice. So is
``isv.missing-signature-config`` for a certificate that is not the app's.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec

from sim.alipay_sandbox.gateways.openapi_cipher import decrypted
from sim.alipay_sandbox.gateways.openapi_wire import Ask, Refused
from sim.alipay_sandbox.model.apps import App
from sim.alipay_sandbox.model.clock import from_beijing_text
from sim.alipay_sandbox.model.error_texts import WRONG_SIGNATURE
from sim.alipay_sandbox.model.signature import string_to_sign_openapi

SIGN_TYPES: Final = ("RSA", "RSA2")
TIMESTAMP_WINDOW_S: Final = 30 * 60
_NEEDED: Final = {
    "sign_type": ("isv.missing-signature-type", "缺少签名类型参数"),
    "sign": ("isv.missing-signature", "缺少签名参数"),
    "timestamp": ("isv.missing-timestamp", "缺少时间戳参数"),
    "version": ("isv.missing-version", "缺少版本参数"),
}


class Admitted(msgspec.Struct, frozen=True):
    """A request that passed: which app asks, for which merchant, and what it brings."""

    ask: Ask
    app: App
    partner: str
    biz: dict[str, Any]
    """``biz_content``; numbers are the text that stood there."""


def app_of(ask: Ask, apps: Mapping[str, App]) -> App:
    """The app that asks, before anything else is looked at. Raises :class:`Refused`."""
    if not ask.params.get("app_id"):
        raise Refused("40001", "isv.missing-app-id", "缺少AppID参数")
    app = apps.get(ask.params["app_id"])
    if app is None:
        raise Refused("40002", "isv.invalid-app-id", "无效的AppID参数")
    return app


def admit(ask: Ask, app: App, methods: Collection[str], now: float) -> Admitted:
    """Raises :class:`Refused`."""
    if not ask.method:
        raise Refused("40001", "isv.missing-method", "缺少方法名参数")
    if ask.method not in methods:
        raise Refused("40002", "isv.invalid-method", "不存在的方法名")
    for name, (sub_code, sub_msg) in _NEEDED.items():
        if not ask.params.get(name):
            raise Refused("40001", sub_code, sub_msg)
    if ask.params.get("format", "JSON").upper() != "JSON":
        raise Refused("40002", "isv.invalid-format", "无效的数据格式")
    if ask.params["version"] != "1.0":
        raise Refused("40002", "isv.invalid-parameter", "参数无效")
    _check_signature(ask, app)
    _check_certificates(ask.params, app)
    _check_time(ask.params["timestamp"], now)
    partner = app.acts_for(ask.params.get("app_auth_token", ""))
    if partner is None:
        raise Refused("20001", "aop.invalid-app-auth-token", "无效的应用授权令牌", signed=True, own_node=True)
    return Admitted(ask, app, partner, _biz(_content(ask.params, app)))


def _check_signature(ask: Ask, app: App) -> None:
    sign_type = ask.params["sign_type"]
    if sign_type not in SIGN_TYPES:
        raise Refused("40002", "isv.invalid-signature-type", "无效的签名类型")
    if not app.seal.has_key(sign_type):
        raise Refused("40003", "isv.missing-signature-config", "应用未配置对应签名算法的公钥或者证书")
    text = string_to_sign_openapi(ask.params)
    if not app.seal.verify(sign_type, text.encode(ask.charset), ask.params["sign"]):
        shown = text.replace("&", "&amp;")
        message = f"{WRONG_SIGNATURE}{shown}"
        raise Refused("40002", "isv.invalid-signature", message, signed=True, own_node=True)


def _check_certificates(params: Mapping[str, str], app: App) -> None:
    theirs, root = params.get("app_cert_sn", ""), params.get("alipay_root_cert_sn", "")
    if (theirs and theirs != app.cert_sn) or (root and root != app.root_cert_sn):
        raise Refused("40003", "isv.missing-signature-config", "证书序列号与应用不匹配", signed=True, own_node=True)


def _check_time(timestamp: str, now: float) -> None:
    try:
        off_by = abs(from_beijing_text(timestamp) - now)
    except ValueError:
        off_by = TIMESTAMP_WINDOW_S + 1
    if off_by > TIMESTAMP_WINDOW_S:
        raise Refused("40002", "isv.invalid-timestamp", "非法的时间戳参数", signed=True, own_node=True)


def _content(params: Mapping[str, str], app: App) -> str:
    """``biz_content`` in plain text."""
    content = params.get("biz_content", "")
    kind = params.get("encrypt_type", "")
    if not kind:
        return content
    if kind != "AES":
        raise Refused("40002", "isv.invalid-encrypt-type", "无效的加密类型", signed=True, own_node=True)
    try:
        return decrypted(app.content_key, content).decode("utf-8")
    except ValueError:
        message = "解密出错, 未知错误"
        raise Refused("40003", "isv.decryption-error-unknown", message, signed=True, own_node=True) from None


def _biz(content: str) -> dict[str, Any]:
    try:
        # Amounts may come as numbers; what counts is how they were written.
        biz = json.loads(content or "{}", parse_float=str, parse_int=str)
    except ValueError:
        biz = None
    if not isinstance(biz, dict):
        raise Refused("40002", "isv.illegal-json", "JSON格式错误", signed=True, own_node=True)
    return biz

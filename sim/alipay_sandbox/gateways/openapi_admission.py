"""The checks of the openapi gateway before any business: app, method, signature, certificates, timestamp and token.

The documents state only that the app is checked before the signature; the rest of the order is our choice. So is
``isv.missing-signature-config`` for a certificate that does not belong to the app.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec

from sim.alipay_sandbox.gateways.openapi_cipher import decrypt
from sim.alipay_sandbox.gateways.openapi_wire import OpenapiError
from sim.alipay_sandbox.gateways.request import RequestParameters
from sim.alipay_sandbox.model.apps import AlipayApp
from sim.alipay_sandbox.model.clock import from_beijing_text
from sim.alipay_sandbox.model.error_texts import WRONG_SIGNATURE
from sim.alipay_sandbox.model.signature import string_to_sign_openapi

SIGN_TYPES: Final = ("RSA", "RSA2")
TIMESTAMP_WINDOW_S: Final = 30 * 60
_MANDATORY: Final = {
    "sign_type": ("isv.missing-signature-type", "缺少签名类型参数"),
    "sign": ("isv.missing-signature", "缺少签名参数"),
    "timestamp": ("isv.missing-timestamp", "缺少时间戳参数"),
    "version": ("isv.missing-version", "缺少版本参数"),
}


class AdmittedRequest(msgspec.Struct, frozen=True):
    """An admitted request: the calling app, the merchant that it acts for, and the business content."""

    request: RequestParameters
    app: AlipayApp
    partner: str
    biz: dict[str, Any]
    """``biz_content``; numbers keep their text."""


def identify_app(request: RequestParameters, apps: Mapping[str, AlipayApp]) -> AlipayApp:
    """Runs before every other check. Raises :class:`OpenapiError`."""
    if not request.params.get("app_id"):
        raise OpenapiError("40001", "isv.missing-app-id", "缺少AppID参数")
    app = apps.get(request.params["app_id"])
    if app is None:
        raise OpenapiError("40002", "isv.invalid-app-id", "无效的AppID参数")
    return app


def admit(request: RequestParameters, app: AlipayApp, methods: Collection[str], now: float) -> AdmittedRequest:
    """Raises :class:`OpenapiError`."""
    if not request.method:
        raise OpenapiError("40001", "isv.missing-method", "缺少方法名参数")
    if request.method not in methods:
        raise OpenapiError("40002", "isv.invalid-method", "不存在的方法名")
    for name, (sub_code, sub_msg) in _MANDATORY.items():
        if not request.params.get(name):
            raise OpenapiError("40001", sub_code, sub_msg)
    if request.params.get("format", "JSON").upper() != "JSON":
        raise OpenapiError("40002", "isv.invalid-format", "无效的数据格式")
    if request.params["version"] != "1.0":
        raise OpenapiError("40002", "isv.invalid-parameter", "参数无效")
    _check_signature(request, app)
    _check_certificates(request.params, app)
    _check_timestamp(request.params["timestamp"], now)
    partner = app.partner_for_token(request.params.get("app_auth_token", ""))
    if partner is None:
        raise OpenapiError("20001", "aop.invalid-app-auth-token", "无效的应用授权令牌", signed=True, own_node=True)
    return AdmittedRequest(request, app, partner, _parsed(_plain_content(request.params, app)))


def _check_signature(request: RequestParameters, app: AlipayApp) -> None:
    sign_type = request.params["sign_type"]
    if sign_type not in SIGN_TYPES:
        raise OpenapiError("40002", "isv.invalid-signature-type", "无效的签名类型")
    if not app.keys.has_key(sign_type):
        raise OpenapiError("40003", "isv.missing-signature-config", "应用未配置对应签名算法的公钥或者证书")
    text = string_to_sign_openapi(request.params)
    if not app.keys.verify(sign_type, text.encode(request.charset), request.params["sign"]):
        message = WRONG_SIGNATURE + text.replace("&", "&amp;")
        raise OpenapiError("40002", "isv.invalid-signature", message, signed=True, own_node=True)


def _check_certificates(params: Mapping[str, str], app: AlipayApp) -> None:
    own, root = params.get("app_cert_sn", ""), params.get("alipay_root_cert_sn", "")
    if (own and own != app.cert_sn) or (root and root != app.root_cert_sn):
        raise OpenapiError(
            "40003", "isv.missing-signature-config", "证书序列号与应用不匹配", signed=True, own_node=True
        )


def _check_timestamp(timestamp: str, now: float) -> None:
    try:
        off_by = abs(from_beijing_text(timestamp) - now)
    except ValueError:
        off_by = TIMESTAMP_WINDOW_S + 1
    if off_by > TIMESTAMP_WINDOW_S:
        raise OpenapiError("40002", "isv.invalid-timestamp", "非法的时间戳参数", signed=True, own_node=True)


def _plain_content(params: Mapping[str, str], app: AlipayApp) -> str:
    content = params.get("biz_content", "")
    kind = params.get("encrypt_type", "")
    if not kind:
        return content
    if kind != "AES":
        raise OpenapiError("40002", "isv.invalid-encrypt-type", "无效的加密类型", signed=True, own_node=True)
    try:
        return decrypt(app.content_key, content).decode("utf-8")
    except ValueError:
        message = "解密出错, 未知错误"
        raise OpenapiError("40003", "isv.decryption-error-unknown", message, signed=True, own_node=True) from None


def _parsed(content: str) -> dict[str, Any]:
    try:
        # An amount may be a JSON number; its text counts.
        biz = json.loads(content or "{}", parse_float=str, parse_int=str)
    except ValueError:
        biz = None
    if not isinstance(biz, dict):
        raise OpenapiError("40002", "isv.illegal-json", "JSON格式错误", signed=True, own_node=True)
    return biz

"""The checks of the openapi gateway before any business: app, method, signature, certificates, timestamp and token.

The documents state only that the app is checked before the signature; the rest of the order is our choice. So is
``isv.missing-signature-config`` for a certificate that does not belong to the app.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import msgspec

from sim.alipay_sandbox.gateways.openapi_wire import OpenapiError, decrypt
from sim.alipay_sandbox.gateways.request import RequestParameters
from sim.alipay_sandbox.model.certificates import cert_sn, root_cert_sn
from sim.alipay_sandbox.model.clock import from_beijing_text
from sim.alipay_sandbox.model.error_texts import WRONG_SIGNATURE
from sim.alipay_sandbox.model.merchants import Merchant
from sim.alipay_sandbox.model.signature import MerchantKeys, string_to_sign_openapi

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


class AlipayApp:
    """One app with parsed keys and certificate numbers."""

    def __init__(self, merchant: Merchant, keys: MerchantKeys, app_id_of: Mapping[str, str]) -> None:
        self.app_id: Final = merchant.app_id
        self.partner: Final = merchant.partner
        self.callback_hosts: Final = merchant.callback_hosts
        self.keys: Final = keys
        self.content_key: Final = merchant.content_key
        self.cert_sn: Final = cert_sn(merchant.app_cert_pem) if merchant.app_cert_pem else ""
        self.alipay_cert_sn: Final = cert_sn(merchant.alipay_cert_pem) if merchant.alipay_cert_pem else ""
        self.root_cert_sn: Final = root_cert_sn(merchant.root_cert_pem) if merchant.root_cert_pem else ""
        self._tokens: Final = merchant.app_auth_tokens
        self._app_id_of: Final = app_id_of

    def partner_for_token(self, app_auth_token: str) -> str | None:
        """The merchant that the app acts for; its own without a token, None for an unknown token."""
        return self._tokens.get(app_auth_token) if app_auth_token else self.partner

    def auth_app_id(self, partner: str) -> str:
        return self._app_id_of.get(partner) or self.app_id


def apps_by_id(merchants: Iterable[Merchant], keys: Mapping[str, MerchantKeys]) -> dict[str, AlipayApp]:
    held = [merchant for merchant in merchants if merchant.app_id]
    app_id_of = {merchant.partner: merchant.app_id for merchant in held}
    return {merchant.app_id: AlipayApp(merchant, keys[merchant.partner], app_id_of) for merchant in held}

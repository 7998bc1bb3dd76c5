"""Apps of merchants at the openapi gateway: keys, certificates, and the merchants that they may act for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from sim.alipay_sandbox.model.certificates import cert_sn, root_cert_sn
from sim.alipay_sandbox.model.merchants import Merchant
from sim.alipay_sandbox.model.signature import MerchantKeys


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
    """Apps by ``app_id``. ``keys`` is by partner: both gateways use the same keys."""
    held = [merchant for merchant in merchants if merchant.app_id]
    app_id_of = {merchant.partner: merchant.app_id for merchant in held}
    return {merchant.app_id: AlipayApp(merchant, keys[merchant.partner], app_id_of) for merchant in held}

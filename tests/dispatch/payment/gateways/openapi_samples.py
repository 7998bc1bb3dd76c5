"""An account at the sandbox's openapi gateway, shared by tests against the sandbox."""

from dispatch.payment.protocols.openapi.account import OpenapiAccount
from dispatch.payment.protocols.openapi.keys import OpenapiCredentials
from tests.sim.alipay_sandbox.live_samples import KEYS

PLAIN = OpenapiCredentials(private_key=KEYS.merchant_private_pem, alipay_public_key=KEYS.alipay_public_pem)


def account(url: str, keys: OpenapiCredentials) -> OpenapiAccount:
    return OpenapiAccount(
        gateway_url=f"{url}/gateway.do", app_id=KEYS.app_id, keys=keys, currency="CNY", seller_id=KEYS.partner
    )

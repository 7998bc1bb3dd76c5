"""A mapi merchant account, shared by tests."""

from dispatch.payment.protocols.mapi.merchant import MapiMerchant
from dispatch.payment.protocols.signing import Credentials

KEYS = Credentials(sign_type="MD5", md5_key="m" * 32)


MERCHANT = MapiMerchant(
    gateway_url="https://gateway.invalid/gateway.do",
    partner="2088000000000001",
    seller_id="2088000000000001",
    keys=KEYS,
    trans_currency="USD",
    currency="USD",
    secondary_merchant_id="cab1",
    secondary_merchant_name="City Cab",
)

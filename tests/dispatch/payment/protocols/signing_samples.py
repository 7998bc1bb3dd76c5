"""RSA key pairs shared by tests of signatures."""

from dispatch.payment.protocols.signing import Signer, SignType
from tests.dispatch.payment.vectors import load

RSA = load("rsa.json")


def rsa_signer(sign_type: SignType) -> Signer:
    return Signer.from_keys(
        sign_type, private_key=RSA["private_key_pem_test_only"], alipay_public_key=RSA["public_key_pem"]
    )

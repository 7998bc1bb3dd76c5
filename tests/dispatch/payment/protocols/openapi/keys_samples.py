"""Certificates and keys shared by tests of the openapi."""

import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from dispatch.payment.protocols.openapi.keys import OpenapiCredentials
from dispatch.payment.protocols.signing import Signer
from tests.dispatch.payment.protocols.signing_samples import RSA

PRIVATE = RSA["private_key_pem_test_only"]


def pem_of(*certificates: x509.Certificate) -> str:
    return "".join(each.public_bytes(Encoding.PEM).decode() for each in certificates)


def private_pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


class Authority:
    """Makes certificates for tests."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(65537, 2048)
        self._made = 0

    def certify(self, name: str, key: rsa.RSAPrivateKey) -> x509.Certificate:
        self._made += 1
        issuer = x509.Name(
            [x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), x509.NameAttribute(NameOID.COMMON_NAME, "CA")]
        )
        builder = x509.CertificateBuilder(
            issuer, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key.public_key(), self._made
        )
        ends = dt.datetime(2040, 1, 1, tzinfo=dt.UTC)
        return (
            builder.not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
            .not_valid_after(ends)
            .sign(self.key, hashes.SHA256())
        )


AUTHORITY = Authority()
OURS, THEIRS, NEXT = (rsa.generate_private_key(65537, 2048) for _ in range(3))
APP_CERT, ALIPAY_CERT, NEXT_CERT, ROOT = (
    AUTHORITY.certify(name, key)
    for name, key in (("app", OURS), ("alipay", THEIRS), ("alipay", NEXT), ("CA", AUTHORITY.key))
)

BY_CERTIFICATE = OpenapiCredentials(
    private_key=private_pem(OURS),
    app_cert=pem_of(APP_CERT),
    alipay_certs=pem_of(ALIPAY_CERT, NEXT_CERT),
    root_certs=pem_of(ROOT),
)


def signed_by(key: rsa.RSAPrivateKey, text: bytes) -> str:
    return Signer.from_keys("RSA2", private_key=private_pem(key), alipay_public_key=RSA["public_key_pem"]).sign(text)

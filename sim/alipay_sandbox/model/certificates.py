"""The certificate authority of certificate mode: a root, Alipay's certificate and a merchant's, all RSA.

``app_cert_sn`` and ``alipay_cert_sn`` are the MD5 of the issuer's name, last part first, followed by the decimal serial
number; ``alipay_root_cert_sn`` joins the same of every RSA certificate of the root bundle with ``_``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

VALID_FROM: Final = dt.datetime(2015, 1, 1, tzinfo=dt.UTC)
VALID_TO: Final = dt.datetime(2045, 1, 1, tzinfo=dt.UTC)
"""Validity covers every day that a simulation uses."""


class Certificates(msgspec.Struct, frozen=True):
    """PEM texts. ``repr`` shows only the app certificate's number."""

    app_cert_pem: str
    alipay_cert_pem: str
    root_cert_pem: str

    def __repr__(self) -> str:
        return f"Certificates({cert_sn(self.app_cert_pem)})"


def issue_certificates(app_name: str, app_public_pem: str, alipay_public_pem: str) -> Certificates:
    """Certificates for both sides' keys, issued by a new root; the root's private key is discarded."""
    root_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    root_name = _name("Sandbox Root CA")
    return Certificates(
        app_cert_pem=_certificate(_name(app_name), app_public_pem, root_name, root_key),
        alipay_cert_pem=_certificate(_name("Sandbox Alipay"), alipay_public_pem, root_name, root_key),
        root_cert_pem=_certificate(root_name, _public_pem(root_key), root_name, root_key, authority=True),
    )


def cert_sn(pem: str) -> str:
    certificate = x509.load_pem_x509_certificate(pem.encode("ascii"))
    text = f"{certificate.issuer.rfc4514_string()}{certificate.serial_number}"
    return hashlib.md5(text.encode("utf-8"), usedforsecurity=False).hexdigest()


def root_cert_sn(pem: str) -> str:
    """The number of a root bundle; certificates with other signatures than RSA are ignored."""
    roots = x509.load_pem_x509_certificates(pem.encode("ascii"))
    with_rsa = [root for root in roots if root.signature_algorithm_oid.dotted_string.startswith("1.2.840.113549.1.1.")]
    return "_".join(cert_sn(root.public_bytes(serialization.Encoding.PEM).decode("ascii")) for root in with_rsa)


def _name(common: str) -> x509.Name:
    parts = (
        (NameOID.COUNTRY_NAME, "CN"),
        (NameOID.ORGANIZATION_NAME, "Sandbox"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "Certification Authority"),
        (NameOID.COMMON_NAME, common),
    )
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts])


def _public_pem(key: rsa.RSAPrivateKey) -> str:
    public = key.public_key()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def _certificate(
    subject: x509.Name, public_pem: str, issuer: x509.Name, key: rsa.RSAPrivateKey, *, authority: bool = False
) -> str:
    public = serialization.load_pem_public_key(public_pem.encode("ascii"))
    if not isinstance(public, rsa.RSAPublicKey):
        raise TypeError("public key is not RSA")
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(VALID_FROM)
        .not_valid_after(VALID_TO)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode("ascii")

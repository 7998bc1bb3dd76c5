"""Certificate mode of the openapi gateway: certificates and Alipay's own kind of serial number, ``sn``.

``sn`` is the MD5, in hex, of the issuer's name (``CN=…,OU=…,O=…,C=…``, the last part first) and the decimal serial
number. For a bundle of roots it is the ``sn`` of each certificate signed with RSA, joined with ``_``.
"""

import base64
import hashlib
import re
from typing import Final

from cryptography import x509

from dispatch.payment.protocols.signing import KeyFormatError

_RSA_SIGNATURES: Final = "1.2.840.113549.1.1."
_RSA_SIGNED: Final = bytes.fromhex("06092a864886f70d0101")
"""The prefix above as it is encoded in a certificate."""
_BLOCK: Final = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END CERTIFICATE-----")


def certificates_of(pem: str, name: str) -> list[x509.Certificate]:
    """The certificates of a PEM text. Raises :class:`KeyFormatError` with ``name``."""
    try:
        return x509.load_pem_x509_certificates(pem.encode("ascii"))
    except ValueError as error:
        raise KeyFormatError(f"{name} holds no certificates in PEM") from error


def roots_of(pem: str, name: str) -> list[x509.Certificate]:
    """The certificates of a bundle of roots that are signed with RSA. Raises :class:`KeyFormatError`.

    Alipay's bundle also contains one signed with SM2, which the library cannot read.
    """
    found: list[x509.Certificate] = []
    for block in _BLOCK.findall(pem):
        try:
            certificate = x509.load_pem_x509_certificate(block.encode("ascii"))
        except ValueError as error:
            if _RSA_SIGNED in base64.b64decode("".join(block.splitlines()[1:-1])):
                raise KeyFormatError(f"{name} holds a certificate that cannot be read") from error
            continue
        if certificate.signature_algorithm_oid.dotted_string.startswith(_RSA_SIGNATURES):
            found.append(certificate)
    if not found:
        raise KeyFormatError(f"{name} holds no certificate signed with RSA in PEM")
    return found


def certificate_sn(certificate: x509.Certificate) -> str:
    text = f"{certificate.issuer.rfc4514_string()}{certificate.serial_number}"
    # Alipay identifies certificates by MD5; no security relies on it here.
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def root_sn(roots: list[x509.Certificate]) -> str:
    """``alipay_root_cert_sn`` of the roots found by :func:`roots_of`."""
    return "_".join(map(certificate_sn, roots))

"""The keys of an openapi application: our key signs, Alipay's verifies, as plain keys or in certificates."""

from typing import Literal

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dispatch.payment.protocols.openapi.certificates import certificate_sn, certificates_of, root_sn, roots_of
from dispatch.payment.protocols.signing import AnswerError, KeyFormatError, Signer


class OpenapiCredentials(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An application's keys as text. ``repr`` shows none of them.

    Plain keys: ``private_key`` and ``alipay_public_key``. Certificate mode, if ``app_cert`` is given: Alipay's key
    comes from ``alipay_certs`` (one certificate, or several around a renewal), and ``root_certs`` is Alipay's bundle of
    roots.
    """

    sign_type: Literal["RSA", "RSA2"] = "RSA2"
    private_key: str = ""
    alipay_public_key: str = ""
    app_cert: str = ""
    alipay_certs: str = ""
    root_certs: str = ""
    content_key: str = ""
    """For content encryption; blank: none."""

    def __repr__(self) -> str:
        held = [name for name in self.__struct_fields__[1:] if getattr(self, name)]
        return f"OpenapiCredentials(sign_type={self.sign_type!r}, holds={held})"


class OpenapiKeys:
    """Signs requests and verifies Alipay's signatures. Raises :class:`KeyFormatError` for unusable keys."""

    def __init__(self, credentials: OpenapiCredentials) -> None:
        self.sign_type = credentials.sign_type
        self.request_fields: dict[str, str] = {}
        """Fields of a request that identify the certificates."""
        if credentials.app_cert:
            self._signers = _from_certificates(credentials)
            self.request_fields = {
                "app_cert_sn": certificate_sn(certificates_of(credentials.app_cert, "app_cert")[0]),
                "alipay_root_cert_sn": root_sn(roots_of(credentials.root_certs, "root_certs")),
            }
        else:
            self._signers = {"": _signer(credentials, credentials.alipay_public_key)}

    def __repr__(self) -> str:
        return f"OpenapiKeys({self.sign_type})"

    def sign(self, text: bytes) -> str:
        return next(iter(self._signers.values())).sign(text)

    def verify(self, text: bytes, sign: str) -> bool:
        """Whether Alipay signed ``text`` with any of its configured keys."""
        return any(signer.verify(text, sign) for signer in self._signers.values())

    def verify_by(self, cert_sn: str, text: bytes, sign: str) -> bool:
        """Verify with the certificate that an answer names. Raises :class:`AnswerError` if it is not configured."""
        if not cert_sn or not self.request_fields:
            return self.verify(text, sign)
        signer = self._signers.get(cert_sn)
        if signer is None:
            raise AnswerError(f"signed with Alipay's certificate {cert_sn[:32]}, which is not configured")
        return signer.verify(text, sign)


def _from_certificates(credentials: OpenapiCredentials) -> dict[str, Signer]:
    certificates = certificates_of(credentials.alipay_certs, "alipay_certs")
    pems = {
        certificate_sn(each): each.public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        .decode("ascii")
        for each in certificates
    }
    return {sn: _signer(credentials, pem) for sn, pem in pems.items()}


def _signer(credentials: OpenapiCredentials, alipay_public_key: str) -> Signer:
    if credentials.sign_type not in ("RSA", "RSA2"):
        raise KeyFormatError("openapi signs with RSA or RSA2")
    return Signer.from_keys(
        credentials.sign_type, private_key=credentials.private_key, alipay_public_key=alipay_public_key
    )

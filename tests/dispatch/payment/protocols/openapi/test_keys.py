"""Keys of an openapi application, plain or in certificates."""

import pytest

from dispatch.payment.protocols.openapi.certificates import certificate_sn, root_sn
from dispatch.payment.protocols.openapi.keys import OpenapiCredentials, OpenapiKeys
from dispatch.payment.protocols.signing import AnswerError, KeyFormatError
from tests.dispatch.payment.protocols.openapi.keys_samples import (
    ALIPAY_CERT,
    APP_CERT,
    BY_CERTIFICATE,
    NEXT,
    NEXT_CERT,
    OURS,
    PRIVATE,
    ROOT,
    THEIRS,
    pem_of,
    signed_by,
)
from tests.dispatch.payment.protocols.signing_samples import RSA


def test_requests_name_their_certificates() -> None:
    """Certificate mode tells Alipay which certificates are meant; plain keys tell nothing."""
    keys = OpenapiKeys(BY_CERTIFICATE)
    plain = OpenapiKeys(OpenapiCredentials(private_key=PRIVATE, alipay_public_key=RSA["public_key_pem"]))

    assert keys.request_fields == {"app_cert_sn": certificate_sn(APP_CERT), "alipay_root_cert_sn": root_sn([ROOT])}
    assert plain.request_fields == {}


def test_the_named_certificate_checks() -> None:
    """Each of Alipay's certificates checks its own signatures and no other's."""
    keys, sign = OpenapiKeys(BY_CERTIFICATE), signed_by(NEXT, b"x")

    assert keys.verify_by(certificate_sn(NEXT_CERT), b"x", sign)
    assert not keys.verify_by(certificate_sn(ALIPAY_CERT), b"x", sign)
    assert keys.verify(b"x", sign)
    assert not keys.verify(b"x", signed_by(OURS, b"x"))


def test_unknown_certificate_is_said() -> None:
    """An answer signed with a certificate that we do not have is not just a wrong signature."""
    with pytest.raises(AnswerError, match="certificate abc, which is not configured"):
        OpenapiKeys(BY_CERTIFICATE).verify_by("abc", b"x", signed_by(THEIRS, b"x"))


def test_plain_keys_know_no_certificates() -> None:
    """With a plain key the name of a certificate changes nothing."""
    keys = OpenapiKeys(OpenapiCredentials(private_key=PRIVATE, alipay_public_key=RSA["public_key_pem"]))

    assert keys.verify_by("abc", b"x", keys.sign(b"x"))


@pytest.mark.parametrize(
    ("credentials", "named"),
    [
        (OpenapiCredentials(), "private_key"),
        (OpenapiCredentials(private_key=PRIVATE), "alipay_public_key"),
        (OpenapiCredentials(private_key=PRIVATE, app_cert="x"), "alipay_certs"),
        (OpenapiCredentials(private_key=PRIVATE, app_cert="x", alipay_certs=pem_of(ALIPAY_CERT)), "app_cert"),
        (
            OpenapiCredentials(private_key=PRIVATE, app_cert=pem_of(APP_CERT), alipay_certs=pem_of(ALIPAY_CERT)),
            "root_certs",
        ),
    ],
)
def test_unusable_keys_are_named(credentials: OpenapiCredentials, named: str) -> None:
    """What is missing or cannot be read is called by its name."""
    with pytest.raises(KeyFormatError, match=named):
        OpenapiKeys(credentials)


def test_repr_shows_no_key() -> None:
    """Keys never reach a log through ``repr``."""
    credentials = OpenapiCredentials(private_key="PRIVATE", content_key="s3cret")

    assert "PRIVATE" not in repr(credentials)
    assert "s3cret" not in repr(credentials)
    assert repr(OpenapiKeys(BY_CERTIFICATE)) == "OpenapiKeys(RSA2)"

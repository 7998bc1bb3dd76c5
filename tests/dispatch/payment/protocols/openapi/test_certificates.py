"""Serial numbers of certificates agree with those that published clients tell."""

import pytest

from dispatch.payment.protocols.openapi.certificates import certificate_sn, certificates_of, root_sn, roots_of
from dispatch.payment.protocols.signing import KeyFormatError
from tests.dispatch.payment.vectors import load

VECTORS = load("certificates.json")
RUBY, NODE = VECTORS["chloerei"], VECTORS["nodejs_sdk"]


@pytest.mark.filterwarnings("ignore:Parsed a serial number")  # the published certificates have serial number 0
def test_ruby_client() -> None:
    """The application's certificate and a bundle of two roots."""
    assert certificate_sn(certificates_of(RUBY["app_cert_pem"], "app_cert")[0]) == RUBY["app_cert_sn"]
    assert root_sn(roots_of(RUBY["root_cert_pem"], "root_certs")) == RUBY["alipay_root_cert_sn"]


@pytest.mark.parametrize("file", sorted(NODE["files_pem"]))
def test_official_client(file: str) -> None:
    """Alipay's own files; its bundle of roots also holds one signed with SM2, which does not count."""
    pem = NODE["files_pem"][file]

    sn = root_sn(roots_of(pem, file)) if "Root" in file else certificate_sn(certificates_of(pem, file)[0])

    assert sn == NODE["expected"][file]


def test_no_certificate() -> None:
    """A text that holds no certificate is called by its name and not quoted."""
    with pytest.raises(KeyFormatError, match="root_certs holds no certificates") as caught:
        certificates_of("s3cret", "root_certs")

    assert "s3cret" not in str(caught.value)
    with pytest.raises(KeyFormatError, match="root_certs holds no certificate"):
        roots_of("s3cret", "root_certs")


def test_broken_root_is_not_passed_over() -> None:
    """A root signed with RSA that cannot be read is an error, for its number would be missing."""
    pem = NODE["files_pem"]["alipayCertPublicKey_RSA2.crt"].splitlines()
    broken = "\n".join([*pem[:3], *pem[4:]])

    with pytest.raises(KeyFormatError, match="cannot be read"):
        roots_of(broken, "root_certs")

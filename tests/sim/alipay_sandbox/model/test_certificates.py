"""Certificate numbers are those that other libraries find, and the tiny authority signs what it should."""

import json
from pathlib import Path

import pytest
from cryptography import x509

from sim.alipay_sandbox.model.certificates import cert_sn, root_cert_sn
from tests.sim.alipay_sandbox.merchant import demo

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "cert_sn_chloerei.json").read_text(encoding="utf-8"))


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_numbers_of_the_gem_alipay() -> None:
    """The numbers published with the tests of the gem ``alipay`` (github.com/chloerei/alipay)."""
    assert cert_sn(VECTORS["app_cert_pem"]) == VECTORS["app_cert_sn"]
    assert root_cert_sn(VECTORS["root_cert_pem"]) == VECTORS["alipay_root_cert_sn"]


def test_both_sides_are_signed_by_the_root() -> None:
    """App and Alipay have certificates of their own keys, of one root."""
    root = x509.load_pem_x509_certificate(demo().root_cert_pem.encode())
    app = x509.load_pem_x509_certificate(demo().app_cert_pem.encode())
    alipay = x509.load_pem_x509_certificate(demo().alipay_cert_pem.encode())

    for certificate in (root, app, alipay):
        certificate.verify_directly_issued_by(root)
    assert "BEGIN" not in repr(demo())

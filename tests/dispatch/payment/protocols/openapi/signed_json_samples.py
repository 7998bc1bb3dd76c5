"""Openapi credentials and keys, shared by tests."""

from dispatch.payment.protocols.openapi.keys import OpenapiCredentials, OpenapiKeys
from tests.dispatch.payment.protocols.signing_samples import RSA

CREDENTIALS = OpenapiCredentials(private_key=RSA["private_key_pem_test_only"], alipay_public_key=RSA["public_key_pem"])


KEYS = OpenapiKeys(CREDENTIALS)
"""One test key plays ours and Alipay's."""

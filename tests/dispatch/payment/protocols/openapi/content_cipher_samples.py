"""The content key of Alipay's documentation, shared by tests."""

from tests.dispatch.payment.vectors import load

VECTORS = load("content_cipher.json")["vectors"]


KEY = VECTORS[0]["key"]

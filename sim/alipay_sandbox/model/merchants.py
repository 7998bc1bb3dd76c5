"""Merchants of the sandbox: accounts, apps and keys.

A merchant has one account (``partner``, its PID) at the mapi gateway and one app (``app_id``) at the openapi gateway,
with the same RSA keys at both.
"""

from __future__ import annotations

import base64
import secrets
from typing import Final

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sim.alipay_sandbox.model.certificates import issue_certificates

RSA_BITS: Final = 2048
DEMO_PARTNER: Final = "2088021966388155"
DEMO_EMAIL: Final = "cab@sandbox.example"
CALLBACK_HOSTS: Final = ("127.0.0.1", "localhost")


class Merchant(msgspec.Struct, frozen=True, kw_only=True):
    """Alipay's data of a merchant. A blank key was never uploaded. ``repr`` shows no key."""

    partner: str
    email: str = ""
    md5_key: str = ""
    merchant_public_pem: str = ""
    """The merchant's RSA key, verifies its requests."""
    alipay_private_pem: str = ""
    """Signs responses and notifications to this merchant."""
    app_id: str = ""
    """Blank if the merchant has no app."""
    callback_hosts: tuple[str, ...] = CALLBACK_HOSTS
    """Allowed hosts of redirects from the authorization page, and of pages that embed the cashier."""
    app_auth_tokens: dict[str, str] = {}
    """For a system provider's app: partner of another merchant by the token to act for it."""
    app_cert_pem: str = ""
    alipay_cert_pem: str = ""
    root_cert_pem: str = ""
    content_key: str = ""
    """AES key of encrypted content at the openapi gateway: 16 bytes in base64."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.partner!r}, {self.email!r}, app_id={self.app_id!r})"


class DemoMerchant(Merchant, frozen=True, kw_only=True):
    """A merchant with the keys of both sides."""

    merchant_private_pem: str
    alipay_public_pem: str

    def at_alipay(self) -> Merchant:
        return Merchant(**{name: getattr(self, name) for name in Merchant.__struct_fields__})


def demo_app_id(partner: str) -> str:
    return f"2021{partner[4:]}"


def demo_merchant(
    partner: str = DEMO_PARTNER,
    email: str = DEMO_EMAIL,
    *,
    callback_hosts: tuple[str, ...] = CALLBACK_HOSTS,
    app_auth_tokens: dict[str, str] | None = None,
) -> DemoMerchant:
    """A merchant with new keys: MD5, an RSA pair for each side, and certificates for both pairs."""
    merchant_private, merchant_public = _key_pair()
    alipay_private, alipay_public = _key_pair()
    app_id = demo_app_id(partner)
    certificates = issue_certificates(app_id, merchant_public, alipay_public)
    return DemoMerchant(
        partner=partner,
        email=email,
        app_id=app_id,
        md5_key=secrets.token_hex(16),
        merchant_private_pem=merchant_private,
        merchant_public_pem=merchant_public,
        alipay_private_pem=alipay_private,
        alipay_public_pem=alipay_public,
        content_key=new_content_key(),
        callback_hosts=callback_hosts,
        app_auth_tokens=app_auth_tokens or {},
        **msgspec.structs.asdict(certificates),
    )


def new_content_key() -> str:
    return base64.b64encode(secrets.token_bytes(16)).decode("ascii")


def _key_pair() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode("ascii"), public.decode("ascii")

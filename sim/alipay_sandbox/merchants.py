"""Merchants of the sandbox: their accounts and keys, and a directory of key files for both sides.

``write_demo_keys`` makes the files once; sandbox and product are then configured from the same directory, each reading
its own half:

    merchant.json           partner (PID) and address           both
    md5.key                 32 characters                       both
    merchant_private.pem    the merchant's RSA key              product
    merchant_public.pem                                         sandbox
    alipay_private.pem      Alipay's RSA key for this merchant  sandbox
    alipay_public.pem                                           product
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

RSA_BITS: Final = 2048
DEMO_PARTNER: Final = "2088021966388155"
DEMO_EMAIL: Final = "cab@sandbox.example"


class Merchant(msgspec.Struct, frozen=True, kw_only=True):
    """What Alipay holds of a merchant. A key that is blank has not been uploaded. ``repr`` shows none."""

    partner: str
    email: str = ""
    md5_key: str = ""
    public_key_pem: str = ""
    """The merchant's RSA key, which its requests are checked with."""
    alipay_private_key_pem: str = ""
    """What answers and notifications to this merchant are signed with."""

    def __repr__(self) -> str:
        return f"Merchant({self.partner!r}, {self.email!r})"


class DemoMerchant(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant with the keys of both sides. ``repr`` shows none."""

    partner: str
    email: str
    md5_key: str
    merchant_private_pem: str
    merchant_public_pem: str
    alipay_private_pem: str
    alipay_public_pem: str

    def at_alipay(self) -> Merchant:
        """The half that the sandbox holds."""
        return Merchant(
            partner=self.partner,
            email=self.email,
            md5_key=self.md5_key,
            public_key_pem=self.merchant_public_pem,
            alipay_private_key_pem=self.alipay_private_pem,
        )

    def __repr__(self) -> str:
        return f"DemoMerchant({self.partner!r}, {self.email!r})"


def demo_merchant(partner: str = DEMO_PARTNER, email: str = DEMO_EMAIL) -> DemoMerchant:
    """A merchant with fresh keys: MD5, and an RSA pair on each side."""
    merchant_private, merchant_public = _key_pair()
    alipay_private, alipay_public = _key_pair()
    return DemoMerchant(
        partner=partner,
        email=email,
        md5_key=secrets.token_hex(16),
        merchant_private_pem=merchant_private,
        merchant_public_pem=merchant_public,
        alipay_private_pem=alipay_private,
        alipay_public_pem=alipay_public,
    )


def _key_pair() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode("ascii"), public.decode("ascii")


def write_demo_keys(directory: Path, partner: str = DEMO_PARTNER, email: str = DEMO_EMAIL) -> Merchant:
    """Make the key files in ``directory``, readable by their owner alone, and return the sandbox's half.

    Where ``merchant.json`` is there already, nothing is written and that merchant is read.
    """
    if (directory / "merchant.json").exists():
        return read_merchant(directory)
    made = demo_merchant(partner, email)
    directory.mkdir(parents=True, exist_ok=True)
    _write(directory / "md5.key", made.md5_key)
    _write(directory / "merchant_private.pem", made.merchant_private_pem)
    _write(directory / "merchant_public.pem", made.merchant_public_pem)
    _write(directory / "alipay_private.pem", made.alipay_private_pem)
    _write(directory / "alipay_public.pem", made.alipay_public_pem)
    account = {"partner": made.partner, "email": made.email}
    # Written last: its presence says that all the keys are there.
    _write(directory / "merchant.json", msgspec.json.encode(account).decode("ascii"))
    return made.at_alipay()


def read_merchant(directory: Path) -> Merchant:
    """The sandbox's half of a directory of key files. Raises ``OSError`` where one is missing."""
    account = msgspec.json.decode((directory / "merchant.json").read_bytes(), type=dict[str, str])
    return Merchant(
        partner=account["partner"],
        email=account["email"],
        md5_key=(directory / "md5.key").read_text("ascii").strip(),
        public_key_pem=(directory / "merchant_public.pem").read_text("ascii"),
        alipay_private_key_pem=(directory / "alipay_private.pem").read_text("ascii"),
    )


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text)

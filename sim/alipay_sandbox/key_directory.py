"""A directory of key files for both sides of a demo merchant.

``write_demo_keys`` creates the files once. Sandbox and product are configured from the same directory, each from its
own half:

    merchant.json           partner (PID), email, app_id, callback_hosts, app_auth_tokens   both
    md5.key                 32 characters                                                   both
    merchant_private.pem    the merchant's RSA key, for both gateways                       product
    merchant_public.pem                                                                     sandbox
    alipay_private.pem      Alipay's RSA key for this merchant, for both gateways           sandbox
    alipay_public.pem                                                                       product
    app_cert.pem            certificate mode: the certificate of merchant_public.pem        both
    alipay_cert.pem         certificate mode: the certificate of alipay_public.pem          both
    alipay_root_cert.pem    certificate mode: the root of both certificates                 both
    content.key             AES key of encrypted content at the openapi gateway, in base64  both
    PARTNER/                the same files for each additional merchant

The first merchant's app is also the app of a system provider: ``app_auth_tokens`` of its ``merchant.json`` has a token
for each additional merchant.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from sim.alipay_sandbox.model.certificates import Certificates, issue_certificates
from sim.alipay_sandbox.model.merchants import (
    CALLBACK_HOSTS,
    DEMO_EMAIL,
    DEMO_PARTNER,
    Merchant,
    demo_app_id,
    demo_merchant,
    new_content_key,
)

_FIELDS: Final = {
    "md5.key": "md5_key",
    "content.key": "content_key",
    "merchant_private.pem": "merchant_private_pem",
    "merchant_public.pem": "merchant_public_pem",
    "alipay_private.pem": "alipay_private_pem",
    "alipay_public.pem": "alipay_public_pem",
    "app_cert.pem": "app_cert_pem",
    "alipay_cert.pem": "alipay_cert_pem",
    "alipay_root_cert.pem": "root_cert_pem",
}
"""Field of :class:`DemoMerchant` by file."""


class _MerchantFile(msgspec.Struct, kw_only=True):
    """``merchant.json``."""

    partner: str
    email: str
    app_id: str = ""
    callback_hosts: tuple[str, ...] = CALLBACK_HOSTS
    app_auth_tokens: dict[str, str] = {}


def write_demo_keys(directory: Path, partner: str = DEMO_PARTNER, email: str = DEMO_EMAIL) -> Merchant:
    """Create the key files in ``directory``, with mode 0600, and return the sandbox's half.

    If ``merchant.json`` exists, all keys stay unchanged; only files that an older version did not create are added.
    """
    if (directory / "merchant.json").exists():
        _add_missing_files(directory)
        return read_merchant(directory)
    made = demo_merchant(partner, email)
    directory.mkdir(parents=True, exist_ok=True)
    for name, field in _FIELDS.items():
        _write(directory / name, getattr(made, field))
    # Written last: its existence implies that all keys exist.
    _write_merchant_file(directory, _MerchantFile(partner=made.partner, email=made.email, app_id=made.app_id))
    return made.at_alipay()


def write_demo_merchants(
    directory: Path, additional: Sequence[str] = (), callback_hosts: Sequence[str] = ()
) -> tuple[Merchant, ...]:
    """The demo merchant and additional ones, each in its folder; the first may act for the others.

    ``callback_hosts`` are added to those of each app.
    """
    write_demo_keys(directory)
    for partner in additional:
        write_demo_keys(directory / partner, partner, f"cab{partner[-4:]}@sandbox.example")
    folders = [directory, *(directory / partner for partner in additional)]
    for folder in folders:
        account = _read_merchant_file(folder)
        hosts = tuple(dict.fromkeys([*account.callback_hosts, *callback_hosts]))
        granted = {partner: token for token, partner in account.app_auth_tokens.items()}
        if folder is directory:
            granted = {partner: secrets.token_hex(20) for partner in additional} | granted
        tokens = {token: partner for partner, token in granted.items()}
        if (hosts, tokens) != (account.callback_hosts, account.app_auth_tokens):
            changed = msgspec.structs.replace(account, callback_hosts=hosts, app_auth_tokens=tokens)
            _write_merchant_file(folder, changed)
    return tuple(read_merchant(folder) for folder in folders)


def read_merchant(directory: Path) -> Merchant:
    """The sandbox's half of a directory of key files. Raises ``OSError`` if a file is missing."""
    account = _read_merchant_file(directory)
    keys = {field: _read(directory / name) for name, field in _FIELDS.items() if field in Merchant.__struct_fields__}
    return Merchant(
        partner=account.partner,
        email=account.email,
        app_id=account.app_id,
        callback_hosts=account.callback_hosts,
        app_auth_tokens=account.app_auth_tokens,
        **keys,
    )


def _add_missing_files(directory: Path) -> None:
    account = _read_merchant_file(directory)
    if not (directory / "content.key").exists():
        _write(directory / "content.key", new_content_key())
    if account.app_id:
        return
    app_id = demo_app_id(account.partner)
    made = issue_certificates(app_id, _read(directory / "merchant_public.pem"), _read(directory / "alipay_public.pem"))
    for name, field in _FIELDS.items():
        if field in Certificates.__struct_fields__:
            _write(directory / name, getattr(made, field))
    _write_merchant_file(directory, msgspec.structs.replace(account, app_id=app_id))


def _read_merchant_file(directory: Path) -> _MerchantFile:
    return msgspec.json.decode((directory / "merchant.json").read_bytes(), type=_MerchantFile)


def _write_merchant_file(directory: Path, account: _MerchantFile) -> None:
    _write(directory / "merchant.json", msgspec.json.format(msgspec.json.encode(account)).decode("ascii") + "\n")


def _read(path: Path) -> str:
    text = path.read_text("ascii")
    return text.strip() if path.suffix == ".key" else text


def _write(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(text)

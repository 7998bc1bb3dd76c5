"""Secrets: from the settings, else from key files in the data folder (mode 600) that are created on first use."""

import os
import secrets
from base64 import urlsafe_b64encode
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from dispatch.config.loader import Settings, SettingsError
from dispatch.domain.personal_keys import KEY_BYTES, Vault, VaultError, read_masters

MASTER_KEYS: Final = "master_keys"


def token_secret(settings: Settings) -> SecretStr:
    if settings.auth.token_secret.get_secret_value():
        return settings.auth.token_secret
    path = settings.server.data_dir / "token_secret"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _write_once(path, secrets.token_urlsafe(48))
    return SecretStr(path.read_text(encoding="ascii"))


def vault_of(settings: Settings) -> Vault:
    """The master keys of passengers' data. Raises :class:`SettingsError` if a master key is malformed."""
    vault = Vault(partial(_master_keys, settings), secrets.token_bytes)
    try:
        vault.current  # noqa: B018 - read now, so that a malformed key is reported at start
    except VaultError as error:
        raise SettingsError(f"privacy.master_key: {error}") from None
    return vault


def new_master_key(settings: Settings) -> None:
    """Add a new first master key to the key file; older keys still decrypt."""
    path = settings.server.data_dir / MASTER_KEYS
    before = path.read_text(encoding="ascii").split() if path.exists() else []
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft.touch(mode=0o600)
    draft.write_text("\n".join([_made_key(), *before]) + "\n", encoding="ascii")
    draft.replace(path)


def _master_keys(settings: Settings) -> tuple[bytes, ...]:
    given = settings.privacy.master_key.get_secret_value()
    path = settings.server.data_dir / MASTER_KEYS
    if not given and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_once(path, _made_key())
    return read_masters(given or path.read_text(encoding="ascii"))


def _made_key() -> str:
    return urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _write_once(path: Path, text: str) -> None:
    """Write a file that only its owner can read. Of concurrent writers the first one wins, with its whole text."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    try:
        draft.write_text(text, encoding="ascii")
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()

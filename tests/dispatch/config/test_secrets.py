"""Secrets come from the settings, or from key files that are created once."""

import stat
from pathlib import Path

from pydantic import SecretStr

from dispatch.config.loader import load_settings
from dispatch.config.secrets import token_secret


def test_token_secret_is_made_once(tmp_path: Path) -> None:
    """The key is made on first use, only its owner reads it, and every process gets the same."""
    settings = load_settings(overrides={"server.data_dir": tmp_path / "data"})

    first = token_secret(settings)

    assert first == token_secret(settings)
    assert len(first.get_secret_value()) >= 32
    (kept,) = (tmp_path / "data").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_token_secret_that_is_set_is_used(tmp_path: Path) -> None:
    """With a key set, none is written."""
    secret = "s" * 32

    settings = load_settings(overrides={"auth.token_secret": secret, "server.data_dir": tmp_path / "data"})

    assert token_secret(settings) == SecretStr(secret)
    assert not (tmp_path / "data").exists()

"""The private parts of Ray that are used exist in the locked version, and the version is bounded."""

from __future__ import annotations

import inspect
import tomllib
from pathlib import Path

from ray._private.authentication.authentication_token_setup import maybe_enable_token_auth_if_token_available

from dispatch.actors.ray import private_api

PYPROJECT = Path(__file__).parents[4] / "pyproject.toml"


def test_ray_has_its_token_authentication() -> None:
    """``maybe_enable_token_auth_if_token_available`` takes ``warn_if_disabled``."""
    assert callable(private_api.enable_token_authentication)
    assert "warn_if_disabled" in inspect.signature(maybe_enable_token_auth_if_token_available).parameters


def test_ray_is_bounded_above() -> None:
    """The next minor version may change a private API: it is tried before it is allowed."""
    dependencies = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["dependencies"]

    assert "ray>=2.60,<2.61" in dependencies

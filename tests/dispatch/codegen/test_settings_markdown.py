"""The document of the settings shows defaults and bounds; that it is current is tested with the other documents."""

from __future__ import annotations

import pytest

from dispatch.codegen.settings_markdown import render_settings_markdown


@pytest.mark.parametrize(
    "row",
    [
        "| `server.port` | `8080` | ",
        '| `server.data_dir` | `"var/taxi"` | ',
        "| `auth.token_secret` | empty | ",
        "| `alipay.notify_verify` | `false` | ",
        "(at least 0, at most 60)",
        "(one of `console`, `json`)",
    ],
)
def test_defaults_and_bounds_are_shown(row: str) -> None:
    """Defaults are in TOML notation, secrets are not shown, bounds are in words."""
    assert row in render_settings_markdown()

"""The document of the settings."""

from pathlib import Path

from dispatch.codegen.settings_markdown import render_settings_markdown

DOCS = Path(__file__).parents[3] / "docs" / "settings.md"


def test_document_is_current() -> None:
    """``docs/settings.md`` is what the code says."""
    assert render_settings_markdown() == DOCS.read_text(encoding="utf-8")

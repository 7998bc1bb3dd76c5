"""Settings files."""

from pathlib import Path


def toml(path: Path, text: str) -> Path:
    """Write a settings file."""
    path.write_text(text, encoding="utf-8")
    return path

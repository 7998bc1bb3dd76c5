"""Where the processes behind Ray write their logs: a file for each in the data folder."""

from __future__ import annotations

from pathlib import Path

from dispatch.signals import Format, Level, configure_logging


def log_to_file(name: str, data_dir: Path, level: Level, fmt: Format) -> None:
    """Send this process's logs to ``logs/NAME.log`` under the data folder."""
    folder = data_dir / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    stream = (folder / f"{name.replace('/', '-')}.log").open("a", buffering=1, encoding="utf-8")
    configure_logging(level, fmt, stream)

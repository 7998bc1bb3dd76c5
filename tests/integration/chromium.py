"""Where Chromium is: the system's, as `make browser` provides it."""

from __future__ import annotations

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """The program's path. Raises ``FileNotFoundError`` with what to do where there is none."""
    for name in NAMES:
        path = shutil.which(name)
        if path is not None:
            return path
    raise FileNotFoundError("no Chromium: make browser, or apt-get install chromium")

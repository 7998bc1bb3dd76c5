"""Published signatures and answers, each file with its source."""

import json
from pathlib import Path
from typing import Any


def load(name: str) -> dict[str, Any]:
    """The vectors of one file."""
    content: dict[str, Any] = json.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))
    return content

"""What figures were taken on, and how busy it was with other things."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import numpy as np
import scipy


def machine() -> dict[str, object]:
    """Processor, Python and the libraries that count; ``load_before`` is the machine's load of the last minute."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return {
        "cpu": model or platform.processor(),
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "load_before": round(os.getloadavg()[0], 2),
    }

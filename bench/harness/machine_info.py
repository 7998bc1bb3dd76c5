"""The machine a bench ran on, and its load before the bench."""

import platform
from pathlib import Path

import numpy as np
import psutil
import scipy


def machine_info() -> dict[str, object]:
    """Processor, Python and numeric libraries; ``load_before`` is the load average of the last minute."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return {
        "cpu": model or platform.processor(),
        "cpus": psutil.cpu_count(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "load_before": round(psutil.getloadavg()[0], 2),
    }

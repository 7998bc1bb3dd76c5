"""Simulated processes run the production assembly, and need no Ray."""

from __future__ import annotations

import subprocess
import sys


def test_the_simulation_imports_no_ray() -> None:
    """Not even indirectly."""
    code = "import sys, sim.simtest.run; print(sorted(name for name in sys.modules if name.partition('.')[0] == 'ray'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"

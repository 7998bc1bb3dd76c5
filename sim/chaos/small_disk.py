"""A small disk for the journal, that can be filled and emptied again. Needs root: it is a tmpfs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

SIZE_MIB: Final = 512
_BALLAST: Final = "ballast"


class SmallDisk:
    """Mounted at ``folder`` from :meth:`mount` to :meth:`unmount`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._mounted = False

    def mount(self) -> bool:
        """Whether that is possible here."""
        mount = shutil.which("mount")
        if mount is None or os.geteuid() != 0:
            return False
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [mount, "-t", "tmpfs", "-o", f"size={SIZE_MIB}m,mode=700", "tmpfs", str(self.folder)]
        self._mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603
        return self._mounted

    def fill(self) -> None:
        """Leave not a byte."""
        with (self.folder / _BALLAST).open("wb", buffering=0) as ballast:
            for chunk in (1 << 20, 1 << 12):
                _write_until_full(ballast.fileno(), bytes(chunk))

    def empty(self) -> None:
        """Give the space back."""
        (self.folder / _BALLAST).unlink(missing_ok=True)

    def unmount(self) -> None:
        """The end; twice is no error. What is on it is copied beside the mount point first."""
        if self._mounted:
            for file in self.folder.iterdir():
                shutil.copy2(file, self.folder.parent)
            umount = shutil.which("umount") or "umount"
            subprocess.run([umount, "-l", str(self.folder)], capture_output=True, check=False)  # noqa: S603
            self._mounted = False


def _write_until_full(file: int, chunk: bytes) -> None:
    while True:
        try:
            os.write(file, chunk)
        except OSError:
            return

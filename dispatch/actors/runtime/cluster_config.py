"""The configuration shared by all processes of a running system. Written once by the process that starts it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec

from dispatch.actors.core.placement import Placement
from dispatch.clock import CityClock

NAMESPACE: Final = "taxi"
FILE: Final = "system.json"


class ClusterConfig(msgspec.Struct, frozen=True):
    """Addresses and clock anchors of a running system. Contains no secrets: those stay in settings and key files."""

    ray_address: str
    journal_url: str
    redis_url: str
    placement: Placement
    matchers: tuple[str, ...]
    speed: float
    wall_anchor: float
    city_anchor: float
    data_dir: str
    config: str = ""
    """The settings file, if one was named."""
    overrides: dict[str, str | float | int | bool] = msgspec.field(default_factory=dict, name="given")
    """Settings from the command line, by dotted name."""

    @property
    def config_file(self) -> Path | None:
        return Path(self.config) if self.config else None

    def clock(self) -> CityClock:
        return CityClock(speed=self.speed, wall_anchor=self.wall_anchor, city_anchor=self.city_anchor)

    def write(self, data_dir: Path) -> Path:
        data_dir.mkdir(parents=True, exist_ok=True)
        path = data_dir / FILE
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_bytes(msgspec.json.encode(self))
        partial.replace(path)
        return path

    @classmethod
    def read(cls, data_dir: Path) -> ClusterConfig:
        """The system that runs on ``data_dir``. Raises ``FileNotFoundError`` if none was started."""
        return msgspec.json.decode((data_dir / FILE).read_bytes(), type=ClusterConfig)

"""Facts as lines of JSON, from which a restarted sandbox restores its accounts."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Final

import msgspec

from sim.alipay_sandbox.model.trades import Fact

_DECODER: Final = msgspec.json.Decoder(Fact)


class AccountsFile:
    """An append-only file of facts. Each fact is flushed to the operating system before it takes effect."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def read(self) -> list[Fact]:
        """All facts so far. An incomplete last line, left by a crash, is removed from the file."""
        if not self._path.exists():
            return []
        content = self._path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            self._path.write_bytes(whole)
        return [_DECODER.decode(line) for line in whole.splitlines()]

    def append(self, fact: Fact) -> None:
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("ab")
        self._file.write(msgspec.json.encode(fact) + b"\n")
        self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

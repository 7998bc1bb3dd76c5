"""The passengers' phones: text messages from the file that a development server writes them to."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from pathlib import Path
from typing import Final

import msgspec

POLL_S: Final = 0.05


class _Text(msgspec.Struct):
    phone: str
    code: str


_decoder: Final = msgspec.json.Decoder(_Text)


class SmsInbox:
    """Reads what is added to a file of JSON lines ``{"phone", "code", "at"}`` after this object was made."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_to = path.stat().st_size if path.exists() else 0
        self._waiting: defaultdict[str, list[asyncio.Future[str]]] = defaultdict(list)

    def next_to(self, phone: str) -> asyncio.Future[str]:
        """The code of the next message to ``phone``; filled in by :meth:`look`."""
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting[phone].append(future)
        return future

    async def watch(self) -> None:
        """Look for messages until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(POLL_S)

    def look(self) -> None:
        """Hand over what is new in the file, while somebody waits."""
        if not self._waiting:
            return
        with contextlib.suppress(FileNotFoundError), self._path.open("rb") as file:
            file.seek(self._read_to)
            new = file.read()
            whole = new.rfind(b"\n") + 1
            self._read_to += whole
            for line in new[:whole].splitlines():
                self._hand_over(line)

    def _hand_over(self, line: bytes) -> None:
        text = _decoder.decode(line)
        for future in self._waiting.pop(text.phone, []):
            if not future.done():
                future.set_result(text.code)

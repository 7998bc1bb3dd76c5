"""SMS codes in development: written to a file that only our user can read."""

import asyncio
import os
from pathlib import Path

import msgspec
import structlog

_log = structlog.get_logger("sms")


class DevelopmentSms:
    """Appends each code as a JSON line ``{"phone", "code", "at"}`` (wall time)."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def send(self, phone: str, code: str, at: float) -> None:
        """Raises ``OSError``."""
        line = msgspec.json.encode({"phone": phone, "code": code, "at": at}) + b"\n"
        await asyncio.to_thread(self._append, line)
        _log.info("sign-in code written to file", phone=phone, file=self._path.name)

    def _append(self, line: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, line)
        finally:
            os.close(file)

"""Codes in development, written to a file."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from ws_gateway.auth.sms import DevelopmentSms


async def test_codes_are_appended_for_our_eyes_only(tmp_path: Path) -> None:
    """A line for each code, in a file that only its owner reads; the folder is made."""
    path = tmp_path / "new" / "sms.jsonl"
    for code in ("123456", "654321"):
        await DevelopmentSms(path).send("+14155550100", code, 5.0)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert lines == [{"phone": "+14155550100", "code": code, "at": 5.0} for code in ("123456", "654321")]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    """An ``OSError`` says that no code was sent."""
    (tmp_path / "sms").mkdir()
    with pytest.raises(OSError, match="sms"):
        await DevelopmentSms(tmp_path / "sms").send("+14155550100", "1", 5.0)

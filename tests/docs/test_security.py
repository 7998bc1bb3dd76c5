"""The threat model is backed: each threat has an answer, and its tests exist."""

from __future__ import annotations

import re
from typing import Final

from tests.docs.guarantees_samples import ROOT, defined_names

TEXT: Final = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
THREATS: Final = [line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith("| threat")]


def test_each_threat_has_tests_that_exist() -> None:
    """A row without a test, or with one that is gone, promises nothing."""
    assert len(THREATS) > 10
    for line in THREATS:
        named = re.findall(r"`(tests/\S+?)::(\w+)`", line)
        assert named, line
        for file, name in named:
            assert name in defined_names(ROOT / file), (file, name)

"""A journal that tests write and read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.ws_gateway.http.reads.fixtures import Library


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[Library]:
    """A journal with a registry and nothing else."""
    async with Library(tmp_path) as library:
        yield library

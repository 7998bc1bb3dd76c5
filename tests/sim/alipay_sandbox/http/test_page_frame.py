"""The script of the pages: the bridge opens the cashier and believes no other page."""

import shutil
import subprocess
from pathlib import Path

import pytest

from sim.alipay_sandbox.http.page_frame import FOLDER

pytestmark = pytest.mark.integration


@pytest.mark.skipif(shutil.which("node") is None, reason="no node on this machine")
def test_the_bridge() -> None:
    """The bridge opens the cashier over the page, and believes nobody but it."""
    check, script = Path(__file__).parent / "bridge_check.js", FOLDER / "browser" / "bridge.js"
    run = subprocess.run(
        ["node", str(check), str(script)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (run.returncode, run.stderr, run.stdout) == (0, "", "")

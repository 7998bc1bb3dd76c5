"""Processes are found by what they run, and ended with all that they have started."""

from __future__ import annotations

import os
from pathlib import Path
from subprocess import PIPE

from dispatch.processes import child_processes as processes

PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.argv[1], "60"], start_new_session=True)
print(child.pid, flush=True)
child.wait()
"""


def test_a_tree_is_ended_whole(tmp_path: Path) -> None:
    """A child's child in a session of its own too; afterwards none of them runs."""
    sleeper = tmp_path / "sleeper"
    sleeper.symlink_to("/bin/sleep")
    parent = processes.start_python(["-c", PARENT, str(sleeper)], stdout=PIPE)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    while processes.find_by_name(os.getpid(), ["sleeper"]) != {"sleeper": child}:
        assert not processes.has_ended(child)

    processes.kill_tree(parent.pid)

    parent.wait()
    parent.stdout.close()
    assert processes.has_ended(parent.pid)
    assert processes.has_ended(child)
    assert processes.find_by_name(os.getpid(), ["sleeper"]) == {}

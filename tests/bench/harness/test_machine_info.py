"""The machine that figures were measured on."""

from __future__ import annotations

from bench.harness.machine_info import machine_info


def test_the_machine_is_named() -> None:
    """Processor, Python and the load before."""
    info = machine_info()
    assert {"cpu", "cpus", "python", "load_before"} <= info.keys()
    assert isinstance(info["cpus"], int)
    assert info["cpus"] >= 1

"""The smallest simulated worlds, shared by tests."""

from __future__ import annotations

from sim.simtest.context import SimulationPlan

LITTLE = SimulationPlan(rides=10, passengers=12, drivers=6, fault_phase_s=40.0, begins_within_s=250.0)

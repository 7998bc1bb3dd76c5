"""Random commands, failing commits, deaths, two owners and lost calls: what must hold all the same."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.dispatch.actors.core.host_core_disorder_samples import Disorder

TestDisorder = Disorder.TestCase
TestDisorder.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)

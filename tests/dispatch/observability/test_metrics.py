"""Metrics are defined once, merged by process and documented."""

from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families

from dispatch.observability.metrics import Metrics, merged


def test_two_sets_of_metrics_do_not_meet() -> None:
    """Each process, and each test, has its own registry."""
    first, second = Metrics(), Metrics()

    first.fixes.labels("accepted").inc(3)

    assert b'taxi_fixes_total{verdict="accepted"} 3.0' in first.expose()
    assert b'verdict="accepted"' not in second.expose()


def test_merged_metrics_are_labelled_by_process() -> None:
    """One page shows all processes, each family once, and Prometheus can read it."""
    gateway, host = Metrics(), Metrics()
    gateway.commands.labels("accept", "accepted").inc()
    host.commands.labels("accept", "accepted").inc(2)
    host.commit_seconds.observe(0.003)

    text = merged({"gateway-0": gateway.expose(), "vehicles-0": host.expose()}).decode()

    families = {family.name: family for family in text_string_to_metric_families(text)}
    samples = families["taxi_commands"].samples
    assert {sample.labels["process"]: sample.value for sample in samples} == {"gateway-0": 1, "vehicles-0": 2}
    assert families["taxi_commit_seconds"].type == "histogram"
    assert text.count("# HELP taxi_commands_total") == 1
    assert "_created" not in text


@pytest.mark.parametrize("said", [lambda info: info.help.endswith("."), lambda info: info.name.startswith("taxi_")])
def test_every_metric_is_explained(said: Callable[..., bool]) -> None:
    """Each has a sentence for a meaning, and our prefix."""
    assert all(said(info) for info in Metrics().infos)


def test_old_names_show_the_same_values() -> None:
    """A renamed metric is exported under both names for one release."""
    metrics = Metrics()
    metrics.cut_connections.inc(2)

    families = {family.name: family for family in text_string_to_metric_families(metrics.expose().decode())}

    def value(name: str) -> float:
        return next(sample.value for sample in families[name].samples if not sample.name.endswith("_created"))

    assert value("taxi_cut_dials") == value("taxi_cut_connections") == 2
    assert value("taxi_born_at") == value("process_start_time_seconds") > 1e9

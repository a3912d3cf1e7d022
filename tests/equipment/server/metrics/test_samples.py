"""What was read becomes the text format of Prometheus, whatever stands in a label."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from equipment.server.metrics.samples import Sample, Spread, families

NOW = datetime(2026, 5, 4, 3, 2, tzinfo=UTC)


def told(*samples: Sample, now: datetime = NOW) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Values by name and labels, written and read again."""
    registry = CollectorRegistry()

    class Once(Collector):
        def collect(self) -> object:  # type: ignore[override]
            return families(samples, now)

    registry.register(Once())
    text = generate_latest(registry).decode()
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text) for sample in family.samples}


def test_a_moment_ages_and_is_never_of_the_future() -> None:
    begun = Sample("backup_newest_age_seconds", NOW - timedelta(minutes=2), ("cloud",))
    key = ("equipment_backup_newest_age_seconds", (("place", "cloud"),))

    assert told(begun)[key] == 120
    assert told(begun, now=NOW + timedelta(minutes=1))[key] == 180
    assert told(begun, now=NOW - timedelta(days=1))[key] == 0


def test_lengths_are_told_up_to_each_bound() -> None:
    name = "equipment_operation_duration_seconds"
    values = told(Sample("operation_duration_seconds", Spread((0.5, 60.0), (2, 1, 4), 700.0), ("drill",)))

    assert values == {
        (f"{name}_bucket", (("le", "0.5"), ("operation", "drill"))): 2,
        (f"{name}_bucket", (("le", "60.0"), ("operation", "drill"))): 3,
        (f"{name}_bucket", (("le", "+Inf"), ("operation", "drill"))): 7,
        (f"{name}_count", (("operation", "drill"),)): 7, (f"{name}_sum", (("operation", "drill"),)): 700}


def test_labels_cannot_break_out_of_their_quotes() -> None:
    odd = 'a"} 1\nequipment_database_up 0\\'

    assert told(Sample("place_up", True, (odd,)), Sample("database_up", True)) == {
        ("equipment_place_up", (("place", odd),)): 1, ("equipment_database_up", ()): 1}


def test_counters_end_in_total_and_the_version_is_a_label() -> None:
    assert told(Sample("operations", 3, ("drill", "done")), Sample("info", 1, ("1.2",))) == {
        ("equipment_operations_total", (("operation", "drill"), ("outcome", "done"))): 3,
        ("equipment_info", (("version", "1.2"),)): 1}


@pytest.mark.parametrize("sample", [Sample("invented", 1), Sample("place_up", 1), Sample("database_up", 1, ("x",))])
def test_what_is_not_defined_is_not_told(sample: Sample) -> None:
    with pytest.raises((KeyError, ValueError)):
        told(sample)

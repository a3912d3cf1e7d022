"""Names, units and labels are as Prometheus expects them."""

from __future__ import annotations

import re

import pytest

from equipment.server.metrics.definitions import METRICS, Metric
from tests import doc_blocks

BOUNDED = {"version", "source", "disk", "place", "level", "operation", "outcome", "tab", "role"}
"""Labels whose values stand in the code, and ``place``, which is for an administrator to name."""
each = pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)


@each
def test_it_follows_the_conventions(metric: Metric) -> None:
    assert re.fullmatch(r"equipment_[a-z_]+", metric.full_name)
    assert metric.full_name.endswith("_total") == (metric.kind == "counter")
    assert not re.search(r"_(ms|minutes|hours|days|mb|percent|count|sum|bucket|created)$", metric.full_name)
    if metric.kind == "histogram" or re.search("_age|interval|duration", metric.name):
        assert metric.full_name.endswith("_seconds")
    assert len(metric.meaning) > 15 and metric.meaning.endswith(".")
    assert set(metric.labels) <= BOUNDED


def test_a_new_metric_changes_the_page() -> None:
    more = {**METRICS, "made_up": Metric("made_up", "Made up.", ("place",), "counter")}

    added = set(doc_blocks.metrics_table(more).splitlines()) - set(doc_blocks.metrics_table().splitlines())

    assert added == {"| `equipment_made_up_total` | `place` | Made up. |"}

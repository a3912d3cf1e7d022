"""What was read, and how it becomes the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric as Family,
)

from equipment.server.metrics.definitions import METRICS, PREFIX

__all__ = ["Sample", "Spread", "families"]


@dataclass(frozen=True)
class Spread:
    """How a number of lengths is spread: the value of a histogram."""

    bounds: Sequence[float]
    counts: Sequence[int]
    """Up to each bound and above the one before; one more at the end, for what is longer."""
    seconds: float
    """All lengths together."""


@dataclass(frozen=True)
class Sample:
    """One value of a metric. A moment is told as the seconds since then, so that it ages while nobody reads anew."""

    name: str
    value: float | datetime | Spread
    labels: tuple[str, ...] = ()
    """Values of the labels, in the order of the definition."""


def families(samples: Iterable[Sample], now: datetime) -> list[Family]:
    """Sort them by metric, in the order of the definitions. Raises ``KeyError`` for a metric that is none of ours,
    ``ValueError`` for other labels than it has."""
    sorted_out: dict[str, list[Sample]] = {name: [] for name in METRICS}
    for sample in samples:
        sorted_out[sample.name].append(sample)
        if len(sample.labels) != len(METRICS[sample.name].labels):
            raise ValueError(f"{sample.name} has the labels {METRICS[sample.name].labels}")
    return [_family(name, ours, now) for name, ours in sorted_out.items() if ours]


def _family(name: str, samples: Iterable[Sample], now: datetime) -> Family:
    metric = METRICS[name]
    about = (PREFIX + name, metric.meaning)
    if metric.kind == "info":
        [version] = [sample.labels for sample in samples]
        return InfoMetricFamily(PREFIX.rstrip("_"), metric.meaning, dict(zip(metric.labels, version, strict=True)))
    if metric.kind == "histogram":
        histogram = HistogramMetricFamily(*about, labels=metric.labels)
        for sample in samples:
            assert isinstance(sample.value, Spread)
            histogram.add_metric(sample.labels, **_buckets(sample.value))
        return histogram
    family = (CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily)(*about, labels=metric.labels)
    for sample in samples:
        family.add_metric(sample.labels, _number(sample.value, now))
    return family


def _buckets(spread: Spread) -> dict[str, Any]:
    upper = [*map(str, map(float, spread.bounds)), "+Inf"]
    return {"buckets": list(zip(upper, accumulate(spread.counts), strict=True)), "sum_value": spread.seconds}


def _number(value: float | datetime | Spread, now: datetime) -> float:
    assert not isinstance(value, Spread)
    return max(0.0, (now - value).total_seconds()) if isinstance(value, datetime) else float(value)

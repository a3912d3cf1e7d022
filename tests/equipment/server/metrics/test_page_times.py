"""How long pages take, by tab: few labels, whatever visitors do."""

from __future__ import annotations

import pytest

from equipment.server.metrics import page_times
from equipment.server.metrics.page_times import BOUNDS, MOST, OTHER, PageTimes
from equipment.server.metrics.samples import Spread


class Stopped(BaseException):
    """As Streamlit ends a script."""


def test_a_run_is_counted_under_the_tab_it_drew_however_it_ends() -> None:
    moments = iter([0.0, BOUNDS[0], 10.0, 10.0 + BOUNDS[-1] + 1, 50.0, 50.5])
    times = PageTimes(clock=lambda: next(moments))
    with times.measured() as run:
        run.tab = "Activity"
    with pytest.raises(Stopped), times.measured() as run:
        run.tab = "Activity"
        raise Stopped
    with times.measured():
        pass

    told = {sample.labels: sample.value for sample in times.samples()}
    assert told.keys() == {("Activity",), (OTHER,)}
    spread = told["Activity",]
    assert isinstance(spread, Spread)
    assert list(spread.counts) == [1, *[0] * (len(BOUNDS) - 1), 1]
    assert spread.seconds == BOUNDS[0] + BOUNDS[-1] + 1


def test_no_number_of_labels_makes_more_than_a_few() -> None:
    times = PageTimes()
    for number in range(200):
        with times.measured() as run:
            run.tab = f"made up {number}"

    told = {sample.labels[0]: sample.value for sample in times.samples()}
    assert len(told) <= MOST + 1
    other = told[OTHER]
    assert isinstance(other, Spread) and sum(other.counts) == 200 - MOST


def test_there_is_one_for_the_process() -> None:
    assert isinstance(page_times.times, PageTimes)

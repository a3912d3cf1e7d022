"""A typed place moves a row there, and only that row."""

from __future__ import annotations

import pandas as pd
import pytest

from equipment.ui.ordered_table import POSITION, new_order

GIVEN = pd.DataFrame({"Choice": list("abcde"), POSITION: range(1, 6)})


@pytest.mark.parametrize(("typed", "order"), [
    ({3: 1}, "dabce"), ({0: 5}, "bcdea"), ({1: 3}, "acbde"), ({4: 2}, "aebcd"), ({0: 2, 1: 1}, "bacde"),
])
def test_rows_stand_where_people_typed(typed: dict[int, int], order: str) -> None:
    edited = GIVEN.copy()
    for row, place in typed.items():
        edited.loc[row, POSITION] = place

    assert new_order(GIVEN, edited, "Choice") == list(order)


def test_nobody_moved_anything() -> None:
    assert new_order(GIVEN, GIVEN.copy(), "Choice") is None

"""The two pictures: drawn once they say more than the table, in 24 hours, and in words for who cannot see them."""

from __future__ import annotations

import json
from typing import Any

from streamlit.testing.v1 import AppTest

from equipment.backups import Backups
from tests.equipment.ui.backup.place import opened


def drawn(test: AppTest) -> list[dict[str, Any]]:
    return [json.loads(chart.proto.spec) for chart in test.get("vega_lite_chart")]  # type: ignore[attr-defined]


def test_they_are_drawn_from_the_third_set_on(place: Backups) -> None:
    for count in range(1, 4):
        place.engine.create(force=True)
        assert len(drawn(opened("create.charts"))) == (2 if count == 3 else 0)


def test_they_say_their_numbers_and_have_twenty_four_hours(place: Backups) -> None:
    for _ in range(3):
        place.engine.create(force=True)

    week, growth = drawn(opened("create.charts"))

    assert week["description"].endswith(f"{place.now():%a %d}: 3")
    assert growth["description"].startswith("Records from 3 on")
    assert "%H:%M" in json.dumps(growth) and "%p" not in json.dumps(growth)

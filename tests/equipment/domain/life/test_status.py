"""The states of things: words in any case, their colors, and words of one's own."""

from __future__ import annotations

import pytest

from equipment.domain.life.status import COLORS, RETIRED, STATUSES, color_of, known


@pytest.mark.parametrize(("words", "status"), [
    ("Retired", RETIRED), (" retired ", RETIRED), ("IN USE", "In use"), ("in repair", "In repair"), ("Borrowed", None),
    ("", None),
])
def test_a_status_is_known_in_any_case(words: str, status: str | None) -> None:
    assert known(words) == status


def test_each_has_a_color_of_its_own_and_other_words_are_gray() -> None:
    assert len({COLORS[name] for name in STATUSES}) == len(STATUSES) == 6
    assert color_of("lost") == "red" and color_of("Borrowed") == "gray"

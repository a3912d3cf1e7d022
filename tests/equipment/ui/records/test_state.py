"""Addresses that nobody's page wrote: what cannot be used counts as not given, and nothing is thrown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from equipment.ui.records import state
from tests.equipment.ui.records_page import page, shown

Db = Database[dict[str, Any]]
HUGE = "9" * 10**6
ODD = ["", "0", "-1", HUGE, "1e9", "\u0661", "a\0b", "\x00", "NaN", "1.5", "[1]", "\u202e1", "x" * 10**6, "💥", "%00",
       "../..", "CON"]


@pytest.fixture
def filled(database: Db) -> Db:
    database.Equipment.insert_many([{"ID": number, "Vendor": f"V{number}"} for number in range(120)])
    return database


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("name", ["page", "rows"])
def test_numbers_that_are_none_are_the_usual_ones(filled: Db, tmp_path: Path, name: str, value: str) -> None:
    test = page(filled, tmp_path, **{name: value})

    assert not test.exception
    now = test.session_state[state.KEY]
    assert (now.page, now.size) == (1, state.DEFAULT_SIZE)
    assert "could not be shown" not in shown(test)


@pytest.mark.parametrize(("name", "value", "expected"), [
    ("page", "2", (2, 50)), ("page", "99999999", (3, 50)), ("rows", "100", (1, 100)), ("rows", "99999", (1, 200)),
    ("rows", "7", (1, 7)), ("page", ["2", "3", "-1"], (2, 50)),
])
def test_numbers_are_kept_within_the_list(
    filled: Db, tmp_path: Path, name: str, value: str | list[str], expected: tuple[int, int]
) -> None:
    test = page(filled, tmp_path, **{name: value})

    assert not test.exception
    now = test.session_state[state.KEY]
    assert (now.page, now.size) == expected


@pytest.mark.parametrize("value", ODD)
@pytest.mark.parametrize("name", ["q", "only", "sort", "id", "section", "is.Vendor", "has.Vendor", "from.ID", "to.ID",
                                  "is.no such", "has.", "from.\0", "tab"])
def test_any_text_anywhere_is_no_fault(filled: Db, tmp_path: Path, name: str, value: str) -> None:
    test = page(filled, tmp_path, **{name: value})

    assert not test.exception
    assert "could not be shown" not in shown(test)


def test_more_parameters_than_anybody_means_are_left_out(filled: Db, tmp_path: Path) -> None:
    many: dict[str, Any] = {f"has.C{number}": "x" for number in range(2_000)}
    test = page(filled, tmp_path, **many, **{"is.Vendor": ["V1"] * 10**4, "has." + "c" * 10**5: "x"})

    assert not test.exception
    query = test.session_state[state.KEY].query
    assert len(query.contains) + len(query.choices) <= state.MOST_PARAMETERS
    assert len(query.choices.get("Vendor", ())) <= state.MOST_VALUES
    assert all(len(name) <= state.LONGEST_PARAMETER for name in query.contains)

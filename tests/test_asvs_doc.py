"""docs/asvs.md names code and tests that exist, and says yes only where there are some."""

from __future__ import annotations

import re

import pytest

from tests.doc_pages import ROOT

TEXT = (ROOT / "docs" / "asvs.md").read_text("utf-8")
ROWS = [[cell.strip() for cell in line.split("|")[1:-1]] for line in TEXT.splitlines() if re.match(r"\| \d", line)]
STATES = {"yes", "partly", "no", "none here", "whoever runs it"}
OBVIOUS = {"3.7.1", "6.4.2", "1.4.1"}
"""Met because there is nothing of the kind; no test could show it."""


def named(cell: str) -> list[str]:
    return re.findall("`([^`]+)`", cell)


def test_every_chapter_is_there_once_and_in_order() -> None:
    numbers = [tuple(map(int, number.split("."))) for number, *_ in ROWS]

    assert numbers == sorted(set(numbers)) and len(numbers) > 100
    assert {chapter for chapter, _, _ in numbers} == set(range(1, 9))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_what_a_row_names_exists(row: list[str]) -> None:
    number, level, asked, state, _, code, tests = row

    assert level in ("1", "2") and asked and state in STATES
    assert [file for file in named(code) if not (ROOT / file).is_file()] == []
    for test in named(tests):
        file, _, function = test.partition("::")
        assert re.search(rf"^(async )?def {function or 'test_'}", (ROOT / file).read_text("utf-8"), re.M), test
    assert (named(code) and named(tests)) or state != "yes" or number in OBVIOUS

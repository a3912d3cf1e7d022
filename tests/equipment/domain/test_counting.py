"""One of a thing is not said as many of it: on any screen, in any message."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import equipment
from equipment.domain.counting import number_of, size_of

PLURAL = re.compile(r"^ (?:[a-z]+ )?(records|rows|days|dates|values|changes|columns|backups|hours|minutes|cells|edits|"
                    r"users|requests|sets|accounts|entries|labels|months|years|fields|files|others)\b")
NEVER_ONE = {
    # limits that are larger than one, the second number of a pair, and what is asked for only where there are several
    "domain/life/loan.py": 1, "domain/values/dates.py": 1, "exchange/export.py": 2, "exchange/identities.py": 2,
    "exchange/importing.py": 1,
    "exchange/reading/apart.py": 1, "exchange/reading/endings.py": 1, "exchange/reading/header.py": 1,
    "exchange/reading/tables.py": 4, "store/list/undo.py": 1, "ui/backup/restore/difference.py": 1,
    "ui/backup/targets.py": 1, "ui/backup/words.py": 2, "ui/options.py": 1, "ui/deeds/screen.py": 1, "ui/reading.py": 1,
    "ui/records/events/calendar_address.py": 1, "ui/records/events/due_part.py": 2,
    "ui/record/backup_history.py": 1, "ui/records/calibration.py": 2, "ui/records/changing/bulk.py": 1,
    "ui/records/changing/trash.py": 2, "ui/records/columns.py": 1, "ui/records/empty.py": 1,
    "ui/records/imports/plan.py": 1, "ui/records/imports/reading.py": 1, "ui/records/imports/screen.py": 1,
    "ui/records/list/browse.py": 1, "ui/records/list/labels.py": 1, "ui/users.py": 5,
}
"""Texts of a file, each of them looked at. Everywhere else a number goes before its noun by ``number_of``."""
ROOMS = ("ui", "domain", "store", "exchange", "restores")


def in_many(code: str) -> list[str]:
    """Give the texts of a file that say a plural after whatever number."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.JoinedStr):
            pairs = zip(node.values, node.values[1:], strict=False)
            found += [ast.unparse(node) for number, after in pairs
                      if isinstance(number, ast.FormattedValue) and isinstance(after, ast.Constant)
                      and PLURAL.match(str(after.value))]
    return found


@pytest.mark.parametrize(("number", "said"), [(0, "0 records"), (1, "1 record"), (1204, "1,204 records")])
def test_a_number_and_its_noun(number: int, said: str) -> None:
    assert number_of(number, "record") == said


def test_a_plural_of_its_own() -> None:
    assert [number_of(n, "entry", "entries") for n in (1, 2)] == ["1 entry", "2 entries"]


def test_no_text_says_many_of_one() -> None:
    code = Path(equipment.__file__).parent
    found = {path.relative_to(code).as_posix(): in_many(path.read_text("utf-8"))
             for room in ROOMS for path in (code / room).rglob("*.py")}

    assert [texts for name, texts in found.items() if len(texts) > NEVER_ONE.get(name, 0)] == []
    assert {name for name, number in NEVER_ONE.items() if len(found[name]) < number} == set(), "fewer to except now"
    assert in_many("f'{n} records'") and not in_many("f'{n} record{s}'")


@pytest.mark.parametrize(("count", "said"), [
    (0, "0 B"), (999, "999 B"), (999.6, "1.0 KB"), (1_000, "1.0 KB"), (1_234, "1.2 KB"), (9_940, "9.9 KB"),
    (9_960, "10 KB"), (123_456, "123 KB"), (999_600, "1.0 MB"), (34_000_000, "34 MB"), (2_500_000_000, "2.5 GB"),
    (3e15, "3,000 TB"),
])
def test_sizes_as_people_say_them(count: float, said: str) -> None:
    assert size_of(count) == said

"""Columns that tell records apart, by the numbers on both sides."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from equipment.exchange import identities
from equipment.index.sheet import Sheet

Rows = Sequence[dict[str, str]]


def sheet(records: Rows) -> Sheet:
    columns = sorted({name for record in records for name in record})
    texts = {column: [record.get(column, "") for record in records] for column in columns}
    return Sheet.of([([str(number) for number in range(len(records))], texts)])


def rows(count: int = 10, **columns: str) -> list[dict[str, str]]:
    """``#`` in a text is the row's number, ``%`` whether it is odd."""
    return [{name: text.replace("#", str(number)).replace("%", str(number % 2)) for name, text in columns.items()}
            for number in range(count)]


def propose(file: Rows, records: Rows = ()) -> tuple[str, ...]:
    return identities.propose(file, list(file[0]), sheet(records))


@pytest.mark.parametrize(("file", "records", "wanted"), [
    (rows(ID="#", Serial="S#", uuid="u#"), [], ("uuid",)),
    (rows(ID="#", Serial="S#"), rows(ID="#", Serial="S#"), ("ID",)),
    (rows(ID="7", Serial="S#"), [], ("Serial",)),
    ([*rows(9, ID="", Serial="S#", uuid=""), {"ID": "", "Serial": "S9", "uuid": "x"}], [], ("Serial",)),
    (rows(Serial="S#", Tag="T#"), rows(Serial="", Tag="T#"), ("Tag",)),
    (rows(Serial="S#", Tag="T#"), rows(Serial="s", Tag="T#"), ("Tag",)),
    (rows(Vendor="A%", Model="#", Place="x"), rows(Vendor="A%", Model="#", Place="x"), ("Model",)),
    (rows(4, Vendor="A", Model="M", Place="x"), [], ()),
    (rows(ID=""), [], ()),
])
def test_what_is_proposed(file: Rows, records: Rows, wanted: tuple[str, ...]) -> None:
    assert propose(file, records) == wanted


def test_columns_together_when_none_does_alone() -> None:
    file = [{"Vendor": vendor, "Model": model, "Note": "x"} for vendor in "AB" for model in "12"]

    assert propose(file) == ("Vendor", "Model")
    three = [{**row, "Serial": serial} for row in file for serial in "st"]
    assert propose(three) == ("Vendor", "Model", "Serial")


def test_the_numbers_are_said() -> None:
    file = [{"Serial": "a"}, {"Serial": "A "}, {"Serial": "b"}, {"Serial": ""}]
    found = identities.measure(file, ["Serial"], sheet([{"Serial": "x"}, {"Serial": ""}]))

    assert found.said == "Filled in 3 of 4 rows and in 1 of 2 records; 2 rows say what others say."
    assert not found.sure

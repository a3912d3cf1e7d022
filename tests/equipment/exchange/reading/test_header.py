"""The row with the column names: found below titles, over several rows, or nowhere; no value under a wrong name."""

from __future__ import annotations

import pytest

from backup_engine.errors import BadInput
from equipment.exchange.reading import header
from equipment.exchange.reading.choices import GUESS, Choices
from equipment.exchange.reading.delimited import Row


def rows(text: str) -> list[Row]:
    return [(number, line.split(",")) for number, line in enumerate(text.splitlines(), 1) if line]


LIST = "ID,Vendor,Bought,Price\n1,Acme,2024-03-04,5.00\n2,Ohm,2024-03-05,6.00\n3,Volt,2024-03-06,7.00\n"
RECORDS = LIST.partition("\n")[2]


@pytest.mark.parametrize(("text", "names", "begin", "row", "high"), [
    (LIST, "ID,Vendor,Bought,Price", 1, 1, 1),
    ("The list\n\n" + LIST, "ID,Vendor,Bought,Price", 2, 3, 1),
    (RECORDS, ",,,", 0, 0, 1),
    ("Device,,Dates,\nID,Vendor,Bought,Price\n" + RECORDS, "ID,Vendor,Bought,Price", 2, 2, 1),
    ("ID,Vendor,Bought,Price\n,,in,in EUR\n" + RECORDS, "ID,Vendor,Bought in,Price in EUR", 2, 1, 2),
    ("Name,2023,2024,2025\nAcme,1,2,3\nOhm,4,5,6\n", "Name,2023,2024,2025", 1, 1, 1),
    ("Name,Place\nAcme,A\nOhm,B\n", "Name,Place", 1, 1, 1),
    ("ID,Vendor,Bought,Price\n1,Acme,unknown,unknown\n" + RECORDS, "ID,Vendor,Bought,Price", 1, 1, 1),
])
def test_the_names_are_found(text: str, names: str, begin: int, row: int, high: int) -> None:
    found = header.find(rows(text), GUESS)

    assert (",".join(found.names), found.begin, found.row, found.rows) == (names, begin, row, high)


def test_what_stands_above_is_told() -> None:
    [note] = header.find(rows("The list\nprinted,by,,\n" + LIST), GUESS).notes

    assert "2 rows were left out: “The list · printed · by”" in note


@pytest.mark.parametrize(("chosen", "names", "begin"), [
    (Choices(header=0), ",,,", 0), (Choices(header=2), "1,Acme,2024-03-04,5.00", 2),
    (Choices(header=1, header_rows=2), "ID 1,Vendor Acme,Bought 2024-03-04,Price 5.00", 2),
    (Choices(header_rows=2), "ID 1,Vendor Acme,Bought 2024-03-04,Price 5.00", 2),
])
def test_a_person_may_say_where_they_are(chosen: Choices, names: str, begin: int) -> None:
    found = header.find(rows(LIST), chosen)

    assert (",".join(found.names), found.begin) == (names, begin)


def test_a_row_that_is_not_there_is_refused() -> None:
    with pytest.raises(BadInput, match="Row 99 of the file is not there") as caught:
        header.find(rows(LIST), Choices(header=99))
    assert "0 when there is none" in caught.value.hint


@pytest.mark.parametrize(("names", "wanted", "said"), [
    ("ID,Vendor Bought,Price", "ID,Vendor,Bought,Price", "“Vendor Bought” was taken for two"),
    ("IDVendor,Bought,Price", ",,,", "which one is missing cannot be told"),
    ("Vendor,Bought,Price", ",Vendor,Bought,Price", "The first column has no name"),
    ("ID,,Vendor,Bought,Price", "ID,Vendor,Bought,Price", "one separator too many"),
])
def test_a_name_too_few_or_too_many_puts_no_value_under_a_wrong_one(names: str, wanted: str, said: str) -> None:
    body = RECORDS if "first" in said else RECORDS.replace("1,A", "7,A")
    found = header.find(rows(names + "\n" + body), GUESS)

    assert ",".join(found.names) == wanted
    assert said in " ".join(found.notes)

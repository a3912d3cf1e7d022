"""Rows that are no records: told with their numbers, and left out unless a person says otherwise."""

from __future__ import annotations

import io

import pytest

from equipment.exchange.reading import tables
from equipment.exchange.reading.choices import Choices

LIST = "ID,Vendor,Bought,Price\n1,Acme,2024-03-04,5.00\n2,Ohm,2024-03-05,6.00\n3,Volt,2024-03-06,7.00\n"


def read(text: str, chosen: Choices = Choices()) -> tables.Table:  # noqa: B008
    return tables.read(io.BytesIO(text.encode()), "list.csv", chosen)


ENDINGS = {
    "total": (LIST + "Total,,,18.00\n", "At the end line 5 is no record and left out: “Total · 18.00”."),
    "summe": (LIST + ",,Summe:,18.00\n", "At the end line 5 is no record and left out"),
    "line of the export": (LIST + "\nExported from the system by Ada\n",
                           "At the end line 6 is no record and left out: “Exported from the system by Ada”."),
    "both": (LIST + "Total,,,18.00\nEnd of the list\n", "At the end lines 5, 6 are no records and left out"),
    "names again": (LIST + LIST.splitlines()[0] + "\n4,Watt,2024-03-07,8.00\n",
                    "The column names stand once more in line 5, left out."),
    "smaller table": (LIST + "\nPlace,Rooms\nA,1\nB,2\n",
                      "From line 6 on another table begins: “Place · Rooms”. It was left out, 2 rows."),
    "table as wide": (LIST + "\nName,Phone,Mail,Since\nAda,555,a@example.org,2020\nBob,556,b@example.org,2021\n",
                      "From line 6 on another table begins: “Name · Phone · Mail · Since”."),
}


@pytest.mark.parametrize("kind", ENDINGS)
def test_what_is_no_record_is_left_out_and_told(kind: str) -> None:
    text, said = ENDINGS[kind]
    table = read(text)

    assert [row[1] for row in table.rows][:3] == ["Acme", "Ohm", "Volt"]
    assert len(table.rows) == (4 if kind == "names again" else 3)
    assert said in " ".join(table.notes)


@pytest.mark.parametrize("kind", ENDINGS)
def test_it_can_be_taken_in(kind: str) -> None:
    text = ENDINGS[kind][0]
    left_out = read(text).left_out
    table = read(text, Choices(leave_out=False))

    assert left_out and table.left_out == 0
    assert len(table.rows) == len(read(text).rows) + left_out


def test_the_other_table_can_be_read() -> None:
    table = read(ENDINGS["smaller table"][0], Choices(header=6))

    assert (table.headers, table.rows) == (("Place", "Rooms"), (("A", "1"), ("B", "2")))
    assert "4 rows were left out" in " ".join(table.notes)


@pytest.mark.parametrize("text", [
    LIST + "\n4,Watt,2024-03-07,8.00\n5,Coil,2024-03-08,9.00\n",
    LIST + "4,,,\n",
    "ID,Vendor,Model\nA1,,\nA2,,\nA3,x,y\nA4,,\n",
    LIST + "\nunknown,Watt,2024-03-07,8.00\n5,Coil,2024-03-08,9.00\n",
    "Name,Kind\nTotal station,Laser\nTotal station,Laser 2\n",
    "Name,Kind,Place\nSum block,a,b\nTotal station,c,d\n",
])
def test_records_are_no_endings(text: str) -> None:
    table = read(text)

    assert table.left_out == 0
    assert len(table.rows) == len([line for line in text.splitlines()[1:] if line])

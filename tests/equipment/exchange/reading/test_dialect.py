"""Separators, quotes and what stands before them, as people's programs write them."""

from __future__ import annotations

import pytest

from equipment.exchange.reading import delimited, dialect
from equipment.exchange.reading.choices import NO_QUOTES, Choices


def rows(text: str, chosen: Choices = Choices()) -> list[list[str]]:  # noqa: B008
    notes: list[str] = []
    return [list(cells) for _, cells in delimited.rows_of(text, dialect.guess(text, chosen, notes), notes)]


@pytest.mark.parametrize(("text", "wanted"), [
    ("List, of things, all\nNr;Ort;Preis\n1;A;1,50\n2;B;2,50\n", ["1", "A", "1,50"]),
    ('ID,Name\n1, "Screen, big"\n2, "Lamp, small"\n', ["1", "Screen, big"]),
    ("ID, Name, Place\n1, Lamp, A\n2, Screen, B\n", ["1", "Lamp", "A"]),
    ("'ID','Name'\n'1','Screen, big'\n'2','Lamp'\n", ["1", "Screen, big"]),
    ('ID,Name\n1,"a \\"b\\", c"\n2,"d"\n', ["1", 'a "b", c']),
    ('"ID" "Name" "Place"\n"1" "the lamp" "A"\n"2" "screen" "B"\n', ["1", "the lamp", "A"]),
    ("ID,Path\n1,\"C:\\data\\\"\n2,x\n", ["1", "C:\\data\\"]),
    ("ID,Name\n1,'19 inch'\n2,it's\n", ["1", "'19 inch'"]),
    ("Name\nOscilloscope with 2 channels\nPower supply, 30 V\n", ["Oscilloscope with 2 channels"]),
    ("Name\nMeter 12:30\nMeter 13:30\n", ["Meter 12:30"]),
    ("ID,Note\n1, two blanks\n2,none\n3,none\n", ["1", " two blanks"]),
])
def test_the_second_row_is_what_it_says(text: str, wanted: list[str]) -> None:
    found = rows(text)

    assert wanted in found[1:3]


@pytest.mark.parametrize(("chosen", "wanted"), [
    (Choices(separator=";"), ["1,2", '"a,b"']), (Choices(separator=","), ["1", '2;"a', 'b"']),
    (Choices(separator=";", quote=NO_QUOTES), ["1,2", '"a,b"']), (Choices(separator="|"), ['1,2;"a,b"']),
])
def test_what_a_person_says_goes_before_any_guess(chosen: Choices, wanted: list[str]) -> None:
    text = 'sep=,\nID,No;Name\n1,2;"a,b"\n'
    if chosen.separator == ";" and not chosen.quote:
        wanted = ["1,2", "a,b"]

    assert rows(text, chosen)[1] == wanted


def test_a_row_with_another_separator_is_read_as_the_others_and_told() -> None:
    notes: list[str] = []
    text = "ID,Name,Place\n1,a,b\n2;c;d\n3,e,f\n"

    found = [cells for _, cells in delimited.rows_of(text, dialect.guess(text, Choices(), notes), notes)]

    assert found[2] == ["2", "c", "d"]
    assert notes == ["Line 3: its cells are separated by “;”, unlike the others."]

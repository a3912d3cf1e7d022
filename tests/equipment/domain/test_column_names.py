"""Names of columns: the usual other ones, and what MongoDB cannot take."""

from __future__ import annotations

import pytest

from equipment.domain.column_names import permitted, suggest, trouble
from equipment.domain.record import USUAL_COLUMNS


@pytest.mark.parametrize(("header", "column"), [
    ("Serial Number", "Serial"), ("S/N", "Serial"), ("Serial No.", "Serial"), ("Seriennummer", "Serial"),
    ("Numéro de série", "Serial"), ("N° de série", "Serial"), ("Nº de serie", "Serial"), ("Manufacturer", "Vendor"),
    ("Hersteller", "Vendor"), ("Make", "Vendor"), ("Asset Tag", "ETAG"), ("Inventory No.", "ETAG"),
    ("Inventar-Nr.", "ETAG"), ("Cal Due", "Next Cal Date"), ("Nächste Kalibrierung", "Next Cal Date"),
    ("Room", "Location"), ("Standort", "Location"), ("Ubicación", "Location"), ("last cal. date", "Last Cal Date"),
    ("SERIAL", "Serial"), ("id", "ID"), ("Nr", "ID"), ("PREIS", "Purchase Value"),
])
def test_a_usual_other_name_goes_to_its_column(header: str, column: str) -> None:
    assert suggest([header], USUAL_COLUMNS) == {header: column}


@pytest.mark.parametrize(("header", "column"), [
    ("HB.name", "HB name"), ("Asset No.", "Asset No"), ("Cal. Date", "Cal Date"), ("$ref", "ref"), ("a\r\nb", "a b"),
    ("x" * 200, "x" * 100), ("...", "Column 1"), ("$", "Column 1"), ("Extra", "Extra"), ("#", "#"), ("%", "%"),
])
def test_any_other_becomes_a_permitted_name(header: str, column: str) -> None:
    assert suggest([header], USUAL_COLUMNS) == {header: column}
    assert permitted(header, 1) == column and trouble(column) == ""


def test_each_column_is_meant_once_and_its_own_name_comes_first() -> None:
    assert suggest(["S/N", "Serial", "Serial No.", "S.N."], USUAL_COLUMNS) == {
        "S/N": "S/N", "Serial": "Serial", "Serial No.": "Serial No", "S.N.": "S N"}
    assert suggest(["a.b", "a b", "#", "%"], []) == {"a.b": "a b", "a b": "a b (2)", "#": "#", "%": "%"}


def test_the_key_of_an_export_is_no_id() -> None:
    assert suggest(["_id", "ID"], USUAL_COLUMNS) == {"_id": "", "ID": "ID"}
    assert suggest([" _id "], USUAL_COLUMNS) == {" _id ": ""}


def test_a_column_of_the_list_is_meant_before_a_usual_one() -> None:
    assert suggest(["Room", "serial-number"], ["Room", "Serial Number"]) == {
        "Room": "Room", "serial-number": "Serial Number"}

"""Reading the original system's CSV: as pandas wrote it, as Windows saved it, as somebody damaged it."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import bson
import pandas as pd
import pytest
from bson import Int64, ObjectId

from backup_engine.errors import VerificationFailed
from backup_engine.records.live_profile import LiveProfile
from backup_engine.records.text import as_live, as_number
from backup_engine.repository import legacy
from backup_engine.repository.legacy import open_table

UNKNOWN = LiveProfile()


def rows(data: bytes) -> tuple[tuple[str, ...], list[list[str]]]:
    """Header and cells of a file."""
    table = open_table(lambda: io.BytesIO(data))
    return table.header, [cells for _, cells in table.rows]


def read(data: bytes, live: LiveProfile = UNKNOWN, decided: list[str] | None = None) -> list[dict[str, Any]]:
    """Documents of a file."""
    batches = legacy.documents(lambda: io.BytesIO(data), live, "20250807_101500/equipment", decided=decided)
    return [document for batch in batches for document in bson.decode_all(batch)]


MESS = ["6.8.2013", "3,000", "<2015", "0012345", "NO CAL NEEDED", "NA", "null", "nan", "1e5", "-5", '4" pipe', "a\nb",
        "Ünïcode ☃", " spaces ", "~tilde", "=1+1"]


def test_text_of_pandas_comes_back_as_typed() -> None:
    frame = pd.DataFrame({"Serial": MESS, "Comments": ["x"] * len(MESS)})

    _, table = rows(frame.to_csv(index=False, lineterminator="\n").encode())

    assert [cells[0] for cells in table] == MESS


def test_lone_cr_inside_a_cell_is_not_a_row_end() -> None:
    assert rows(b"a,b\nx\ry,1\n\rz,2\n") == (("a", "b"), [["x\ry", "1"], ["\rz", "2"]])


def test_crlf_rows_of_windows_keep_their_lone_cr() -> None:
    assert rows(b'a,b\r\n1,x\r\n"2\r\n3",y\r\n') == (("a", "b"), [["1", "x"], ["2\r\n3", "y"]])


@pytest.mark.parametrize(("data", "city"), [
    ("City\nZürich\n".encode(), "Zürich"),
    ("City\nZürich\n".encode("utf-8-sig"), "Zürich"),
    ("City\nZürich\n".encode("cp1252"), "Zürich"),
    (b"City\nZ\x81\xfcrich\n", "Z\x81ürich"),
], ids=["utf-8", "BOM", "cp1252", "byte cp1252 does not know"])
def test_encodings(data: bytes, city: str) -> None:
    assert rows(data) == (("City",), [[city]])


@pytest.mark.parametrize(("data", "words"), [
    (b"a,b\n1,2\n3\n", "row 2 has 1 cells where the header has 2"),
    (b"a,b\n1,2,3\n", "row 1 has 3 cells where the header has 2"),
    (b'a,b\n1,"2\n', "ends inside a quoted cell"),
])
def test_damage_names_the_row(data: bytes, words: str) -> None:
    with pytest.raises(VerificationFailed, match=words):
        rows(data)


def test_columns_without_or_with_the_same_name_all_survive() -> None:
    assert rows(b",a,a\n0,1,2\n") == (("Unnamed: 0", "a", "a (2)"), [["0", "1", "2"]])


@pytest.mark.parametrize(("text", "value"), [
    ("-9223372036854775808", -(2**63)), ("-9223372036854775809", "-9223372036854775809"),
    ("0", 0), ("5", 5), ("-5", -5), ("007", "007"), ("-0", "-0"), ("+5", "+5"), ("5.0", "5.0"), ("1e5", "1e5"),
    ("9223372036854775807", 2**63 - 1), ("9223372036854775808", "9223372036854775808"), ("", ""), ("٥", "٥"),
])
def test_canonical_integers_only(text: str, value: object) -> None:
    assert as_number(text) == value
    assert type(as_number(text)) is type(value)


@pytest.mark.parametrize(("text", "wanted", "value"), [
    ("5", str, "5"), ("5", float, 5.0), ("5.0", int, 5), ("5.5", int, None), ("5", Int64, Int64(5)),
    ("3,000", float, None), ("nan", float, None), ("inf", float, None), ("True", bool, True),
    ("yes", bool, None), ("['a', 1]", list, ["a", 1]),
    ("{'a': 1}", list, None), ("__import__('os')", list, None),
    ("2024-02-03 04:05:06", datetime, datetime(2024, 2, 3, 4, 5, 6)),
    ("2024-02-03T04:05:06+02:00", datetime, datetime(2024, 2, 3, 2, 5, 6)), ("6.8.2013", datetime, None),
    ("65f0c0ffee65f0c0ffee65f0", ObjectId, ObjectId("65f0c0ffee65f0c0ffee65f0")), ("65", ObjectId, None),
])
def test_live_type_is_taken_where_it_fits(text: str, wanted: type, value: object) -> None:
    assert as_live(text, wanted) == value
    assert type(as_live(text, wanted)) is type(value)


def test_types_empties_and_ids_follow_the_live_records() -> None:
    ids = [ObjectId() for _ in range(3)]
    live = LiveProfile.over([
        {"_id": ids[0], "ID": 1, "Year": 2015, "Price": 5.0, "Note": None},
        {"_id": ids[1], "ID": 2, "Year": "<2015", "Price": 1.5, "Note": None, "Extra": "x"},
        {"_id": ids[2], "ID": 3, "Year": "", "Price": float("nan"), "Note": "n"},
    ])
    decided: list[str] = []

    documents = read(b"ID,Year,Price,Note,Extra\n2,<2015,1.5,,x\n1.0,2015,5,,\n9,,x,n,\n", live, decided)

    assert documents[0] == {"_id": ids[1], "ID": 2, "Year": "<2015", "Price": 1.5, "Note": None, "Extra": "x"}
    assert documents[1] == {"_id": ids[0], "ID": 1, "Year": 2015, "Price": 5.0, "Note": None}
    assert {key: value for key, value in documents[2].items() if key != "_id"} == {
        "ID": 9, "Year": "", "Price": "x", "Note": "n"}
    assert documents[2]["_id"] not in ids
    assert "Records are recognised by ID." in decided
    assert "Price: does not fit the current type float and stays text (1)" in decided
    assert "_id: taken over from the current record (2)" in decided


def test_reading_twice_gives_the_same_new_ids() -> None:
    data = b"ID,Serial\n1,a\n2,b\n"

    assert read(data) == read(data)
    assert len({document["_id"] for document in read(data)}) == 2


def test_identity_must_be_unique_on_both_sides() -> None:
    live = LiveProfile.over([{"_id": 1, "ID": 1, "Serial": "a"}, {"_id": 2, "ID": 2, "Serial": "b"}])

    by_serial = read(b"ID,Serial\n1,b\n1,a\n", live)

    assert [document["_id"] for document in by_serial] == [2, 1]


def test_against_an_empty_collection_empties_are_text_and_never_nan() -> None:
    frame = pd.DataFrame({"ID": [1, 2], "Note": ["a", None], "Price": [1.0, None]})

    documents = read(frame.to_csv(index=False).encode())

    assert documents[1]["Note"] == "" and documents[1]["Price"] == ""
    assert documents[0]["Price"] == "1.0"


def test_more_rows_than_a_batch() -> None:
    data = b"ID\n" + b"".join(b"%d\n" % number for number in range(5_003))

    assert [document["ID"] for document in read(data)] == list(range(5_003))


@pytest.mark.parametrize("data", [b"", b"\n", b"a,b\n"])
def test_no_rows(data: bytes) -> None:
    assert read(data) == []

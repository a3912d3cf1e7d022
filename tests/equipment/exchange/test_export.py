"""Exports that open safely and come back the same."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime

import bson
import pytest
from bson import ObjectId, json_util
from hypothesis import given, strategies as st

from backup_engine.errors import BadInput
from backup_engine.records import raw
from equipment.exchange import export
from equipment.exchange.reading import tables
from equipment.exchange.spreadsheet import RISKY, guard, unguard

RECORDS = [{"ID": 1, "Comments": "=HYPERLINK(1)"}, {"ID": 2, "Comments": 'a,"b"\nc'}, {"ID": 3}]


@pytest.mark.parametrize("text", ["=1+1", "@x", "-cmd", "+x", "\tx", "\rx", "＝1+1", "＋x", "－cmd", "＠x"])
def test_a_formula_is_made_inert(text: str) -> None:
    assert guard(text)[0] == "'"


@pytest.mark.parametrize("text", ["-5", "+3,000", "-0.5", "-1e5", "007", "plain", "", "'quoted'"])
def test_harmless_text_stays(text: str) -> None:
    assert guard(text) == text


@given(st.text())
def test_guarding_loses_nothing(text: str) -> None:
    assert unguard(guard(text)) == text


@given(st.text(min_size=1))
def test_no_guarded_cell_runs(text: str) -> None:
    cell = guard(text)

    assert not cell.startswith(RISKY) or (cell == text and any(character.isdigit() for character in text))


def test_csv_comes_back_through_the_import() -> None:
    data = b"".join(export.to_csv(RECORDS, ["ID", "Comments"]))

    table = tables.read(io.BytesIO(data), "export.csv")

    assert [tuple(unguard(cell) for cell in row) for row in table.rows] == [
        ("1", "=HYPERLINK(1)"), ("2", 'a,"b"\nc'), ("3", "")
    ]


def test_csv_is_streamed_in_pieces() -> None:
    pieces = list(export.to_csv(({"ID": number} for number in range(2_500)), ["ID"]))

    assert len(pieces) == 3
    assert b"".join(pieces).count(b"\r\n") == 2_501


def test_xlsx_holds_no_formula() -> None:
    data = b"".join(export.to_xlsx(RECORDS, ["ID", "Comments"]))

    table = tables.read(io.BytesIO(data), "export.xlsx")

    assert table.rows == (("1", "=HYPERLINK(1)"), ("2", 'a,"b"\nc'), ("3", ""))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


@pytest.mark.parametrize("text", ["x" * 32_768, "\U0001f600" * 16_384], ids=["characters", "UTF-16 units"])
def test_what_a_cell_of_xlsx_cannot_hold_is_refused_and_not_cut(text: str) -> None:
    with pytest.raises(BadInput, match="Record 2 of these has 32,768 characters in Comments") as refused:
        next(export.to_xlsx([{"ID": 1}, {"ID": 2, "Comments": text}], ["ID", "Comments"]))

    assert "CSV or JSON" in refused.value.hint
    longest = text[:-1]
    kept = b"".join(export.to_xlsx([{"ID": 1, "Comments": longest}], ["ID", "Comments"]))
    assert tables.read(io.BytesIO(kept), "export.xlsx").rows == (("1", longest),)


def test_more_than_a_sheet_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "XLSX_ROWS", 3)
    assert b"".join(export.to_xlsx(RECORDS[:2], ["ID"]))

    with pytest.raises(BadInput, match="holds 2 records"):
        next(export.to_xlsx(RECORDS, ["ID"]))
    with pytest.raises(BadInput, match="16,384 columns"):
        next(export.to_xlsx([], [str(number) for number in range(16_385)]))


DOCUMENTS = [bson.encode({"_id": ObjectId(bytes(12)), "ID": bson.Int64(1), "When": datetime(2026, 1, 31), "x": None}),
             bson.encode({"_id": 2, "ID": 2.5, "Note": "\u00fc\u2028"})]


def test_json_is_canonical_extended_json_and_keeps_every_type() -> None:
    data = b"".join(export.to_json(DOCUMENTS))

    options = json_util.CANONICAL_JSON_OPTIONS.with_options(tz_aware=True)
    assert json_util.loads(data.decode(), json_options=options) == [
        bson.decode(document, raw.PYTHON) for document in DOCUMENTS]
    assert b'{"$numberLong": "1"}' in data and len(data.splitlines()) == 4
    assert json_util.loads(b"".join(export.to_json([])).decode()) == []


def test_json_of_some_columns_has_the_id_of_mongodb_besides() -> None:
    found = json_util.loads(b"".join(export.to_json(DOCUMENTS, ["ID", "Note"])).decode())

    assert [list(document) for document in found] == [["_id", "ID"], ["_id", "ID", "Note"]]


def test_json_is_streamed_in_pieces() -> None:
    pieces = list(export.to_json(DOCUMENTS[:1] * 2_500))

    assert len(pieces) == 3 and len(json_util.loads(b"".join(pieces).decode())) == 2_500

"""Cells of a backup in somebody's words, full and differential, and a search through these words."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import bson
import pytest
from pymongo.database import Database

from backup_engine.model import Layout
from backup_engine.repository import contents
from backup_engine.repository.worded import worded
from tests.backup_engine.repository.test_contents import differential
from tests.backup_engine.stored import folder, store


def words(value: Any) -> str:
    """Words that no file has."""
    return "" if value is None else f"<{type(value).__name__} {value}>"


def test_values_of_other_types_than_text_are_put_in_words(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)
    backup = store(ws, [
        {"_id": 1, "text": "x", "yes": True, "when": datetime(2024, 5, 1), "list": ["a", 1], "any": 310.0},
        {"_id": 2, "text": "", "yes": False, "when": None, "list": ["b"], "any": "~odd"},
        {"_id": 3, "text": "=1+1", "any": None},
    ])

    table, total = contents.preview(ws, backup, "equipment", 5, words=words)

    assert total == 3 and list(table.columns) == ["_id", "text", "yes", "when", "list", "any"]
    assert table["text"].tolist() == ["x", "<str >", "<str =1+1>"]
    assert table["yes"].tolist() == ["<bool True>", "<bool False>", ""]
    assert table["when"].tolist() == ["<datetime 2024-05-01 00:00:00>", "", ""]
    assert table["list"].tolist() == ["<list ['a', 1]>", "<list ['b']>", ""]
    assert table["any"].tolist() == ["<float 310.0>", "<str ~odd>", ""]
    assert contents.preview(ws, backup, "equipment", 5, 0, "bool true", words=words)[1] == 1
    assert contents.preview(ws, backup, "equipment", 5, 0, "null", words=words)[1] == 0


def test_a_record_that_only_its_bytes_hold_shows_its_fields(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)
    odd = bson.encode({"_id": 2, "a": {"$date": "no date"}, "b": 5})
    backup = store(ws, [{"_id": 1, "a": "x", "b": 4}, bson.decode(odd)])

    table, _ = contents.preview(ws, backup, "equipment", 5, words=words)

    assert table.loc[1].tolist()[:3] == ["<int 2>", "<dict {'$date': 'no date'}>", "<int 5>"]


def test_a_differential_in_words_is_the_whole_list(tmp_path: Path, database: Database[dict[str, Any]]) -> None:
    ws, backup = differential(tmp_path, database)

    table, total = contents.preview(ws, backup, "equipment", 100, words=words)

    by_id = table.set_index("_id")
    assert total == 20 and "<int 4>" not in by_id.index and "<str text id>" in by_id.index
    assert (by_id.loc["<int 3>", "Vendor"], by_id.loc["<int 3>", "New"]) == ("changed", "<int 1>")


@pytest.mark.parametrize("tail", ["{", '{"bson":"AAAA"}', "[]", "null", '{"more":[]}'])
def test_what_cannot_be_read_stays_as_it_is(tail: str) -> None:
    assert worded(Layout(()), words)([tail]) == [tail]

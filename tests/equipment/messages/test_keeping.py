"""Two places for what was told: the later state counts, and damage in one costs nothing in the other."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from equipment.messages.keeping import FILE, Keeping
from equipment.messages.state import State
from equipment.store.messages import TOLD

Db = Database[dict[str, Any]]


def test_the_later_one_counts(database: Db, tmp_path: Path) -> None:
    first = Keeping(tmp_path)
    assert first.save(database, State(turn=1, weekly={"a": "1"}), 0)
    assert first.save(None, State(turn=2, weekly={"a": "2"}), 1)

    assert Keeping(tmp_path).load(database).weekly == {"a": "2"}
    assert Keeping(tmp_path / "elsewhere").load(database).weekly == {"a": "1"}
    assert first.save(database, State(turn=3, weekly={"a": "3"}), 2)
    assert Keeping(tmp_path / "elsewhere").load(database).weekly == {"a": "3"}


def test_whoever_is_slower_keeps_nothing(database: Db, tmp_path: Path) -> None:
    one, other = Keeping(tmp_path / "one"), Keeping(tmp_path / "other")
    assert one.save(database, State(turn=1, weekly={"a": "1"}), 0)
    assert not other.save(database, State(turn=1, weekly={"a": "other"}), 0)
    assert other.load(database).weekly == {"a": "1"}
    assert not (tmp_path / "other" / FILE).exists()


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"turn": 9}', "[" * 100_000, "\ud800"])
def test_damage_counts_as_missing(database: Db, tmp_path: Path, damage: str) -> None:
    assert Keeping(tmp_path).save(database, State(turn=1, weekly={"a": "1"}), 0)
    (tmp_path / FILE).write_text(damage, "utf-8", errors="surrogatepass")
    assert Keeping(tmp_path).load(database).turn == 1
    assert Keeping(tmp_path).load(None) == State()


def test_a_damaged_document_counts_as_missing_and_is_replaced(database: Db, tmp_path: Path) -> None:
    database[TOLD].insert_one({"_id": "state", "turn": "x"})  # type: ignore[dict-item] # as the application's ids
    keeping = Keeping(tmp_path)
    assert keeping.load(database) == State()
    assert keeping.save(database, State(turn=1), 0)
    assert Keeping(tmp_path / "elsewhere").load(database).turn == 1


def test_the_file_is_its_owners_and_a_link_is_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("mine")
    (tmp_path / FILE).symlink_to(other)
    assert Keeping(tmp_path).save(None, State(turn=1), 0)
    assert other.read_text() == "mine"
    assert stat.S_IMODE((tmp_path / FILE).lstat().st_mode) == 0o600
    assert json.loads((tmp_path / FILE).read_text())["turn"] == 1


def test_a_folder_that_cannot_be_written_costs_only_the_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    keeping = Keeping(tmp_path / "file" / "below")
    assert keeping.save(None, State(turn=1), 0)
    assert keeping.load(None).turn == 1

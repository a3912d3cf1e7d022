"""Looking again only where something changed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from backup_engine.model import OWNER_SOURCES
from backup_engine.repository import listing
from backup_engine.repository.catalog import Catalog
from backup_engine.storage import LocalStorage
from backup_engine.storage.base import Entry
from tests.backup_engine.repository.test_catalog import make


class Counting(LocalStorage):
    """A storage that notes whose files were asked for their sizes, and whose names."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.looked: list[str] = []
        self.asked: list[str] = []

    def names(self, folder: str) -> set[str]:
        self.asked.append(folder)
        return super().names(folder)

    def entries(self, folder: str) -> list[Entry]:
        self.looked.append(folder)
        return super().entries(folder)


@pytest.fixture
def storage(tmp_path: Path) -> Counting:
    return Counting(tmp_path)


@pytest.fixture
def catalog(storage: Counting) -> Catalog:
    return Catalog(storage, OWNER_SOURCES)


def come_to_rest(root: Path) -> None:
    """Make the folders older than a clock tick, as those of yesterday are."""
    for folder in root.iterdir():
        os.utime(folder, (time.time() - 60,) * 2)


def test_folders_in_which_no_name_came_or_went_are_not_looked_at_again(
    catalog: Catalog, storage: Counting, tmp_path: Path
) -> None:
    made = [make(catalog, 1), make(catalog, 30)]
    come_to_rest(tmp_path)
    assert catalog.sets(fresh=False) == made
    storage.looked.clear()

    assert catalog.sets(fresh=False) == made
    assert storage.looked == []
    third = make(catalog, 2)
    assert catalog.sets(fresh=False) == [made[0], third, made[1]]
    assert storage.looked == [], "and of a folder that changed, only what is new"


def test_what_is_amended_under_its_name_is_seen_at_once(catalog: Catalog, storage: Counting, tmp_path: Path) -> None:
    made = make(catalog, 1)
    come_to_rest(tmp_path)
    catalog.sets()

    Catalog(storage, OWNER_SOURCES).amend(made, pinned=True)

    assert [backup.pinned for backup in catalog.sets(fresh=False)] == [True]
    catalog.remove(catalog.sets()[0])
    assert catalog.sets(fresh=False) == []


def test_a_cut_file_is_noticed_by_a_fresh_look_by_who_asks_for_that_set_and_after_a_minute(
    catalog: Catalog, storage: Counting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (made,) = [make(catalog, 1)]
    come_to_rest(tmp_path)
    catalog.sets()
    (tmp_path / made.day / str(made.parts["equipment"].file)).write_bytes(b"_id")

    assert [backup.state for backup in catalog.sets(fresh=False)] == ["complete"], "not looked at"
    assert not catalog.is_whole(made)
    assert [backup.state for backup in catalog.sets()] == ["damaged"]
    (tmp_path / made.day / str(made.parts["equipment"].file)).write_bytes(b"_id\r\n1\r\n")
    monkeypatch.setattr(listing, "TRUSTED_SECONDS", -1.0)
    assert [backup.state for backup in catalog.sets(fresh=False)] == ["complete"]
    assert catalog.is_whole(made)


def test_a_set_that_was_taken_away_is_not_whole(catalog: Catalog, tmp_path: Path) -> None:
    made = make(catalog, 1)
    (tmp_path / made.day / made.metadata_file).unlink()

    assert not catalog.is_whole(made)


def test_the_names_in_state_are_read_only_beside_files_without_metadata(
    catalog: Catalog, storage: Counting, tmp_path: Path
) -> None:
    make(catalog, 1)
    storage.asked.clear()
    catalog.sets(fresh=False)
    assert ".state" not in storage.asked

    storage.put("monday", "equipment_backup_20250602_120000.csv", b"_id\r\n")

    assert [backup.state for backup in catalog.sets(fresh=False)] == ["orphan", "complete"]
    assert ".state" in storage.asked


def test_a_file_that_a_run_is_writing_is_no_orphan_whatever_was_seen_before(
    catalog: Catalog, storage: Counting, tmp_path: Path
) -> None:
    storage.put("monday", "equipment_backup_20250602_120000.csv", b"_id\r\n")
    storage.put(".state", "intent_20250602_120000.json", b"{}")
    come_to_rest(tmp_path)
    assert catalog.sets(fresh=False) == []

    storage.delete(".state", "intent_20250602_120000.json")

    assert [backup.state for backup in catalog.sets(fresh=False)] == ["orphan"]

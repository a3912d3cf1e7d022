"""Recovery removes what an intent of ours names, and nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from backup_engine.repository import intents
from backup_engine.repository.intents import Intent
from backup_engine.storage import LocalStorage

LABEL = "20250604_120000"
FILES = (f"backup_metadata_{LABEL}.json", f"equipment_backup_{LABEL}.csv", f"select_options_backup_{LABEL}.csv")


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path)


def names(storage: LocalStorage, folder: str = "wednesday") -> list[str]:
    return [entry.name for entry in storage.entries(folder)]


def test_what_a_dead_writer_left_is_removed_and_its_neighbours_stay(storage: LocalStorage) -> None:
    others = ["equipment_backup_20250604_120001.csv", "notes.txt", ".tmp-20250604_110000-abcd"]
    for name in (FILES[1], f".tmp-{LABEL}-abcd", *others):
        storage.put("wednesday", name, b"x")
    intents.claim(storage, Intent(LABEL, "wednesday", FILES))

    assert intents.recover(storage) == [f"removed 2 unfinished files of backup {LABEL}"]
    assert names(storage) == sorted(others)
    assert names(storage, ".state") == []
    assert intents.recover(storage) == []


def test_a_set_that_was_committed_is_completed_not_removed(storage: LocalStorage) -> None:
    for name in (*FILES, f".tmp-{LABEL}-abcd"):
        storage.put("wednesday", name, b"{}")
    intents.claim(storage, Intent(LABEL, "wednesday", FILES))

    intents.recover(storage)

    assert names(storage) == sorted(FILES)
    assert names(storage, ".state") == [FILES[0]]


def test_a_placeholder_of_the_metadata_is_no_commit(storage: LocalStorage) -> None:
    storage.put("wednesday", FILES[0], b"")
    storage.put("wednesday", FILES[1], b"x")
    intents.claim(storage, Intent(LABEL, "wednesday", FILES))

    intents.recover(storage)

    assert names(storage) == []


def test_a_label_is_claimed_once(storage: LocalStorage) -> None:
    intents.claim(storage, Intent(LABEL, "wednesday", FILES))

    with pytest.raises(FileExistsError):
        intents.claim(storage, Intent(LABEL, "wednesday", ()))


@pytest.mark.parametrize(
    "forged",
    ["", "[]", "{}", '{"label":5}', "\xff", "[" * 9999,
     json.dumps({"label": LABEL, "day": "wednesday", "files": FILES, "doing": "w"}),
     json.dumps({"label": LABEL, "day": "..", "files": [], "doing": "write"}),
     json.dumps({"label": LABEL, "day": "wednesday", "files": ["notes.txt"], "doing": "write"}),
     json.dumps({"label": LABEL, "day": "wednesday", "files": ["../x"], "doing": "remove"}),
     json.dumps({"label": LABEL, "day": "wednesday", "files": [5], "doing": "write"}),
     json.dumps({"label": "20250604_130000", "day": "wednesday", "files": [], "doing": "write"}),
     json.dumps({"label": LABEL, "day": "wednesday", "files": ["equipment_backup_20250604_130000.csv"], "doing": "w"})],
)
def test_an_intent_that_is_not_ours_removes_nothing(storage: LocalStorage, forged: str) -> None:
    kept = ["equipment_backup_20250604_130000.csv", "notes.txt", *FILES]
    for name in kept:
        storage.put("wednesday", name, b"x")
    storage.put(".state", f"intent_{LABEL}.json", forged.encode("latin-1"))

    assert intents.recover(storage) == [f"dropped an unreadable note about backup {LABEL}"]
    assert names(storage) == sorted(kept)


def test_small_temporaries_are_swept_when_they_are_old(storage: LocalStorage, tmp_path: Path) -> None:
    for name, age in ((".tmp-put-old", 700), (".tmp-put-young", 10), ("note", 0)):
        storage.put(".state", name, b"")
        os.utime(tmp_path / ".state" / name, (1_000_000 - age, 1_000_000 - age))

    intents.recover(storage)

    assert names(storage, ".state") == [".tmp-put-young", "note"]

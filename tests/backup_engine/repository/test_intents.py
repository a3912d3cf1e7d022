"""Recovery removes what an intent of ours names, and nothing else."""

from __future__ import annotations

import json
import os
import time
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


HOUR = 3600


@pytest.mark.parametrize(("name", "age", "stays"), [
    (".tmp-put-abcd", 2 * HOUR, False),
    (".tmp-put-abcd", 10, True),  # a verification may be writing it
    (".tmp-probe-abcd", 2 * HOUR, False),
    (".tmp-20250101_000000-abcd", 2 * HOUR, False),  # no intent names its label any more
    (f".tmp-{LABEL}-abcd", 2 * HOUR, True),
    (".tmp-put-abcd", -2 * HOUR, False),  # of a time when the clock was ahead
    ("notes.txt", 2 * HOUR, True),
])
@pytest.mark.parametrize("folder", ["", ".state", "wednesday"])
def test_temporaries_that_nobody_can_be_writing_are_swept(
    storage: LocalStorage, tmp_path: Path, folder: str, name: str, age: float, stays: bool
) -> None:
    storage.put(folder, name, b"")
    intents.claim(storage, Intent(LABEL, "monday", FILES, scope="another database"))
    now = time.time()
    os.utime(tmp_path / folder / name, (now - age, now - age))

    said = intents.recover(storage, alone=False, scope="ours")

    assert (name in names(storage, folder)) is stays
    assert said == ([] if stays else ["removed 1 forgotten temporary files"])
    assert [entry for entry in names(storage, "") if "probe" in entry] == []


@pytest.mark.parametrize(("alone", "scope", "age", "settled"), [
    (True, "", 0, True),
    (False, "ours", 0, True),
    (False, "another", 0, False),
    (False, "", 0, False),  # no lease is held here: it says nothing of whose that one is
    (False, "another", 2 * HOUR, True),
])
def test_without_a_file_lock_only_what_is_certainly_a_dead_run_s_is_undone(
    storage: LocalStorage, tmp_path: Path, alone: bool, scope: str, age: float, settled: bool
) -> None:
    storage.put("wednesday", FILES[1], b"x")
    intents.claim(storage, Intent(LABEL, "wednesday", FILES, scope="ours"))
    for path in tmp_path.rglob(f"*{LABEL}*"):
        os.utime(path, (time.time() - age, time.time() - age))

    intents.recover(storage, alone=alone, scope=scope)

    assert names(storage) == ([] if settled else [FILES[1]])
    assert (names(storage, ".state") == []) is settled


def test_folders_found_clean_are_looked_into_again_only_after_a_name_came(
    storage: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean: dict[str, object] = {}
    asked: list[str] = []
    names_of = storage.names
    monkeypatch.setattr(storage, "names", lambda folder: (asked.append(folder), names_of(folder))[1])
    storage.put("wednesday", FILES[1], b"x")
    for folder in (tmp_path, tmp_path / "wednesday"):
        os.utime(folder, (time.time() - 60,) * 2)
    intents.recover(storage, clean=clean)
    asked.clear()

    intents.recover(storage, clean=clean)
    assert asked == [".state"], "where the intents are"

    storage.put("wednesday", ".tmp-20250604_110000-abcd", b"x")
    os.utime(tmp_path / "wednesday" / ".tmp-20250604_110000-abcd", (time.time() - 7200,) * 2)
    assert intents.recover(storage, clean=clean) == ["removed 1 forgotten temporary files"]

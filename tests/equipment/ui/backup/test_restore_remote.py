"""Restore Data with a backup that lies in a remote: seen, checked and restored from there as from the folder."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from backup_engine import api
from backup_engine.csv_format import age
from backup_engine.errors import RemoteRefused
from backup_engine.model import BackupSet
from backup_engine.push import push
from backup_engine.remotes.folder import FolderStore
from equipment import backups, sealing, settings
from equipment.backups import NOBODY, WRITING, Backups
from equipment.settings import Settings
from equipment.ui.plain import plain
from tests.equipment.ui.backup.test_tab import run
from tests.mongod import Mongod
from tests.server.running_app import wait_for

Db = Database[dict[str, Any]]


def screen() -> None:
    """Draw the sub-tab alone, for an administrator."""
    from equipment.backups import Caller, _built
    from equipment.ui.backup import keys
    from equipment.ui.backup.restore import screen

    screen.show(next(iter(_built.values())), Caller("ada", lambda action: None, keys=keys.held()))


@pytest.fixture
def here(shared_mongod: Mongod, database: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backups]:
    """An installation with a list and a remote ``disk``, a folder elsewhere."""
    monkeypatch.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)
    database["Equipment"].insert_many([{"_id": number, "ID": number, "Vendor": f"V{number}"} for number in range(300)])
    (tmp_path / "disk").mkdir()
    chosen = Settings(mongodb_uri=shared_mongod.uri, mongodb_database=database.name, backup_folder=tmp_path / "sets",
                      data_folder=tmp_path / "data", backup_remote=f"disk=file://{tmp_path}/disk")
    with settings.use(chosen):
        yield backups.of(chosen, lambda: database)
        backups.stop()
    assert list(tmp_path.rglob("equipment-remote-*")) == [], "what was fetched is gone when the server stops"


def sent(here: Backups, tmp_path: Path, *, only_there: bool = True) -> BackupSet:
    """A backup that lies in the remote, and in the folder no more."""
    made = here.engine.create(force=True).set
    assert made is not None and push(here.engine.workspace, "disk", now=True).waiting == 0
    for path in (tmp_path / "sets").glob("*day") if only_there else ():
        shutil.rmtree(path)
    return made


def looked() -> AppTest:
    """Choose the remote, and wait for what lies there."""
    test = run(screen)
    test.button_group(key="restore_place").set_value("disk")
    return until(test, "1 backup in disk")


def until(test: AppTest, words: str) -> AppTest:
    """Look again until nothing runs and the page says so."""
    wait_for(lambda: words in texts(test.run()) and not cancels(test), words)
    assert not test.exception
    return test


def cancels(test: AppTest) -> list[str]:
    return [str(button.key) for button in test.button if str(button.key).startswith("cancel_")]


def texts(test: AppTest) -> str:
    kinds = (test.text, test.error, test.caption, test.markdown, test.info, test.success, test.warning)
    return " ".join(str(each.value) for kind in kinds for each in kind).replace("\\", "")


def press(test: AppTest, key: str) -> AppTest:
    (button,) = [button for button in test.button if str(button.key).startswith(key)]
    return button.click().run()


def compared(test: AppTest) -> AppTest:
    press(test, "remote_fetch")
    return until(test, "Replace: the list becomes")


def opened(test: AppTest) -> AppTest:
    test.session_state["remote_preview"] = True
    return until(test, "page 1 of")


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What is read of files in the remote: key and bytes."""
    read, seen = FolderStore.read, list[tuple[str, int]]()

    def counted(self: FolderStore, key: str, start: int = 0, length: int | None = None) -> bytes:
        data = read(self, key, start, length)
        seen.extend([(key, len(data))] if key.startswith("data/") else [])
        return data

    monkeypatch.setattr(FolderStore, "read", counted)
    return seen


def test_a_plain_backup_is_previewed_by_range(
    here: Backups, database: Db, tmp_path: Path, fetched: list[tuple[str, int]]
) -> None:
    database["Equipment"].insert_many({"_id": 1000 + number, "Comments": "x" * 10_000} for number in range(600))
    made = sent(here, tmp_path)
    fetched.clear()
    test = looked()
    assert fetched == [] and made.label in str(test.dataframe[0].value), "looking reads none of the files"

    opened(test)

    assert len(test.dataframe[1].value) == 100 and "900 records" in texts(test)
    assert 0 < sum(size for _, size in fetched) <= 2_200_000 < 5_000_000 < made.parts["equipment"].stored_bytes
    assert "not compared with their checksums" in texts(test)


def test_replace_from_there_and_undo(
    here: Backups, database: Db, tmp_path: Path, fetched: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    sealing.change(here, NOBODY, "gzip", "")
    sent(here, tmp_path)
    wanted = list(database["Equipment"].find())
    database["Equipment"].delete_many({"_id": {"$lt": 7}})
    before = list(database["Equipment"].find())
    fetched.clear()
    test = looked()
    (confirm,) = [button for button in test.button if button.label == "Confirm and Restore"]
    assert confirm.disabled and "Compare with the current list first." in texts(test)

    compared(test)
    assert "7 added, 0 removed, 0 changed" in texts(test) and "300 records" in texts(test)
    (tick,) = [box for box in test.checkbox if box.label.startswith("Replace Equipment")]
    assert tick.label.endswith("from remote disk")
    tick.check()
    test.text_input(key=tick.key.replace("tick_", "count_")).input("300").run()
    plan, go = api.plan_replace, threading.Event()
    monkeypatch.setattr(api, "plan_replace", lambda *given, **more: (go.wait(60), plan(*given, **more))[1])
    press(test, "confirm_")
    assert "compared again afterwards" in texts(test) and "7 added" not in texts(test.run())
    go.set()
    until(test, "Restore completed successfully")

    assert list(database["Equipment"].find()) == wanted
    assert len([key for key, _ in fetched if "/equipment_" in key]) == 1, "seen, compared, restored: fetched once"
    assert "from remote disk" in texts(until(test, "0 added, 0 removed, 0 changed"))
    (undo,) = [button for button in test.button if button.label == "Undo this restore"]
    undo.click().run()
    until(test, "Undo: the list becomes what it was before it: 0 added, 7 removed, 0 changed")
    press(test, "take_back_now")
    until(test, "Undo of the restore of backup")
    assert list(database["Equipment"].find()) == before


def test_an_encrypted_backup_asks_for_the_identity(here: Backups, tmp_path: Path) -> None:
    identity, other = age.new_identity(), age.new_identity()
    sealing.change(here, NOBODY, "none", age.public_half(identity))
    sent(here, tmp_path)
    test = looked()
    assert "Needs the key." in texts(test) and not [each for each in test.button if each.key == "remote_fetch"]
    press(test, "remote_verify")
    until(test, "stored bytes")
    assert "Needs the key to look inside" in texts(test)

    for given, shown in ((other, "the key given for this visit opens other backups"), (identity, "page 1 of")):
        test.text_input[0].input(given)
        (use,) = [button for button in test.button if button.label == "Use this key"]
        use.click().run()
        if [each for each in test.button if each.key == "remote_fetch"]:
            press(test, "remote_fetch")
        until(test, shown)

    assert "300 records" in texts(test)


def test_a_remote_that_is_away_leaves_the_folder_usable(here: Backups, tmp_path: Path) -> None:
    sent(here, tmp_path, only_there=False)
    (tmp_path / "disk").rename(tmp_path / "away")
    test = run(screen)
    test.button_group(key="restore_place").set_value("disk")

    until(test, "Remote storage failed:")
    assert len(test.error) == 1 and [each.label for each in test.button][:1] == ["Try again"]
    (tmp_path / "away").rename(tmp_path / "disk")
    press(test, "again_")
    until(test, "1 backup in disk")
    (tmp_path / "disk").rename(tmp_path / "away")
    test.button_group(key="restore_place").set_value("This folder")
    until(test, "Replace: the list becomes exactly this backup: 0 added")


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_a_damaged_backup_is_one_clear_line(here: Backups, database: Db, tmp_path: Path, harm: str) -> None:
    sent(here, tmp_path)
    test = looked()
    path = next((tmp_path / "disk" / "data").rglob("equipment_*"))
    path.write_bytes(path.read_bytes().replace(b"V1", b"W1")) if harm == "changed" else path.unlink()

    press(test, "remote_fetch")
    until(test, "the file was changed: data/" if harm == "changed" else "Backup file not found")

    words = [error.value for error in test.error]
    assert len(set(words)) == 1 and "\n" not in words[0] and "Compare again" in [each.label for each in test.button]
    assert [each.disabled for each in test.button if each.label == "Confirm and Restore"] == [True]
    press(test, "remote_verify")
    wait_for(lambda: len(test.run().error) > len(words) and not cancels(test), "what the verification found")
    assert here.fetched._kept == {} and database["Equipment"].count_documents({}) == 300


@pytest.mark.parametrize("call", ["list", "read"])
def test_a_remote_that_hangs_blocks_nothing_and_can_be_left(
    here: Backups, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    sent(here, tmp_path, only_there=False)
    test = run(screen) if call == "list" else looked()
    go, answer = threading.Event(), getattr(FolderStore, call)
    monkeypatch.setattr(FolderStore, call, lambda self, *given: (go.wait(60), answer(self, *given))[1])
    if call == "list":
        test.button_group(key="restore_place").set_value("disk").run()
    else:
        press(test, "remote_fetch")
    (cancel,) = cancels(test)
    test.button_group(key="restore_place").set_value("This folder").run()
    test.radio(key="restore_type").set_value("Both")  # not compared yet
    until(test, "Replace: the list becomes exactly this backup: 0 added")

    test.radio(key="restore_type").set_value("Equipment").run()
    test.button_group(key="restore_place").set_value("disk").run()
    press(test, cancel)
    go.set()
    until(test, "Cancelled")
    press(test, "again_")
    until(test, "1 backup in disk")


def test_words_of_others_are_shown_as_they_are(
    here: Backups, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(here, tmp_path)
    forged = "**now** ![x](https://elsewhere.example/x.png)"

    def refuse(self: FolderStore, folder: str) -> Any:
        raise RemoteRefused(f"disk: {forged}")

    monkeypatch.setattr(FolderStore, "list", refuse)
    test = run(screen)
    test.button_group(key="restore_place").set_value("disk")
    until(test, "Remote storage refused")

    assert plain(forged) in test.error[0].value and forged not in test.error[0].value


def test_verify_and_drill(here: Backups, database: Db, tmp_path: Path) -> None:
    sent(here, tmp_path)
    test = press(looked(), "remote_verify")
    until(test, "verified at level 2 (every row)")
    assert [each.value for each in test.success]

    press(test, "remote_drill")
    until(test, "is restorable: 300 in equipment")
    job = here.jobs.latest(WRITING)
    assert job is not None and job.title == "Restore drill from remote disk"

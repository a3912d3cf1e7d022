"""A remote as a folder: what of a broken one is listed."""

from __future__ import annotations

from pathlib import Path

import pytest

from backup_engine.errors import BackupFileNotFound, PermissionDenied
from backup_engine.model import OWNER_SOURCES, BackupSet
from backup_engine.remotes import entries
from backup_engine.remotes.address import parse
from backup_engine.remotes.folder import FolderStore
from backup_engine.remotes.target import Sending, Target
from backup_engine.remotes.view import RemoteView
from backup_engine.repository.catalog import Catalog
from tests.backup_engine.stored import file_of, folder, store as make


@pytest.fixture
def target(tmp_path: Path) -> Target:
    (tmp_path / "there").mkdir()
    return Target(FolderStore(parse(f"file://{tmp_path}/there")), OWNER_SOURCES)


def test_files_are_read_where_they_are_asked_for(tmp_path: Path, target: Target) -> None:
    ws, _ = folder(tmp_path / "here")
    backup = make(ws)
    target.send(ws, backup, Sending())
    whole = file_of(ws, backup).read_bytes()
    view = RemoteView(target, target.entries)

    with view.open(backup.day, str(backup.parts["equipment"].file)) as file:
        assert file.read(10) == whole[:10]
        file.seek(-7, 2)
        assert file.read() == whole[-7:]
        file.seek(20)
        assert file.read(5) == whole[20:25]
    assert view.open(backup.day, backup.metadata_file).read() == file_of(ws, backup, "metadata").read_bytes()


def test_what_is_broken_there_is_listed_as_damaged(tmp_path: Path, target: Target) -> None:
    ws, clock = folder(tmp_path / "here")
    made = []
    for _ in range(3):
        made.append(make(ws))
        clock.pass_by(hours=1)
        target.send(ws, made[-1], Sending())
    target.store.put(entries.key_of(made[0]), b"garbage")
    target.store.delete(next(entry.key for entry in target.store.list(f"data/{made[1].backup_id}")))
    view = RemoteView(target, Target(target.store, OWNER_SOURCES).entries)

    listed = {backup.label: backup.state for backup in Catalog(view, OWNER_SOURCES).sets()}

    assert listed == {made[0].label: "damaged", made[1].label: "damaged", made[2].label: "complete"}


@pytest.fixture
def twins(tmp_path: Path, target: Target) -> list[BackupSet]:
    """Two sets of two installations that bear one label."""
    made = []
    for place in ("here", "there"):
        ws, _ = folder(tmp_path / place)
        made.append(make(ws, [{"_id": place, "ID": 1}]))
        target.send(ws, made[-1], Sending())
    assert made[0].label == made[1].label
    return made


@pytest.mark.parametrize("number", [0, 1])
def test_of_two_with_one_label_one_is_shown_as_a_whole_and_of_the_other_it_is_told(
    target: Target, twins: list[BackupSet], number: int
) -> None:
    wanted, other = twins[number], twins[1 - number]
    view = RemoteView(target, target.entries, rank=lambda backup: (backup.backup_id == wanted.backup_id,))

    [shown] = Catalog(view, OWNER_SOURCES).sets()

    assert shown.backup_id == wanted.backup_id
    assert [entry.backup.backup_id for entry in view.hidden] == [other.backup_id]
    assert wanted.backup_id in view.open(shown.day, shown.metadata_file).read().decode()


@pytest.mark.parametrize("number", [0, 1])
def test_of_two_with_one_label_a_whole_one_is_shown(target: Target, twins: list[BackupSet], number: int) -> None:
    target.store.put(entries.key_of(twins[number]), b"garbage")
    view = RemoteView(target, Target(target.store, OWNER_SOURCES).entries)

    [shown] = Catalog(view, OWNER_SOURCES).sets()

    assert (shown.state, shown.backup_id) == ("complete", twins[1 - number].backup_id)


def test_a_pin_said_later_shows(tmp_path: Path, target: Target) -> None:
    from dataclasses import replace

    ws, clock = folder(tmp_path / "here")
    backup = make(ws)
    target.send(ws, backup, Sending())
    target.say(replace(backup, pinned=True), clock())
    view = RemoteView(target, target.entries)

    [listed] = Catalog(view, OWNER_SOURCES).sets()

    assert listed.pinned and listed.state == "complete"


def test_it_refuses_to_be_written(target: Target) -> None:
    view = RemoteView(target, list)

    for work in (lambda: view.draft("monday", "x"), lambda: view.put("monday", "x", b""),
                 lambda: view.delete("monday", "x"), view.check_writable):
        with pytest.raises(PermissionDenied):
            work()
    with pytest.raises(BackupFileNotFound):
        view.open("monday", "x")

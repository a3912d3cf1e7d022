"""Sets in a remote: sending, listing what anybody may have edited, pins, clearing away."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backup_engine.errors import Cancelled, RemoteFailed, VerificationFailed
from backup_engine.model import OWNER_SOURCES, BackupSet, Watch
from backup_engine.remotes import entries, target as targets
from backup_engine.remotes.address import parse
from backup_engine.remotes.folder import FolderStore
from backup_engine.remotes.target import Sending, Target
from backup_engine.workspace import Workspace
from tests.backup_engine.stored import file_of, flip, folder, store as make


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return folder(tmp_path / "here")[0]


@pytest.fixture
def there(tmp_path: Path) -> FolderStore:
    (tmp_path / "there").mkdir()
    return FolderStore(parse(f"file://{tmp_path}/there"))


@pytest.fixture
def target(there: FolderStore) -> Target:
    return Target(there, OWNER_SOURCES)


def keys(store: FolderStore) -> list[str]:
    return sorted(entry.key for entry in store.list(""))


def rewrite(store: FolderStore, backup: BackupSet, change: Callable[[Any], Any]) -> None:
    """Edit the object of a set as somebody with the right to write there would."""
    about = json.loads(store.read(entries.key_of(backup)))
    changed = change(about)
    store.put(entries.key_of(backup), json.dumps(about if changed is None else changed).encode())


def test_a_set_arrives_whole(ws: Workspace, target: Target, there: FolderStore) -> None:
    backup = make(ws)

    target.send(ws, backup, Sending())

    [entry] = target.entries()
    assert entry.backup == backup
    assert entry.metadata == file_of(ws, backup, "metadata").read_bytes()
    for part in backup.parts.values():
        sent = b"".join(target.pieces(entry.files[str(part.file)]))
        assert sent == file_of(ws, backup, part.key).read_bytes()
    assert target.backup_ids() == {backup.backup_id}
    assert [key.split("/")[0] for key in keys(there)] == ["data", "data", "sets"]


def test_large_files_are_sent_in_pieces(ws: Workspace, there: FolderStore) -> None:
    backup, target = make(ws), Target(there, OWNER_SOURCES, piece_bytes=700)
    target.send(ws, backup, Sending())

    file = target.entries()[0].files[str(backup.parts["equipment"].file)]
    whole = file_of(ws, backup).read_bytes()

    assert len(file.pieces) == -(-len(whole) // 700) > 2
    assert file.pieces[1].key.endswith(".csv.001")
    assert target.read(file, 650, 900) == whole[650:1550]
    assert target.read(file, len(whole) - 5, 900) == whole[-5:]


def test_a_large_piece_is_fetched_in_parts_between_which_a_person_may_give_up(
    ws: Workspace, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup, seen = make(ws), list[int]()
    target.send(ws, backup, Sending())
    file, whole = target.entries()[0].files[str(backup.parts["equipment"].file)], file_of(ws, backup).read_bytes()
    monkeypatch.setattr(targets, "PART_BYTES", 300)

    assert b"".join(target.pieces(file, watch=Watch(lambda now: seen.append(now.done)))) == whole
    assert len(file.pieces) == 1 and seen == [*range(0, len(whole), 300), len(whole)]
    with pytest.raises(Cancelled):
        list(target.pieces(file, watch=Watch(lambda now: seen.append(-1), lambda: len(seen) > len(whole) // 300 + 4)))
    assert seen.count(-1) == 3


def test_what_was_broken_off_goes_on_where_it_was(
    ws: Workspace, there: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(targets, "PIECE_BYTES", 700)
    backup, sending, put = make(ws), Sending(), there.put
    sent: list[str] = []

    def breaks(key: str, data: bytes, *, create: bool = False) -> None:
        if len(sent) == 2:
            raise RemoteFailed("gone")
        put(key, data, create=create)
        sent.append(key)

    monkeypatch.setattr(there, "put", breaks)
    with pytest.raises(RemoteFailed):
        Target(there, OWNER_SOURCES).send(ws, backup, sending)
    assert Target(there, OWNER_SOURCES).entries() == [] and len(sending.done) == 2

    kept = Sending(sending.random, dict(sending.done))  # as after a restart
    first, sent[:] = list(sent), []
    monkeypatch.setattr(there, "put", lambda key, data, create=False: (put(key, data, create=create), sent.append(key)))
    Target(there, OWNER_SOURCES).send(ws, backup, kept)

    assert set(first) & set(sent) == set()
    assert Target(there, OWNER_SOURCES).entries()[0].backup == backup


def test_a_piece_that_vanished_meanwhile_is_sent_again(ws: Workspace, target: Target, there: FolderStore) -> None:
    backup, sending = make(ws), Sending()
    target.send(ws, backup, sending)
    for key in keys(there):
        there.delete(key)

    target.send(ws, backup, sending)

    assert target.entries()[0].backup.state == "complete"


def test_what_is_damaged_here_is_not_spread(ws: Workspace, target: Target) -> None:
    backup = make(ws)
    flip(file_of(ws, backup), 100)

    with pytest.raises(VerificationFailed, match="is not sent"):
        target.send(ws, backup, Sending())
    assert target.entries() == []


def test_sent_twice_is_there_once(ws: Workspace, target: Target, there: FolderStore) -> None:
    backup = make(ws)
    target.send(ws, backup, Sending())
    before = there.read(entries.key_of(backup))

    target.send(ws, backup, Sending())

    assert there.read(entries.key_of(backup)) == before
    assert len(target.entries()) == 1


@pytest.mark.parametrize("change", [
    lambda about: [], lambda about: {}, lambda about: about.update(min_reader=2),
    lambda about: about.update(unit="app"),
    lambda about: about.update(day="../monday"), lambda about: about.update(metadata_file="../../etc/passwd"),
    lambda about: about.update(metadata="bm90IHRoaXM="), lambda about: about.update(backup_id="other", label="x"),
    lambda about: about["files"][0].update(name="../../etc/passwd"),
    lambda about: about["files"][0].update(name="x.sh"),
    lambda about: about["files"].clear(), lambda about: about["files"].append(about["files"][0] | {"name": "x"}),
    lambda about: about["files"][0]["pieces"][0].update(key="data/other/x/y"),
    lambda about: about["files"][0]["pieces"][0].update(key="../x"),
    lambda about: about["files"][0]["pieces"][0].update(bytes=-5),
    lambda about: about["files"][0]["pieces"][0].update(bytes=10**15),
    lambda about: about["files"][0]["pieces"][0].update(sha256="x"), lambda about: about["files"][0].update(bytes=1),
    lambda about: about["files"].__setitem__(0, {}), lambda about: about.update(uploaded="yesterday"),
])
def test_an_edited_object_is_a_damaged_set(ws: Workspace, target: Target, there: FolderStore, change: Any) -> None:
    backup, sound = make(ws), make(ws)
    for each in (backup, sound):
        target.send(ws, each, Sending())
    rewrite(there, backup, change)

    states = {entry.key: entry.backup.state for entry in Target(there, OWNER_SOURCES).entries()}

    assert states == {entries.key_of(backup): "damaged", entries.key_of(sound): "complete"}


@pytest.mark.parametrize("garbage", [b"", b"\0" * 100, b"{" * 100_000, os.urandom(500), b"null"])
def test_garbage_is_a_damaged_set(ws: Workspace, target: Target, there: FolderStore, garbage: bytes) -> None:
    backup = make(ws)
    there.put(entries.key_of(backup), garbage)
    there.put("sets/readme.txt", b"somebody's")
    there.put("sets/20260101_000000-../x.json".replace("../", ""), b"{}")

    assert [entry.backup.state for entry in target.entries()] == ["damaged", "damaged"]


def test_a_missing_and_a_cut_piece_are_named(ws: Workspace, target: Target, there: FolderStore) -> None:
    first, second = make(ws), make(ws)
    for each in (first, second):
        target.send(ws, each, Sending())
    gone, cut = (next(key for key in keys(there) if each.backup_id in key and "equipment" in key)
                 for each in (first, second))
    there.delete(gone)
    there.put(cut, there.read(cut)[:-1])

    problems = [entry.backup.problem for entry in Target(there, OWNER_SOURCES).entries()]

    assert problems[0] == f"Backup file not found: {gone}"
    assert cut in problems[1] and "instead of" in problems[1]


def test_a_changed_byte_is_found_when_it_is_fetched(ws: Workspace, target: Target, there: FolderStore) -> None:
    backup = make(ws)
    target.send(ws, backup, Sending())
    key = next(key for key in keys(there) if "equipment" in key)
    data = bytearray(there.read(key))
    data[50] ^= 1
    there.put(key, bytes(data))

    [entry] = target.entries()

    with pytest.raises(VerificationFailed, match="was changed"):
        list(target.pieces(entry.files[str(backup.parts["equipment"].file)]))


def test_pins_travel_as_notes_and_the_last_one_counts(ws: Workspace, target: Target, there: FolderStore) -> None:
    from dataclasses import replace

    backup = make(ws)
    target.send(ws, backup, Sending())
    target.say(replace(backup, pinned=True), ws.clock())

    assert target.notes()[backup.backup_id].pinned is True
    assert target.entries()[0].backup.pinned
    ws.clock.pass_by(seconds=1)  # type: ignore[attr-defined]
    target.say(replace(backup, pinned=False), ws.clock())
    assert not target.entries()[0].backup.pinned
    there.put(f"notes/{backup.backup_id}/99999999T000000000000-x.json", b"garbage")
    assert target.entries()[0].backup.pinned


def test_unnamed_pieces_go_after_two_days_and_not_before(ws: Workspace, there: FolderStore, tmp_path: Path) -> None:
    backup = make(ws)
    target = Target(there, OWNER_SOURCES)
    target.send(ws, backup, Sending())
    for age, name in ((47, "young"), (49, "old"), (49, "kept")):
        there.put(f"data/{backup.backup_id}/{name}/x.csv", b"x")
        path = tmp_path / "there" / f"data/{backup.backup_id}/{name}/x.csv"
        newest = max(entry.modified for entry in there.list("")).timestamp()
        os.utime(path, (newest - age * 3600,) * 2)

    assert target.clean(keep={"kept"}) == 1
    assert [key for key in keys(there) if "/old/" in key] == []
    assert len([key for key in keys(there) if "/young/" in key or "/kept/" in key]) == 2
    assert target.entries()[0].backup.state == "complete"


def test_named_pieces_stay_however_old_and_so_do_those_of_a_set_nobody_can_read(
    ws: Workspace, there: FolderStore, tmp_path: Path
) -> None:
    sound, edited = make(ws), make(ws)
    target = Target(there, OWNER_SOURCES)
    for each in (sound, edited):
        target.send(ws, each, Sending())
    before = keys(there)
    rewrite(there, edited, lambda about: {"what": "is this"})
    for path in (tmp_path / "there" / "data").rglob("*.csv"):
        os.utime(path, (0, 0))

    assert Target(there, OWNER_SOURCES).clean() == 0
    assert keys(there) == before


def test_removing_takes_the_object_first(ws: Workspace, there: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    backup, gone, delete = make(ws), list[str](), there.delete
    target = Target(there, OWNER_SOURCES)
    target.send(ws, backup, Sending())
    monkeypatch.setattr(there, "delete", lambda key: (gone.append(key), delete(key)))

    target.remove(target.entries()[0])

    assert gone[0] == entries.key_of(backup) and keys(there) == []

"""Sending what waits: order, trouble, going on after a restart, limits."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import offsite, prune, push as pushing
from backup_engine.create import create
from backup_engine.deeds import Deed
from backup_engine.errors import Busy, Cancelled, ChoiceNeeded, RemoteFailed
from backup_engine.model import Watch
from backup_engine.push import _Pace, push
from backup_engine.remotes import claims, queue
from backup_engine.remotes.folder import FolderStore
from backup_engine.remotes.patient import Patient
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import back_up
from tests.backup_engine.offsite_places import target_of, with_remote
from tests.backup_engine.stored import file_of, flip

Data = Database[dict[str, Any]]


@pytest.fixture
def ws(tmp_path: Path, database: Data, heard: list[Deed], monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)
    return with_remote(tmp_path, database, heard=heard)


def clock(ws: Workspace) -> Any:
    return ws.clock


def differential(ws: Workspace, database: Data) -> Any:
    database.Equipment.update_one({"_id": 1}, {"$inc": {"n": 1}})
    clock(ws).pass_by(hours=1)
    made = create(ws, force=True, kind="differential").set
    assert made is not None and made.kind == "differential"
    return made


def test_what_waits_is_sent_newest_first_with_its_base_before(ws: Workspace, database: Data, tmp_path: Path) -> None:
    full = back_up(ws)
    first, second = differential(ws, database), differential(ws, database)

    done = push(ws, "disk")

    assert [each.label for each in done.sent] == [full.label, second.label, first.label]
    assert (done.waiting, done.problem) == (0, "")
    assert {entry.backup.backup_id for entry in target_of(tmp_path).entries()} == {
        full.backup_id, first.backup_id, second.backup_id}
    assert queue.read(ws.storage, "disk").there == 3
    assert push(ws, "disk").sent == ()
    assert queue.read(ws.storage, "disk").there == 3


def test_it_is_told_once_and_trouble_only_when_it_begins(
    ws: Workspace, heard: list[Deed], tmp_path: Path
) -> None:
    backup = back_up(ws)
    push(ws, "disk")
    back_up(ws)
    (tmp_path / "disk").rename(tmp_path / "away")
    for _ in range(3):
        assert "is not there" in push(ws, "disk", now=True).problem
    (tmp_path / "away").rename(tmp_path / "disk")
    push(ws, "disk", now=True)
    push(ws, "disk", now=True)

    told = [deed for deed in heard if deed.action.startswith("backup.remote")]
    assert [deed.action for deed in told] == ["backup.remote.push"] * 3
    assert told[0].target == backup.label or "1 backup sent" in told[0].note
    assert "is not there" in told[1].note


def test_after_trouble_it_waits_longer_each_time(ws: Workspace, tmp_path: Path) -> None:
    back_up(ws)
    (tmp_path / "disk").rename(tmp_path / "away")
    push(ws, "disk")
    (tmp_path / "away").rename(tmp_path / "disk")

    assert push(ws, "disk").sent == ()
    clock(ws).pass_by(minutes=2)
    assert len(push(ws, "disk").sent) == 1
    assert queue.read(ws.storage, "disk").problem == ""


def test_trouble_is_a_warning_on_a_set_that_is_made(ws: Workspace, tmp_path: Path) -> None:
    back_up(ws)
    (tmp_path / "disk").rename(tmp_path / "away")
    push(ws, "disk")

    made = create(ws, force=True)

    assert made.set is not None and made.set.state == "complete"
    assert any("the remote disk is in trouble" in warning for warning in made.warnings)
    assert made.message.startswith("Backup created, but")


def test_a_restart_in_the_middle_sends_no_piece_twice(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backup_engine.remotes.target.PIECE_BYTES", 300)
    back_up(ws)
    written: list[str] = []
    put = FolderStore.put

    def counted(self: FolderStore, key: str, data: bytes, *, create: bool = False) -> None:
        if len([each for each in written if each.startswith("data")]) == 2:
            raise KeyboardInterrupt  # as if the process ended
        put(self, key, data, create=create)
        written.append(key)

    monkeypatch.setattr(FolderStore, "put", counted)
    with pytest.raises(KeyboardInterrupt):
        push(ws, "disk")
    first = [key for key in written if key.startswith("data")]
    written[:] = []
    monkeypatch.setattr(FolderStore, "put", lambda self, key, data, create=False: (
        put(self, key, data, create=create), written.append(key)))

    done = push(replace(ws), "disk")

    assert len(done.sent) == 1 and len(first) == 2
    [entry] = target_of(tmp_path).entries()
    pieces = {piece.key for file in entry.files.values() for piece in file.pieces}
    assert entry.backup.state == "complete"
    assert set(first) < pieces and {key for key in written if key.startswith("data")} == pieces - set(first)


def test_a_lost_note_sends_nothing_again(ws: Workspace, tmp_path: Path) -> None:
    back_up(ws)
    push(ws, "disk")
    queue.forget(ws.storage, "disk")

    assert push(ws, "disk").sent == ()
    assert queue.waiting(queue.read(ws.storage, "disk"), ws.catalog.sets()) == []


def test_what_somebody_deleted_there_is_sent_again(ws: Workspace, tmp_path: Path) -> None:
    backup = back_up(ws)
    push(ws, "disk")
    target = target_of(tmp_path)
    target.remove(target.entries()[0])

    assert [each.label for each in push(ws, "disk").sent] == [backup.label]


def test_a_damaged_set_is_named_and_the_others_go(ws: Workspace, tmp_path: Path) -> None:
    bad = back_up(ws)
    clock(ws).pass_by(hours=1)
    good = back_up(ws)
    flip(file_of(ws, bad), 60)

    done = push(ws, "disk")

    assert [each.label for each in done.sent] == [good.label]
    assert bad.label in done.problem and "is not sent" in done.problem


def test_another_installations_place_is_refused_and_can_be_taken_over(ws: Workspace, tmp_path: Path) -> None:
    store = target_of(tmp_path).store
    claims.require(store, "somebody-else", "Lab", ws.clock())
    back_up(ws)

    assert "belongs to another installation" in push(ws, "disk").problem
    assert target_of(tmp_path).entries() == []
    assert "taken over from “Lab”" in offsite.take_over_remote(ws, "disk").message
    assert len(push(ws, "disk", now=True).sent) == 1


def test_nothing_is_sent_while_it_is_not_known_whose_the_backups_are(ws: Workspace, database: Data) -> None:
    back_up(ws)
    database.backup_restore_state.update_one(
        {"_id": "database"}, {"$set": {"question": {"kind": "diverged", "label": "x"}}})

    with pytest.raises(ChoiceNeeded):
        push(ws, "disk")


def test_pins_follow(ws: Workspace, tmp_path: Path) -> None:
    backup = back_up(ws)
    push(ws, "disk")
    assert target_of(tmp_path).notes() == {}
    prune.pin(ws, backup)
    push(ws, "disk")
    assert target_of(tmp_path).notes()[backup.backup_id].pinned is True
    clock(ws).pass_by(seconds=1)
    prune.unpin(ws, backup)
    push(ws, "disk")
    assert target_of(tmp_path).notes()[backup.backup_id].pinned is False


def test_hours(tmp_path: Path, database: Data) -> None:
    ws = with_remote(tmp_path, database, options="?hours=20-6")  # the clock stands at noon
    back_up(ws)

    assert (push(ws, "disk").sent, push(ws, "disk").waiting, push(ws, "disk").problem) == ((), 1, "")
    clock(ws).pass_by(hours=9)
    assert len(push(ws, "disk").sent) == 1


def test_one_process_sends_at_a_time(ws: Workspace) -> None:
    back_up(ws)
    with pushing.sending_alone(ws, "disk"), pytest.raises(Busy, match="sending to remote disk"):
        push(ws, "disk")


def test_cancelling_keeps_what_arrived(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backup_engine.remotes.target.PIECE_BYTES", 300)
    backup = back_up(ws)
    enough = threading.Event()
    watch = Watch(lambda progress: progress.done >= 300 and enough.set(), enough.is_set)

    with pytest.raises(Cancelled):
        push(ws, "disk", watch=watch)

    assert len(queue.read(ws.storage, "disk").sending[backup.backup_id].done) >= 2


def test_the_limit_holds_over_a_set() -> None:
    now, slept = [0.0], list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    pace = _Pace(1000, Watch(), sleep, lambda: now[0])
    for _ in range(5):
        pace.wait(2000)

    assert sum(slept) == pytest.approx(10)
    _Pace(0, Watch(), sleep, lambda: now[0]).wait(10**9)
    assert sum(slept) == pytest.approx(10)


def test_a_folder_that_cannot_be_written_still_sends(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    from backup_engine.errors import PermissionDenied

    def refused(*_: object) -> None:
        raise PermissionDenied("read-only")

    back_up(ws)
    monkeypatch.setattr(queue, "write", refused)

    assert len(push(ws, "disk").sent) == 1


def test_the_patience_of_a_store_ends(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    back_up(ws)
    calls: list[str] = []

    def away(self: FolderStore, folder: str) -> Any:
        calls.append(folder)
        raise RemoteFailed("away")

    monkeypatch.setattr(FolderStore, "list", away)

    assert "away" in push(ws, "disk").problem
    assert len(calls) == Patient(FolderStore).attempts  # type: ignore[arg-type]


def test_an_empty_database_without_an_id_says_so(ws: Workspace) -> None:
    with pytest.raises(ChoiceNeeded, match="no id yet"):
        push(ws, "disk")

"""What was fetched from a remote is kept for the next click, for a while, and opens for nobody without the key."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import api, fetch
from backup_engine.csv_format.seal import UNSEALED
from backup_engine.errors import Cancelled, KeyNeeded, VerificationFailed
from backup_engine.model import SILENT, BackupSet, Watch
from backup_engine.push import push
from backup_engine.remotes.folder import FolderStore
from backup_engine.workspace import Workspace
from equipment.fetched_sets import FetchedSets
from tests.backup_engine.engine import back_up
from tests.backup_engine.offsite_places import with_remote
from tests.backup_engine.stored import age_seal, flip

Data = Database[dict[str, Any]]


@pytest.fixture
def ws(tmp_path: Path, database: Data, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    return replace(with_remote(tmp_path, database), seal=age_seal("zstd"))


@pytest.fixture
def moment() -> list[float]:
    return [0.0]


@pytest.fixture
def kept(moment: list[float]) -> Iterator[FetchedSets]:
    sets = FetchedSets(idle_seconds=600, clock=lambda: moment[0])
    yield sets
    sets.close()


def sent(ws: Workspace) -> BackupSet:
    backup = back_up(ws)
    assert push(ws, "disk").waiting == 0
    return backup


def folders(tmp_path: Path) -> int:
    return len(list((tmp_path / "tmp").glob(f"{fetch.PREFIX}*")))


def test_it_is_fetched_once_and_goes_when_nobody_read_it_for_a_while(
    ws: Workspace, tmp_path: Path, kept: FetchedSets, moment: list[float]
) -> None:
    backup = sent(ws)
    for _ in range(2):
        with kept.reading(ws, "disk", backup.backup_id, watch=SILENT) as (near, found):
            assert api.verify(near, found, 2).ok and folders(tmp_path) == 1
            moment[0] += 599
            kept.sweep()
            assert folders(tmp_path) == 1, "while it is read it stays"
        shutil.rmtree(tmp_path / "disk", ignore_errors=True)  # the second time it is not asked

    moment[0] += 599
    kept.sweep()
    assert folders(tmp_path) == 1
    moment[0] += 1
    kept.sweep()
    assert folders(tmp_path) == 0


def test_another_one_takes_its_place(ws: Workspace, tmp_path: Path, kept: FetchedSets) -> None:
    first = sent(ws)
    ws.clock.pass_by(hours=1)  # type: ignore[attr-defined]
    second = sent(ws)

    for backup in (first, second):
        with kept.reading(ws, "disk", backup.backup_id, watch=SILENT) as (_, found):
            assert found.backup_id == backup.backup_id and folders(tmp_path) == 1


def test_who_has_no_key_opens_nothing_that_another_one_fetched(ws: Workspace, kept: FetchedSets) -> None:
    backup = sent(ws)
    with kept.reading(ws, "disk", backup.backup_id, watch=SILENT) as (near, found):
        assert api.preview(near, found, "equipment", 1)[1] == 20

    with kept.reading(replace(ws, seal=UNSEALED), "disk", backup.backup_id, watch=SILENT) as (near, found), \
            pytest.raises(KeyNeeded):
        api.preview(near, found, "equipment", 1)


def test_what_could_not_be_fetched_leaves_nothing(ws: Workspace, tmp_path: Path, kept: FetchedSets) -> None:
    backup = sent(ws)
    flip(next((tmp_path / "disk" / "data").rglob("equipment_*")), 400)

    with pytest.raises(VerificationFailed), kept.reading(ws, "disk", backup.backup_id, watch=SILENT):
        raise AssertionError("opened")

    assert folders(tmp_path) == 0 and kept._kept == {}


def test_whoever_waits_for_another_ones_fetching_can_give_up(
    ws: Workspace, kept: FetchedSets, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup, reads, go, walk = sent(ws), threading.Event(), threading.Event(), FolderStore.list
    monkeypatch.setattr(FolderStore, "list", lambda self, folder: (reads.set(), go.wait(60), walk(self, folder))[2])

    def read() -> None:
        with kept.reading(ws, "disk", backup.backup_id, watch=SILENT):
            pass

    other = threading.Thread(target=read)
    other.start()
    assert reads.wait(60)

    with pytest.raises(Cancelled), \
            kept.reading(ws, "disk", backup.backup_id, watch=Watch(cancelled=lambda: True)):
        raise AssertionError("opened")

    go.set()
    other.join(60)
    assert [each.readers for each in kept._kept.values()] == [0]

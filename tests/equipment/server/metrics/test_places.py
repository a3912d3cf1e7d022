"""What is told of the folder and of remotes, without speaking to anybody."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any, Never

import mongomock
import pytest

from backup_engine import offsite, upkeep
from backup_engine.create import create
from backup_engine.drill import drill
from backup_engine.errors import DatabaseUnreachable
from backup_engine.model import BackupSet
from backup_engine.ownership import lookup
from backup_engine.push import push
from backup_engine.remotes import queue
from backup_engine.verify import verify
from backup_engine.workspace import Workspace
from equipment.server.metrics import places
from equipment.server.metrics.samples import Sample
from equipment.server.metrics.view import View
from equipment.settings import Settings
from tests.backup_engine.engine import back_up
from tests.backup_engine.offsite_places import with_remote
from tests.backup_engine.stored import file_of, flip

HERE = places.FOLDER


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    made = with_remote(tmp_path, mongomock.MongoClient().db)
    return replace(made, remotes={**made.remotes, "gone": "sftp://bob@192.0.2.1:22/secret-path?credentials=env"})


@pytest.fixture(autouse=True)
def nobody_is_spoken_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)


def away() -> Never:
    raise DatabaseUnreachable("a scrape asks nobody")


def look(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """Values by place and name."""
    with monkeypatch.context() as patch:
        patch.setattr(offsite, "open_store", None)
        patch.setattr("backup_engine.remotes.registry.open_store", None)
        asking = replace(ws, connect=away)
        told: dict[str, dict[str, Any]] = {}
        backups: Any = None
        for sample in places.read(View(Settings(), backups, asking, lookup.seen(asking))):
            place, *level = sample.labels
            told.setdefault(place, {})[sample.name] = level[0] if level else sample.value
    return told


def stored(backup: BackupSet) -> int:
    return sum(part.stored_bytes for part in backup.parts.values())


def test_every_place_is_told_by_its_name(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    old = back_up(ws)
    push(ws, "disk")
    ws.clock.pass_by(hours=2)  # type: ignore[attr-defined]
    new = back_up(ws)
    told = look(ws, monkeypatch)

    assert told[HERE] == {
        "place_up": True, "backup_sets": 2, "backup_damaged_sets": 0, "backup_newest_age_seconds": new.started,
        "backup_newest_bytes": stored(new), "backup_newest_records": sum(new.counts.values()),
        "backup_newest_encrypted": False, "backup_newest_verified": "read back"}
    assert told["disk"] == {
        "place_up": True, "backup_sets": 1, "backup_damaged_sets": False, "backup_newest_age_seconds": old.started,
        "backup_newest_bytes": stored(old), "backup_newest_records": sum(old.counts.values()),
        "backup_newest_encrypted": False, "backup_newest_verified": "sent", "upload_waiting_sets": 1,
        "upload_waiting_bytes": stored(new), "upload_waiting_age_seconds": new.started}
    assert told["gone"] == {
        "backup_damaged_sets": False, "upload_waiting_sets": 2, "upload_waiting_bytes": stored(old) + stored(new),
        "upload_waiting_age_seconds": old.started}, "nobody has tried to reach it yet"
    assert "192.0.2.1" not in str(told) and "bob" not in str(told) and "secret-path" not in str(told)


def test_whether_a_remote_answers_is_what_the_last_try_said(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(ws)
    push(ws, "disk")
    upkeep.care(ws, "disk")
    told = look(ws, monkeypatch)["disk"]
    assert (told["place_up"], told["backup_newest_verified"]) == (True, "read back")
    assert told["verification_age_seconds"] == ws.clock()
    assert (told["upload_waiting_sets"], told["upload_waiting_age_seconds"]) == (0, 0)

    (tmp_path / "disk").rename(tmp_path / "unplugged")
    back_up(ws)
    push(ws, "disk", now=True)
    told = look(ws, monkeypatch)["disk"]
    assert (told["place_up"], told["backup_sets"], told["upload_waiting_sets"]) == (False, 1, 1)


def test_how_deep_the_newest_was_verified_is_said_in_words(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    backup = back_up(ws)
    seen = [look(ws, monkeypatch)[HERE]["backup_newest_verified"]]
    for level in (1, 2):
        verify(ws, backup, level)
        seen.append(look(ws, monkeypatch)[HERE]["backup_newest_verified"])
    drill(ws, backup)
    seen.append(look(ws, monkeypatch)[HERE]["backup_newest_verified"])
    assert seen == ["read back", "stored bytes", "every row", "restored"]
    assert look(ws, monkeypatch)[HERE]["verification_age_seconds"] == ws.clock()

    flip(file_of(ws, backup), 3)
    verify(ws, backup, 1)
    told = look(ws, monkeypatch)[HERE]
    assert told["backup_damaged_sets"] == 1
    assert "backup_newest_age_seconds" not in told, "it is no good one any more"


def test_damage_in_a_remote(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    back_up(ws)
    push(ws, "disk")
    line = queue.read(ws.storage, "disk")
    line.damage = "backup x: a piece is missing"
    queue.write(ws.storage, "disk", line)

    assert look(ws, monkeypatch)["disk"]["backup_damaged_sets"] is True


def test_an_empty_folder_has_no_newest(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert look(ws, monkeypatch)[HERE] == {"place_up": True, "backup_sets": 0, "backup_damaged_sets": 0}


def test_a_differential_set_counts_where_its_base_is(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    full = back_up(ws)
    push(ws, "disk")
    ws.clock.pass_by(hours=2)  # type: ignore[attr-defined]
    ws.connect().Equipment.update_one({"_id": 1}, {"$set": {"n": 1}})
    made = create(ws, force=True, kind="differential").set
    assert made is not None and made.base == full.backup_id
    line = queue.read(ws.storage, "disk")
    line.sent = {made.backup_id: ws.clock().isoformat()}
    queue.write(ws.storage, "disk", line)

    assert "backup_newest_bytes" not in look(ws, monkeypatch)["disk"]


def test_a_folder_full_of_notes_has_no_end_of_places(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(60):
        queue.write(ws.storage, f"x{number:04}", queue.Line())

    with caplog.at_level(logging.INFO):
        told = look(ws, monkeypatch)

    assert len(told) == places.MOST + 1
    assert {"disk", "gone", HERE} <= told.keys()
    assert "of 50 remotes of 62" in caplog.text


def test_a_sample_has_the_labels_of_its_definition(ws: Workspace) -> None:
    sample: Sample = next(places.read(View(Settings(), None, ws, lookup.seen(ws))))  # type: ignore[arg-type]
    assert sample == Sample("place_up", True, (HERE,))

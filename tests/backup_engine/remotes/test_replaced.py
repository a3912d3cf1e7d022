"""Clearing away what was stored anew, in a bucket that keeps versions and in one that locks them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backup_engine.csv_format.seal import Seal
from backup_engine.locking.locks import hold
from backup_engine.making.copying import copy_set
from backup_engine.model import OWNER_SOURCES, BackupSet
from backup_engine.remotes import replaced
from backup_engine.remotes.objects import ObjectStore
from backup_engine.remotes.patient import Patient
from backup_engine.remotes.queue import Line, stay_there
from backup_engine.remotes.s3_requests import S3Requests
from backup_engine.remotes.target import Sending, Target
from backup_engine.workspace import Workspace
from tests.backup_engine.keys.public_only import PUBLIC
from tests.backup_engine.remotes.servers import ENVIRONMENT, KEY, SECRET, s3, seaweed
from tests.backup_engine.stored import folder, store as make

LOGIN = {"ACCESS_KEY_ID": KEY, "SECRET_ACCESS_KEY": SECRET}
NOW = datetime(2025, 6, 4, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with seaweed() as running:
        yield running


@pytest.fixture(autouse=True)
def login(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def stored_anew(tmp_path: Path, target: Target) -> tuple[Workspace, BackupSet, BackupSet]:
    """A readable set that was sent, and its encrypted copy that was sent after it."""
    ws, clock = folder(tmp_path)
    old = make(ws)
    target.send(ws, old, Sending())
    clock.pass_by(minutes=1)
    sealed = replace(ws, seal=Seal(recipients=(PUBLIC,)))
    with hold(sealed, "import") as held:
        copy = copy_set(sealed, held, old, None)
    ws.catalog.remove(old)
    target.send(ws, copy, Sending())
    return ws, old, copy


def versions_of(asked: S3Requests, backup: BackupSet) -> list[tuple[str, str]]:
    return asked.versions_below(f"data/{backup.backup_id}")


def test_every_version_goes_from_a_bucket_that_keeps_them(endpoint: str, tmp_path: Path) -> None:
    address = s3(endpoint, "backups", "versions")
    asked = S3Requests(address, LOGIN)
    on = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    assert asked.ask("PUT", "", {"versioning": ""}, data=on)[0] == 200 and asked.versioned()
    target = Target(Patient(ObjectStore(address)), OWNER_SOURCES)
    ws, old, copy = stored_anew(tmp_path, target)
    assert len(versions_of(asked, old)) == 2
    line = Line(sent={copy.backup_id: "", old.backup_id: ""})
    copies = replaced.originals(ws.catalog.sets(), line)
    assert copies == {old.backup_id: copy}

    gone = replaced.clear(target, address, line, copies)

    assert (gone, line.replaced) == ([old.label], {})
    assert versions_of(asked, old) == [] and len(versions_of(asked, copy)) == 2
    assert target.backup_ids() == {copy.backup_id}


def test_what_a_lock_keeps_is_said_with_its_day_and_tried_again(endpoint: str, tmp_path: Path) -> None:
    address = s3(endpoint, "locked", "lab")
    asked = S3Requests(address, LOGIN)
    rule = (b'<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>'
            b'<Mode>COMPLIANCE</Mode><Days>3</Days></DefaultRetention></Rule></ObjectLockConfiguration>')
    assert asked.ask("PUT", "", {"object-lock": ""}, data=rule)[0] == 200
    target = Target(Patient(ObjectStore(address)), OWNER_SOURCES)
    ws, old, copy = stored_anew(tmp_path, target)
    line = Line(sent={copy.backup_id: "", old.backup_id: ""})
    copies = replaced.originals(ws.catalog.sets(), line)
    until = {(datetime.now(UTC) + timedelta(days=3, minutes=minutes)).strftime("%Y-%m-%d") for minutes in (-5, 0)}

    gone = replaced.clear(target, address, line, copies)

    assert gone == [] and target.backup_ids() == {copy.backup_id}
    said = stay_there(line.replaced.values())
    assert said.startswith(f"{old.label} (deleted, but a lock keeps its bytes until ")
    assert any(day in said for day in until)
    assert len(versions_of(asked, old)) == 2
    line.cleared = NOW
    assert not replaced.is_due(line, NOW + timedelta(hours=23)) and replaced.is_due(line, NOW + timedelta(hours=24))
    assert replaced.clear(target, address, line, copies) == []
    assert stay_there(line.replaced.values()) == said, "it is still known although it is listed no more"

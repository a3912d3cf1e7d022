"""Which remotes there are, and what is known of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.errors import BadInput
from backup_engine.remotes import registry
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import Switched, workspace

Data = Database[dict[str, Any]]
URL = "sftp://lab@host.example/srv"


@pytest.fixture
def ws(tmp_path: Path, database: Data) -> Workspace:
    return replace(workspace(tmp_path, database), remotes={"disk": "file:///mnt/disk"})


def test_of_the_settings_and_of_the_database(ws: Workspace, database: Data) -> None:
    registry.add(database, "cloud", URL)

    found = registry.known(ws)

    assert {name: (remote.set_up, remote.address.url) for name, remote in found.items()} == {
        "disk": (True, "file:///mnt/disk"), "cloud": (False, URL)}
    assert registry.one(ws, "cloud") == found["cloud"]
    registry.remove(database, "cloud")
    assert list(registry.known(ws)) == ["disk"]


def test_without_the_database_those_of_the_settings_count(ws: Workspace, database: Data) -> None:
    switched = Switched(database)
    switched.up = False

    assert list(registry.known(replace(ws, connect=switched))) == ["disk"]


def test_what_was_found_out_is_kept_for_that_address_alone(ws: Workspace, database: Data) -> None:
    registry.add(database, "cloud", URL)
    known = replace(registry.one(ws, "cloud"), host_key="SHA256:x", cannot=("lies",), lock="30 days",
                    proven=datetime(2026, 1, 1, tzinfo=UTC))
    registry.note(database, known)
    assert registry.one(ws, "cloud") == known

    elsewhere = replace(ws, remotes={"cloud": f"{URL}/other"})
    assert registry.one(elsewhere, "cloud").proven is None
    assert registry.one(elsewhere, "cloud").host_key == "SHA256:x"
    moved = replace(ws, remotes={"cloud": "sftp://lab@other.example/srv"})
    assert registry.one(moved, "cloud").host_key == ""


def test_a_document_that_was_edited_is_left_out(ws: Workspace, database: Data) -> None:
    database.backup_restore_state.insert_many([
        {"_id": "remote:a", "added": True}, {"_id": "remote:b", "added": True, "url": "nonsense"},
        {"_id": "remote:c", "added": True, "url": 5}])

    assert list(registry.known(ws)) == ["disk"]


def test_an_unknown_one_is_refused_by_naming_the_others(ws: Workspace) -> None:
    with pytest.raises(BadInput, match="there are disk"):
        registry.one(ws, "cloud")


def test_no_secret_reaches_the_database(ws: Workspace, database: Data) -> None:
    with pytest.raises(BadInput):
        registry.add(database, "cloud", "s3://key:hush@backups/x")
    with pytest.raises(BadInput):
        registry.add(database, "Cloud", URL)

    assert list(database.backup_restore_state.find()) == []

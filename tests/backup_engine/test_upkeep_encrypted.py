"""A host that knows public keys only sends its sets, has a sample read back and verifies, by what is stored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import fetch, verify
from backup_engine.create import create
from backup_engine.errors import KeyNeeded
from backup_engine.keys.signing import Signer, new_pem
from backup_engine.prune import pin
from backup_engine.push import push
from backup_engine.upkeep import care
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import fill
from tests.backup_engine.keys.public_only import host, with_key
from tests.backup_engine.stored import flip

Db = Database[dict[str, Any]]


@pytest.fixture
def ws(tmp_path: Path, database: Db, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)
    (tmp_path / "disk").mkdir()
    (tmp_path / "signer.pem").write_text(new_pem())
    (tmp_path / "signer.pem").chmod(0o600)
    fill(database, 50)
    return host(tmp_path, database, remotes=f"disk=file://{tmp_path}/disk",
                signing_key=tmp_path / "signer.pem").workspace


def test_it_sends_and_reads_back_what_it_cannot_open(ws: Workspace, tmp_path: Path) -> None:
    made = create(ws, force=True).set
    assert made is not None and made.encrypted

    assert (push(ws, "disk").waiting, care(ws, "disk").damage) == (0, "")
    with fetch.viewed(ws, "disk") as there:
        found = there.catalog.find(made.backup_id)
        assert verify.verify(there, found, 1, remember=False).ok
        with pytest.raises(KeyNeeded):
            verify.verify(there, found, 2, remember=False)
        assert verify.verify(with_key(there), found, 2, remember=False).ok

    flip(next((tmp_path / "disk").rglob("equipment*")), 300)

    assert made.label in care(ws, "disk").damage
    with fetch.viewed(ws, "disk") as there:
        assert not verify.verify(there, found, 1, remember=False).ok


def test_the_signature_holds_there_also_when_it_is_pinned_later(ws: Workspace, tmp_path: Path) -> None:
    made = create(ws, force=True).set
    assert made is not None
    push(ws, "disk")
    pin(ws, made)
    push(ws, "disk")

    with fetch.viewed(replace(ws, signed_by=Signer(tmp_path / "signer.pem").public), "disk") as there:
        found = there.catalog.find(made.backup_id)
        assert found.pinned and verify.verify(there, found, 1, remember=False).ok
    (tmp_path / "other.pem").write_text(new_pem())
    with fetch.viewed(replace(ws, signed_by=Signer(tmp_path / "other.pem").public), "disk") as there:
        assert not verify.verify(there, found, 1, remember=False).ok

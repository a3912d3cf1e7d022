"""Adding, trying out, confirming, taking over and removing places off the machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import offsite
from backup_engine.deeds import Deed
from backup_engine.errors import BadInput, Cancelled, ForeignTarget, HostKeyUnknown, RemoteFailed
from backup_engine.model import Watch
from backup_engine.push import push
from backup_engine.remotes import queue, registry
from backup_engine.remotes.folder import FolderStore
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import back_up
from tests.backup_engine.offsite_places import with_remote
from tests.backup_engine.remotes.servers import SECRET, ssh

Data = Database[dict[str, Any]]


@pytest.fixture
def ws(tmp_path: Path, database: Data, heard: list[Deed], monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)
    made = with_remote(tmp_path, database, heard=heard)
    back_up(made)
    return made


def test_one_that_is_added_is_tried_claimed_and_told(ws: Workspace, tmp_path: Path, heard: list[Deed]) -> None:
    (tmp_path / "second").mkdir()

    done = offsite.add_remote(ws, "second", f"file://{tmp_path}/second")

    assert done.message == "Remote second is added and works."
    remote = registry.one(ws, "second")
    assert remote.proven == ws.clock() and "does not keep backups from being deleted" in " ".join(remote.cannot)
    assert [path.name for path in (tmp_path / "second").iterdir()] == ["claims"]
    assert heard[-1].action == "backup.remote.add"


def test_one_that_does_not_answer_is_kept_with_the_reason(ws: Workspace, tmp_path: Path) -> None:
    done = offsite.add_remote(ws, "second", f"file://{tmp_path}/missing")

    assert "cannot be used yet" in done.message and "is not there" in done.message
    assert "second" in registry.known(ws)


def test_whoever_gives_up_waits_for_no_further_attempt(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = list[str]()

    def fail(self: FolderStore, folder: str) -> None:
        tries.append(folder)
        raise RemoteFailed("away")

    monkeypatch.setattr(FolderStore, "list", fail)

    with offsite.open_store(registry.one(ws, "disk"), watch=Watch(cancelled=lambda: bool(tries))) as store, \
            pytest.raises(Cancelled):
        store.list("sets")
    assert tries == ["sets"]


@pytest.mark.parametrize(("name", "url"), [
    ("disk", "file:///x"), ("Disk", "file:///x"), ("second", "nonsense"), ("second", "s3://k:hush@b/x"),
])
def test_what_cannot_be_added(ws: Workspace, name: str, url: str, heard: list[Deed]) -> None:
    with pytest.raises(BadInput):
        offsite.add_remote(ws, name, url)

    assert list(registry.known(ws)) == ["disk"]
    assert all("hush" not in deed.note for deed in heard)


def test_how_they_stand(ws: Workspace, tmp_path: Path) -> None:
    [before] = offsite.remote_standings(ws)
    push(ws, "disk")
    [after] = offsite.remote_standings(ws)
    (tmp_path / "disk").rename(tmp_path / "away")
    back_up(ws)
    push(ws, "disk")
    [trouble] = offsite.remote_standings(ws)

    assert (before.state, len(before.waiting)) == ("waiting", 1)
    assert (after.state, len(after.waiting), after.line.last_sent) == ("up to date", 0, ws.clock())
    assert after.remote is not None and after.remote.cannot
    assert (trouble.state, len(trouble.waiting)) == ("trouble", 1)
    assert [each.state for each in offsite.noted_standings(ws)] == ["trouble"]
    assert offsite.troubles(ws) == [f"the remote disk is in trouble: {trouble.line.problem}"]


def test_removing_forgets_and_deletes_nothing(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    offsite.add_remote(ws, "second", f"file://{tmp_path}/second")
    push(ws, "second")
    before = sorted(path for path in (tmp_path / "second").rglob("*"))

    offsite.remove_remote(ws, "second")

    assert list(registry.known(ws)) == ["disk"] and sorted((tmp_path / "second").rglob("*")) == before
    assert queue.read(ws.storage, "second") == queue.Line()
    with pytest.raises(BadInput, match="BACKUP_REMOTE"):
        offsite.remove_remote(ws, "disk")


def test_two_installations_cannot_share_a_place(ws: Workspace, tmp_path: Path, shared_mongod: Any) -> None:
    offsite.test_remote(ws, "disk")
    with shared_mongod.client() as client:
        (tmp_path / "other").mkdir()
        try:
            theirs = with_remote(tmp_path / "other", client["test_other_installation"])
            other = replace(theirs, remotes=ws.remotes)
            back_up(other)
            with pytest.raises(ForeignTarget, match="keeps its backups in"):
                offsite.test_remote(other, "disk")
            offsite.take_over_remote(other, "disk")
            assert "works" in offsite.test_remote(other, "disk").message
            with pytest.raises(ForeignTarget):
                offsite.test_remote(ws, "disk")
        finally:
            client.drop_database("test_other_installation")


def test_an_ssh_server_waits_until_a_person_confirms_its_key(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SFTP_PASSWORD", SECRET)
    (tmp_path / "ssh").mkdir()
    with ssh(tmp_path / "ssh") as server:
        shown = server.fingerprint.rstrip("=")
        added = offsite.add_remote(ws, "server", server.url)
        assert "not confirmed yet" in added.message and shown in added.message
        with pytest.raises(HostKeyUnknown):
            offsite.test_remote(ws, "server")
        with pytest.raises(BadInput, match="nothing was confirmed"):
            offsite.confirm_remote_key(ws, "server", "SHA256:" + "A" * 43)

        offsite.confirm_remote_key(ws, "server", server.fingerprint)

        assert registry.one(ws, "server").host_key == shown
        assert "works" in offsite.test_remote(ws, "server").message
        assert len(push(ws, "server").sent) == 1
        server.new_key()
        back_up(ws)
        assert "another key" in push(ws, "server", now=True).problem
    with pytest.raises(BadInput, match="no SSH server"):
        offsite.confirm_remote_key(ws, "disk", shown)

"""Encrypted sets read from a remote: whoever has the identity reads them, and nothing of them stays behind in plain."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine import compare, drill, fetch, merge, restore, verify
from backup_engine.api import DatabaseBackupRestore
from backup_engine.cli.main import main
from backup_engine.create import create
from backup_engine.errors import KeyNeeded, WrongKey
from backup_engine.model import BackupSet
from backup_engine.push import push
from backup_engine.remotes.folder import FolderStore
from tests.backup_engine.engine import fill, raw
from tests.backup_engine.keys.public_only import IDENTITY, OTHER, PUBLIC, files_below, host, with_key
from tests.mongod import Mongod

Db = Database[dict[str, Any]]
PLANTED = "Zeppelin 4711"


@pytest.fixture
def public(tmp_path: Path, database: Db, monkeypatch: pytest.MonkeyPatch) -> DatabaseBackupRestore:
    """A host with a public key only, and a remote ``disk``."""
    monkeypatch.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    (tmp_path / "disk").mkdir()
    return host(tmp_path, database, remotes=f"disk=file://{tmp_path}/disk", compression="zstd")


@pytest.fixture
def backup(public: DatabaseBackupRestore, database: Db) -> BackupSet:
    """A differential over a full set, both only in the remote from now on."""
    ws = public.workspace
    fill(database, 300)
    database.Equipment.insert_one({"_id": "planted", "Comments": PLANTED})
    full = create(ws, force=True, kind="full").set
    database.Equipment.update_one({"_id": 5}, {"$set": {"Vendor": PLANTED}})
    made = create(with_key(ws), force=True, kind="differential").set  # whoever makes one has to read the full one
    assert full is not None and made is not None and made.kind == "differential"
    assert push(ws, "disk").waiting == 0
    for each in (made, full):
        ws.catalog.remove(each)
    return made


def readable(tmp_path: Path) -> list[str]:
    """The files of this machine, database apart, that hold what was planted or any row of the list."""
    return [name for name, data in files_below(tmp_path).items() if PLANTED.encode() in data or b"_id," in data]


def test_without_the_identity_nothing_is_fetched(
    public: DatabaseBackupRestore, backup: BackupSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, whole = FolderStore.read, list[str]()
    monkeypatch.setattr(FolderStore, "read", lambda self, key, start=0, length=None: (
        whole.extend([key] if key.startswith("data/") and length is None else []), read(self, key, start, length))[1])

    for ws, refusal in ((public.workspace, KeyNeeded), (with_key(public.workspace, OTHER), WrongKey)):
        with pytest.raises(refusal), fetch.spooled(ws, "disk", lambda there: there.catalog.find(backup.backup_id)):
            raise AssertionError("opened")

    assert whole == []


def test_with_the_identity_every_verb_reads_it_and_leaves_nothing_in_plain(
    public: DatabaseBackupRestore, backup: BackupSet, database: Db, tmp_path: Path
) -> None:
    wanted = raw(database, "Equipment")
    database.Equipment.delete_many({"_id": {"$in": ["planted", 1, 2]}})
    ws = with_key(public.workspace)

    with fetch.spooled(ws, "disk", lambda there: there.catalog.find(backup.backup_id)) as (near, found):
        assert compare.compare(near, found, "current", "equipment").only_left == 3
        assert drill.drill(near, found).counts["equipment"] == 301
        assert verify.verify(near, found, 2, remember=False).ok
        merge.merge(near, merge.plan(near, found, "equipment"))
        database.Equipment.delete_one({"_id": "planted"})
        restore.replace(near, restore.plan_replace(near, found, ("equipment",)))
        assert readable(tmp_path) == [], "what lies in the work folder is as it was stored"

    assert raw(database, "Equipment") == wanted
    assert readable(tmp_path) == []
    assert [path.name for folder in ("tmp", "work") for path in (tmp_path / folder).iterdir()
            if path.name.startswith(fetch.PREFIX)] == []


def test_fetched_by_a_host_with_public_keys_only_and_read_with_the_identity(
    public: DatabaseBackupRestore, backup: BackupSet, tmp_path: Path
) -> None:
    done = fetch.fetch(public.workspace, "disk", backup.label)

    assert len(done.brought) == 2 and done.set.encrypted and readable(tmp_path) == []
    assert verify.verify(public.workspace, done.set, 1).ok
    assert verify.verify(with_key(public.workspace), done.set, 2).ok


def test_in_python_with_identities(
    public: DatabaseBackupRestore, backup: BackupSet, database: Db, tmp_path: Path
) -> None:
    which = {"backup_id": backup.backup_id, "folder": backup.day}
    person = host(tmp_path, database, remotes=f"disk=file://{tmp_path}/disk", identities=IDENTITY)

    for refused in (public.restore_from_backup(which, "equipment", remote="disk"),
                    public.preview_backup(which, "equipment", remote="disk"),
                    public.verify_backup(which, 2, remote="disk")):
        assert refused[0] is False and "Key needed" in refused[-1]
    assert public.verify_backup(which, 1, remote="disk")[0]

    assert person.verify_backup(which, 2, remote="disk")[0]
    shown, table, _ = person.preview_backup(which, "equipment", limit=None, remote="disk")
    assert shown and table is not None and len(table) == 301
    database.Equipment.delete_one({"_id": "planted"})
    assert person.restore_from_backup(which, "equipment", remote="disk")[0]
    assert database.Equipment.count_documents({"_id": "planted"}) == 1
    assert readable(tmp_path) == []


def test_on_the_command_line_with_identity(
    public: DatabaseBackupRestore, backup: BackupSet, database: Db, tmp_path: Path, shared_mongod: Mongod,
    capsys: pytest.CaptureFixture[str],
) -> None:
    key = tmp_path / "key.txt"
    key.write_text(IDENTITY + "\n")
    key.chmod(0o600)
    database.Equipment.delete_one({"_id": "planted"})

    def run(*words: str) -> int:
        def engine(**given: Any) -> DatabaseBackupRestore:
            return DatabaseBackupRestore(remotes=f"disk=file://{tmp_path}/disk", **given)

        with pytest.raises(SystemExit) as ended:
            main(["--uri", shared_mongod.uri, "--database", database.name, "--folder", str(tmp_path / "sets"), *words],
                 engine=engine)
        return int(ended.value.code or 0)

    restoring = ("restore", backup.label, "--mode", "merge", "--collection", "equipment", "--yes", "--from", "disk")
    assert run(*restoring) == KeyNeeded.exit_code
    assert "Key needed" in capsys.readouterr().err
    assert database.Equipment.count_documents({"_id": "planted"}) == 0
    assert run("verify", backup.label, "--level", "1", "--from", "disk") == 0

    # the safety backup of the merge is made as new ones are, so for a key as well
    assert run("--identity", str(key), "--recipient", PUBLIC, *restoring) == 0
    assert run("verify", backup.label, "--level", "2", "--from", "disk", "--identity", str(key)) == 0
    assert database.Equipment.count_documents({"_id": "planted"}) == 1
    assert readable(tmp_path) == []

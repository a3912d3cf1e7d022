"""A database user who may only read, a wrong password, a standalone server, a server that dies while being read."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymongo
import pytest
from pymongo.database import Database

from backup_engine import failpoints
from backup_engine.create import create
from backup_engine.errors import DatabaseUnreachable, PermissionDenied
from backup_engine.locking import locks
from backup_engine.locking.locks import hold
from backup_engine.verify import verify
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import fill, workspace
from tests.mongod import Mongod, with_access_control

Live = Database[dict[str, Any]]
SECRET = "s3cret-pass"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mongod]:
    """A replica set with access control: root, and a reader."""
    server = with_access_control(tmp_path_factory.mktemp("key"), SECRET)
    with as_user(server, "root") as client:
        client.lab.command("createUser", "reader", pwd=SECRET, roles=["read"])
        fill(client.lab)
    yield server
    server.stop()


def as_user(server: Mongod, name: str, password: str = SECRET) -> pymongo.MongoClient[dict[str, Any]]:
    source = "admin" if name == "root" else "lab"
    return server.client(username=name, password=password, authSource=source, serverSelectionTimeoutMS=3000)


def test_a_user_who_may_only_read_backs_up_with_a_warning(guarded: Mongod, tmp_path: Path) -> None:
    with as_user(guarded, "reader") as client:
        ws = workspace(tmp_path, client.lab)

        created = create(ws)
        again = create(ws, force=True)

        assert created.set is not None
        assert again.set is not None
        assert created.message.startswith("Backup created successfully")
        assert created.warnings == (locks.READ_ONLY_WARNING,)
        assert created.set.metadata["source"]["consistency"] == "snapshot"
        # no id can be written: name and replica set tell whose it is
        assert created.set.metadata["source"]["database_id"] is None
        assert created.set.replica_set == "tests"
        assert create(ws).set is None, "it counts as the last backup"
        assert verify(ws, created.set, level=2).ok
        with pytest.raises(PermissionDenied, match="may only read"), hold(ws, "restore"):
            pytest.fail("a reader may not restore")
    with as_user(guarded, "root") as client:
        assert set(client.lab.list_collection_names()) == {"Equipment", "Equipment_select_options"}


def test_a_user_who_may_write_elsewhere_but_not_take_the_lease_backs_up_too(guarded: Mongod, tmp_path: Path) -> None:
    anywhere = {"db": "lab", "collection": ""}
    with as_user(guarded, "root") as client:
        client.lab.command("createRole", "notes", roles=["read"], privileges=[
            {"resource": {"db": "lab", "collection": "notes"}, "actions": ["insert"]},
            {"resource": anywhere, "actions": ["listCollections"]},
        ])
        client.lab.command("createUser", "keeper", pwd=SECRET, roles=["notes"])

    with as_user(guarded, "keeper") as client:
        created = create(workspace(tmp_path, client.lab))

    assert created.set is not None
    assert created.warnings == (locks.READ_ONLY_WARNING,)


def test_a_wrong_password_is_named_without_being_told(guarded: Mongod, tmp_path: Path) -> None:
    with as_user(guarded, "reader", "wrong-" + SECRET) as client, pytest.raises(DatabaseUnreachable) as refused:
        create(workspace(tmp_path, client.lab))

    assert refused.value.message.startswith("Database connection failed")
    assert "refuses the user name or password" in str(refused.value)
    assert SECRET not in str(refused.value)


def test_a_wrong_address_is_named(tmp_path: Path) -> None:
    client: Any = pymongo.MongoClient("mongodb://me:" + SECRET + "@127.0.0.1:9/", serverSelectionTimeoutMS=200)

    with client, pytest.raises(DatabaseUnreachable, match=r"no answer at 127\.0\.0\.1:9") as refused:
        create(workspace(tmp_path, client.lab))

    assert SECRET not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def standalone() -> Iterator[Mongod]:
    server = Mongod(replica_set=False)
    yield server
    server.stop()


def test_a_standalone_server_is_read_plainly_and_the_set_says_so(standalone: Mongod, tmp_path: Path) -> None:
    with standalone.client() as client:
        fill(client.lab)
        ws = workspace(tmp_path, client.lab)

        created = create(ws)

        assert created.set is not None
        assert created.set.metadata["source"] == {
            "database": "lab", "database_id": created.set.database_id, "number": 1, "replica_set": "",
            "server_version": client.server_info()["version"], "topology": "standalone",
            "consistency": "none",
        }
        assert created.warnings == ("read without a common instant of all collections (server: standalone)",)
        assert verify(ws, created.set, level=2).ok
        assert create(ws, kind="differential", force=True).set is not None


@pytest.fixture
def ws(standalone: Mongod, tmp_path: Path) -> Iterator[Workspace]:
    with standalone.client(serverSelectionTimeoutMS=500) as client:
        client.drop_database("lab")
        fill(client.lab)
        yield workspace(tmp_path, client.lab)


def test_the_server_dies_while_being_read(
    standalone: Mongod, ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(ws)
    monkeypatch.setitem(failpoints.hooks, "W3", standalone.kill)

    with pytest.raises(DatabaseUnreachable, match="Database connection failed"):
        create(ws, force=True)

    assert len(ws.catalog.sets()) == 1
    assert not list(tmp_path.rglob(".tmp-*"))
    monkeypatch.undo()
    standalone.start()
    assert create(ws, force=True).set is not None


def test_the_server_dies_and_comes_back_and_the_backup_starts_again(
    standalone: Mongod, ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:

    killed: list[int] = []

    def restart() -> None:
        if not killed:
            killed.append(1)
            standalone.kill()
            standalone.start()

    monkeypatch.setitem(failpoints.hooks, "W3", restart)

    created = create(ws)

    assert killed
    assert created.set is not None
    assert verify(ws, created.set, level=2).ok


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("step", ["W2", "W4", "W7", "W8"])
def test_stopped_by_a_signal_nothing_is_left(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, signal_number: int
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal_number, stop)
    monkeypatch.setitem(failpoints.hooks, step, lambda: os.kill(os.getpid(), signal_number))
    try:
        with pytest.raises(KeyboardInterrupt):
            create(ws)
    finally:
        signal.signal(signal_number, before)

    left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert left <= {".lock", "README.txt", "seq_00000001"}
    with hold(ws, "backup"):
        pass

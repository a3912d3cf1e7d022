"""Who gets a backup as a file over HTTP, and who does not."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import pytest
from pymongo.database import Database

from backup_engine.api import DatabaseBackupRestore
from tests.mongod import Mongod
from tests.server.accounts import fresh_cookie, inhabited
from tests.server.running_app import RunningApp, cookie_header, wait_for

Running = tuple[RunningApp, Database[dict[str, object]]]


@pytest.fixture(scope="module")
def running(shared_mongod: Mongod) -> Iterator[Running]:
    """An app with one backup of one record."""
    with inhabited(shared_mongod) as (app, db):
        db["Equipment"].insert_one({"Vendor": "=1+1"})
        engine = DatabaseBackupRestore(client=db.client, database=db.name, backup_folder=str(app.backup_folder))
        wait_for(lambda: engine.create_backup(force=True)[0], "a backup beside the app's own")
        yield app, db


def label(app: RunningApp) -> str:
    metadata = list(app.backup_folder.glob("*/backup_metadata_*.json"))
    return metadata[-1].stem.removeprefix("backup_metadata_")


def ask(running: Running, path: str, cookie: str = "") -> tuple[int, dict[str, str], bytes]:
    return running[0].get(path, Cookie=cookie_header(running[0].url, cookie))


def test_an_admin_gets_the_files_of_the_set_as_a_zip(running: Running) -> None:
    app, db = running
    name = label(app)

    status, headers, body = ask(running, f"/backups/{name}.zip", fresh_cookie(app, db, "admin"))

    assert status == 200
    assert headers["content-disposition"] == f'attachment; filename="backup_{name}.zip"'
    assert headers["cache-control"] == "no-store"
    stored = {file.name: file.read_bytes() for file in app.backup_folder.glob(f"*day/*{name}*")}
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        assert {entry.rpartition("/")[2]: archive.read(entry) for entry in archive.namelist()} == stored
    assert db["equipment_activity"].count_documents({"action": "backup.download", "target": f"backup:{name}"}) == 1


@pytest.mark.parametrize("role", ["manager", "technician", "user"])
def test_other_roles_are_refused(running: Running, role: str) -> None:
    app, db = running

    status, _, body = ask(running, f"/backups/{label(app)}.zip", fresh_cookie(app, db, role))

    assert status == 403
    assert b"Admin only" in body


@pytest.mark.parametrize("cookie", ["", "forged", "system:app", "x" * 5000])
def test_nobody_is_refused(running: Running, cookie: str) -> None:
    assert ask(running, f"/backups/{label(running[0])}.zip", cookie)[0] in (400, 403)


def test_an_ended_session_is_refused(running: Running) -> None:
    app, db = running
    cookie = fresh_cookie(app, db, "admin")
    db["equipment_sessions"].delete_many({"user": "admin"})

    assert ask(running, f"/backups/{label(app)}.zip", cookie)[0] == 403


@pytest.mark.parametrize("name", ["20010101_000000", "..%2F..%2Fetc%2Fpasswd", "%00", "x%0d%0aSet-Cookie:%20a=b"])
def test_a_set_that_does_not_exist_is_not_found(running: Running, name: str) -> None:
    app, db = running

    status, headers, _ = ask(running, f"/backups/{name}.zip", fresh_cookie(app, db, "admin"))

    assert status in (400, 404)
    assert "set-cookie" not in headers

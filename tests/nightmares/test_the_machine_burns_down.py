"""The whole story: a server with encryption, two remotes and people at work dies with its disk, and another machine has
everything back with one command: the list, the accounts, attached files, loans and events byte for byte, and nothing of
the copy reaches the remotes."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pymongo
import pytest
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database

from backup_engine.api import DatabaseBackupRestore
from backup_engine.records import raw
from backup_engine.remotes.address import parse
from backup_engine.remotes.kinds import open_store
from backup_engine.repository import contents
from equipment.accounts.passwords import PASSWORDS
from equipment.domain.life.attachment import Limits
from equipment.domain.life.event import Done
from equipment.domain.life.loan import Holder, Terms
from equipment.server.embedded import Embedded
from equipment.store.access import SYSTEM
from equipment.store.accounts import users
from equipment.store.life import file_bytes, filing, lending, servicing
from equipment.store.life.servicing import Wrote
from equipment.store.list import keys, records
from tests.backup_engine.remotes.servers import ENVIRONMENT, seaweed
from tests.browser import people
from tests.server.accounts import signed_in_page
from tests.server.running_app import ROOT, RunningApp, mongods, wait_for

RECORDS = 2_000
LISTS = ("Equipment", "Equipment_select_options")
LIVES = ("equipment_files", "equipment_bytes.chunks", "equipment_bytes.files", "equipment_loans", "equipment_events")
LENT = -1
"""A record that has a file, a loan and an event, and that nobody deletes."""
Db = Database[dict[str, Any]]


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with seaweed() as place:
        yield place


def run(root: Path, folder: Path, environment: dict[str, str], *words: str) -> dict[str, Any]:
    """Type a command on the machine whose folder that is; gives its answer."""
    own = {"EQUIPMENT_DATA_FOLDER": str(folder / "data"), "BACKUP_FOLDER": str(folder / "backups")}
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("MONGODB_", "EQUIPMENT_", "BACKUP_", "STREAMLIT_", "COV", "PYTEST"))}
    done = subprocess.run([sys.executable, "backup_csv_for_db_restore.py", *words, "--json"], cwd=root, check=False,
                          env=kept | own | environment, capture_output=True, text=True, timeout=120)
    answer: dict[str, Any] = json.loads(done.stdout)
    assert answer["exit_code"] == done.returncode, done.stderr
    return answer


@contextmanager
def database_of(folder: Path) -> Iterator[Db]:
    """Look into the embedded server of a machine, while it runs."""
    with pymongo.MongoClient(Embedded(folder / "data", Path("mongod")).uri) as client:
        yield client["Equipment_DB"]


def keep_writing(database: Db, stop: threading.Event) -> None:
    """Work on the list as a lab does: add, change, delete."""
    chance, things = random.Random(7), database["Equipment"]
    number = RECORDS
    while not stop.wait(0.005):
        number += 1
        things.insert_one({"_id": number, "ID": number, "Serial": f"new-{number}"})
        things.update_one({"_id": chance.randrange(RECORDS)}, {"$set": {"Location": f"Lab {chance.randrange(9)}"}})
        things.delete_one({"_id": chance.randrange(RECORDS)})


def hashes(database: Db, names: tuple[str, ...] = LISTS) -> dict[str, str]:
    """MongoDB's own hash of each list."""
    found: dict[str, str] = database.command("dbHash", collections=list(names))["collections"]
    return {name: found[name] for name in names}


def live(database: Db, photo: bytes) -> dict[str, str]:
    """Attach a file, give the thing out and calibrate it; gives the hashes of what all that is kept in."""
    database["Equipment"].insert_one({"_id": LENT, "ID": LENT, "Serial": "lent"})
    entry = records.get(database, keys.key_of_id(LENT))
    assert entry is not None
    today = date.today()
    filing.attach(database, SYSTEM, entry, "scope.jpg", io.BytesIO(photo), Limits(1 << 30, 1 << 30))
    lending.check_out(database, SYSTEM, [entry], Terms(Holder("Bo"), today), today=today)
    servicing.write(database, SYSTEM, [Wrote(entry, Done("calibration", today), {})], today=today)
    return hashes(database, LIVES)


def hashes_of_set(engine: DatabaseBackupRestore, label: str, scratch: Db) -> dict[str, str]:
    """The same of what a set holds, written with nothing but insert."""
    backup = engine.workspace.catalog.find(label)
    for source in engine.workspace.sources:
        scratch.create_collection(source.collection)
        for batch in contents.documents(engine.workspace, backup, source.key):
            scratch[source.collection].insert_many(  # as bytes, so that nothing is understood on the way
                [RawBSONDocument(document) for document in raw.documents_of(batch)])  # type: ignore[arg-type]
    return hashes(scratch)


def what_lies_there(url: str) -> dict[str, datetime]:
    """Every object of a remote, and when it was written."""
    store = open_store(parse(url))
    try:
        return {stored.key: stored.modified for folder in ("claims", "sets", "data", "notes", "app", "probe")
                for stored in store.list(folder)}
    finally:
        store.close()


def burn(app: RunningApp, keep: Path) -> None:
    """Kill the program and its MongoDB, and take the disk; what it printed is kept for the test's report."""
    app.kill()
    for pid in mongods(app.data_folder):
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not mongods(app.data_folder), "the death of the server")
    app.log = Path(shutil.copy(app.log, keep))
    shutil.rmtree(app.folder)


def fresh_clone(to: Path) -> Path:
    """The checkout as somebody gets it: nothing of an installation."""
    listed = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard"], cwd=ROOT,
                            capture_output=True, text=True, check=True).stdout.splitlines()
    for name in filter(lambda name: (ROOT / name).is_file(), listed):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, to / name)
    return to


@pytest.mark.skipif(shutil.which("git") is None or not (ROOT / ".git").exists(), reason="no git here, or no clone")
def test_another_machine_has_everything_with_one_command(
    tmp_path: Path, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    safe, usb, first, second = (tmp_path / name for name in ("safe", "usb", "first", "second"))
    for folder in (safe, usb, first, second):
        folder.mkdir()
    identity = safe / "identity.txt"
    public = run(ROOT, safe, {}, "keys", "new", str(identity))["recipient"]
    cloud = f"s3://backups/story?endpoint={endpoint}&allow=http"
    settings = {"BACKUP_REMOTE": f"cloud={cloud} usb={usb.as_uri()}", "BACKUP_RECIPIENTS": public, **ENVIRONMENT}

    # the first machine: an administrator, a manager, a list, people at work
    with RunningApp(folder=first, **settings, **people.ADMINISTRATOR) as app, database_of(first) as database:
        things = database["Equipment"]
        things.insert_many([{"_id": n, "ID": n, "Serial": f"S{n}"} for n in range(RECORDS)])
        database["Equipment_select_options"].insert_many([{"Vendor": "Fluke"}, {"Vendor": "Hameg"}])
        users.create(database, SYSTEM, "Bo", "manager", password_hash=PASSWORDS.hash("a password of Bo"))
        photo = b"\xff\xd8\xff" + random.Random(7).randbytes(5_000_000)
        lives = live(database, photo)
        stop = threading.Event()
        writer = threading.Thread(target=keep_writing, args=(database, stop))
        writer.start()
        try:
            assert run(ROOT, first, settings, "backup", "--force")["ok"]
            last = run(ROOT, first, settings, "backup", "--force")
            assert last["ok"], last
            pushed = run(ROOT, first, settings, "push", "--now")
            assert pushed["ok"], pushed
            shutil.copytree(first / "backups", safe / "copy")  # to compare with
        finally:
            stop.set()
            writer.join()
        burn(app, safe)
    before = {url: what_lies_there(url) for url in (cloud, usb.as_uri())}

    # the second: nothing but the program, the address, its login and the key
    clone = fresh_clone(second / "clone")
    done = run(clone, second, ENVIRONMENT, "recover", "--from", cloud, "--identity", str(identity), "--yes")

    assert done["ok"], done
    with RunningApp(folder=second, root=clone, **settings) as app, database_of(second) as database:
        engine = DatabaseBackupRestore(client=database.client, database="scratch", backup_folder=str(safe / "copy"),
                                       identities=identity.read_text().split()[-1:])
        label = last["backup"]["label"]
        assert hashes(database) == hashes_of_set(engine, label, database.client["scratch"])
        assert hashes(database, LIVES) == lives
        assert b"".join(file_bytes.read(database, hashlib.sha256(photo).hexdigest())) == photo
        assert "Equipment Records" in signed_in_page(app, people.NAME, people.PASSWORD).text()
        assert "Equipment Records" in signed_in_page(app, "Bo", "a password of Bo").text()

        made = run(clone, second, settings, "backup", "--force")
        assert made["created"], "whoever asks for a backup gets one"
        refused = run(clone, second, settings, "push", "--now")
        assert (refused["exit_code"], refused["error"]) == (16, "StandingBy"), refused
        app.end()

    assert {url: what_lies_there(url) for url in before} == before, "the copy wrote into the original's remotes"

"""``recover`` as a person types it: into an empty database, into the embedded one, with and without a terminal."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backup_csv_for_db_restore import DatabaseBackupRestore
from backup_engine.cli.main import main
from backup_engine.keys.identity import identity_text
from equipment.server import database as databases
from equipment.settings import Settings
from tests.backup_engine.cli.test_main import ROOT
from tests.backup_engine.engine import raw
from tests.backup_engine.machines import Data, Machines, everything, standing
from tests.backup_engine.stored import age_seal, snapshot
from tests.installation import installed
from tests.mongod import Mongod

Command = Callable[..., tuple[int, Any]]


@pytest.fixture
def machines(tmp_path: Path, database: Data) -> Iterator[Machines]:
    with standing(tmp_path, database) as both:
        yield both


@pytest.fixture
def run(machines: Machines, shared_mongod: Mongod, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command on the bare machine in this process, with ``--json``: ``(exit code, answer)``."""

    def call(*words: str) -> tuple[int, Any]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["--folder", str(machines.root / "bare"), "--uri", shared_mongod.uri, "--database", machines.new.name,
                  "--json", *words], engine=DatabaseBackupRestore)
        return int(ended.value.code or 0), json.loads(capsys.readouterr().out)

    return call


def program(root: Path, *words: str, **environment: str) -> list[Any]:
    """The command of a bare machine, and the environment for it."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("MONGODB_", "EQUIPMENT_", "BACKUP_", "COV"))}
    place = {"BACKUP_FOLDER": str(root / "bare"), "EQUIPMENT_DATA_FOLDER": str(root / "data"), "COLUMNS": "300"}
    return [[sys.executable, "backup_csv_for_db_restore.py", "recover", *words], {**kept, **place, **environment}]


def test_into_an_empty_database(machines: Machines, shared_mongod: Mongod) -> None:
    older, backup = machines.back_up("older"), machines.back_up("newer")
    command, environment = program(machines.root, "--from", machines.source("folder"), "--yes", "--uri",
                                   shared_mongod.uri, "--database", machines.new.name)

    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stderr
    assert everything(machines.new) == everything(machines.old)
    for words in (f"In {machines.root}/lab:", f"“{machines.old.name}”"[1:-1], "20 equipment", "2 users", "→"):
        assert words in done.stderr, words
    assert done.stderr.index(str(backup.order)) and older.started.strftime("%H:%M:%S") in done.stderr
    assert f"Recovered backup {backup.label}" in done.stdout and "this is a copy of the database" in done.stdout.lower()
    assert "EQUIPMENT_PUBLIC_URL: the address people use" in done.stdout
    assert "BACKUP_REMOTE" in done.stdout and "Traceback" not in done.stderr


def test_into_the_embedded_database_of_a_bare_machine(machines: Machines) -> None:
    backup = machines.back_up()
    root = machines.root
    command, environment = program(root, "--from", machines.source("folder"), "--yes", "--json",
                                   EQUIPMENT_PUBLIC_URL="https://lab.example.org")

    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert answer["ok"] and answer["verified"] and answer["recovered"]["backup"]["label"] == backup.label
    assert answer["records"] == {"equipment": 20, "select_options": 5} and answer["before"] == []
    assert answer["application"]["users"] == {"added": 2}
    assert answer["recovered"]["application"]["records"]["users"] == 2
    assert answer["lost"][0].startswith("What was changed after 2025-06-04")
    assert "EQUIPMENT_PUBLIC_URL" not in answer["to_be_given_again"] and "BACKUP_REMOTE" in answer["to_be_given_again"]
    with installed(Settings(data_folder=root / "data", backup_folder=root / "bare")) as settings:
        embedded = databases.connect(settings)
        assert everything(embedded) == everything(machines.old)
        assert embedded.equipment_users.count_documents({"state": "active"}) == 2
        [entry] = embedded.equipment_activity.find({"action": "backup.recover"})
        assert entry["target"] == backup.label


@pytest.mark.parametrize(("typed", "code"), [("y\n", 0), ("n\n", 130)])
def test_a_person_is_shown_what_there_is_and_asked(
    machines: Machines, shared_mongod: Mongod, typed: str, code: int
) -> None:
    backup = machines.back_up()
    command, environment = program(machines.root, "--from", machines.source("folder"), "--uri", shared_mongod.uri,
                                   "--database", machines.new.name)
    ours, theirs = pty.openpty()
    os.write(ours, typed.encode())
    try:
        done = subprocess.run(command, env=environment, cwd=ROOT, stdin=theirs, capture_output=True, text=True,
                              timeout=120, check=False)
    finally:
        os.close(ours)
        os.close(theirs)

    assert done.returncode == code, done.stderr
    assert f"Recover backup {backup.label}?" in done.stderr and "20 equipment" in done.stderr
    assert machines.new.Equipment.count_documents({}) == (20 if code == 0 else 0)


def test_where_nobody_can_be_asked(run: Command, machines: Machines) -> None:
    machines.back_up()

    code, answer = run("recover", "--from", machines.source("folder"))

    assert (code, answer["error"]) == (2, "BadInput") and "--yes" in answer["message"]
    assert machines.new.list_collection_names() == []


def test_a_database_that_is_not_empty_is_refused_before_anybody_is_asked(run: Command, machines: Machines) -> None:
    machines.back_up()
    machines.new.equipment_users.insert_one({"_id": "eve"})
    before = raw(machines.new, "equipment_users")

    code, answer = run("recover", "--from", machines.source("folder"))

    assert (code, answer["error"]) == (20, "RestoreStopped")
    assert "is not empty: 1 in equipment_users" in answer["message"] and "--replace-existing" in answer["hint"]
    assert raw(machines.new, "equipment_users") == before


def test_replacing_what_is_there_and_undoing_it(run: Command, machines: Machines) -> None:
    machines.back_up()
    machines.new.Equipment.insert_one({"_id": "before"})

    code, answer = run("recover", "--from", machines.source("folder"), "--yes", "--replace-existing")

    assert code == 0 and answer["safety"]["trigger"] == "pre_restore"
    assert everything(machines.new) == everything(machines.old)
    assert run("undo", "--yes")[0] == 0
    assert machines.new.Equipment.distinct("_id") == ["before"]


def test_the_identity(run: Command, machines: Machines) -> None:
    seal, other = age_seal("zstd"), age_seal()
    machines.lab = replace(machines.lab, seal=seal)
    machines.back_up()
    for name, each in (("key.txt", seal), ("other.txt", other)):
        (machines.root / name).write_text(identity_text(each.identities[0], machines.lab.clock()))
    words = ("recover", "--from", machines.source("folder"), "--yes")

    code, answer = run(*words)
    assert (code, answer["error"]) == (12, "KeyNeeded")
    code, answer = run(*words, "--identity", str(machines.root / "other.txt"))
    assert (code, answer["error"]) == (12, "WrongKey") and answer["message"].startswith("Wrong key")
    code, answer = run(*words, "--identity", str(machines.root / "lost.txt"))
    assert (code, answer["error"]) == (2, "BadInput")
    assert machines.new.list_collection_names() == []
    code, answer = run(*words, "--identity", str(machines.root / "key.txt"))
    assert code == 0 and answer["recovered"]["encrypted"]
    assert everything(machines.new) == everything(machines.old)


def test_what_was_passed_over_stands_in_the_answer(run: Command, machines: Machines) -> None:
    machines.back_up("good")
    bad = machines.back_up("bad")
    for path in (machines.root / "lab").rglob(f"equipment_*{bad.label}*"):
        path.write_bytes(b"garbage")
    before = snapshot(machines.root / "lab")

    code, answer = run("recover", "--from", machines.source("folder"), "--yes")

    assert code == 0 and [skip["backup"]["label"] for skip in answer["skipped"]] == [bad.label]
    assert any(bad.label in line for line in answer["lost"]) and snapshot(machines.root / "lab") == before


@pytest.mark.parametrize("words", [
    (), ("--from", ""), ("--from", "/nowhere"), ("--from", "s3://key:hush@bucket/x"), ("--from", "s3://bucket/x"),
    ("--from", "file:///nowhere"), ("--from", "{folder}", "--at", "some day"),
    ("--from", "sftp://lab@127.0.0.1/x", "--host-key", "hush"), ("--from", "s3://bucket/x", "--host-key", "SHA256:x"),
])
def test_what_cannot_be_asked_for(run: Command, machines: Machines, words: tuple[str, ...]) -> None:
    machines.back_up()

    code, answer = run("recover", "--yes", *(word.format(folder=machines.source("folder")) for word in words))

    assert code == 2 and "hush" not in json.dumps(answer)
    assert machines.new.list_collection_names() == []

"""The command line: every verb by name, its exit code, its JSON, and how it ends when told to stop."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from pymongo.database import Database

from backup_engine.cli.main import commands
from backup_engine.csv_format.seal import Seal
from backup_engine.errors import NoBackupsFound
from backup_engine.locking.lease import COLLECTION, LEASE_ID
from backup_engine.repository.manifest import encode
from tests import odd_mount
from tests.backup_engine.engine import fill, raw
from tests.backup_engine.locking.test_lease import dead_holder
from tests.backup_engine.stored import file_of, flip, folder, snapshot, store
from tests.mongod import Mongod

Run = Callable[..., tuple[int, Any]]
ROOT = Path(__file__).parents[3]


def test_the_way_of_a_backup(run: Run, tmp_path: Path, database: Database) -> None:
    fill(database)

    code, made = run("backup")
    assert code == 0 and made["message"].startswith("Backup created successfully")
    assert Path(made["file"]).read_text().startswith("_id,Serial,Vendor")
    label = made["backup"]["label"]

    code, again = run("backup", "--interval", "2")
    assert code == 0 and not again["created"]
    assert again["message"].startswith("Backup not needed. Last backup was")

    assert run("backup", "--force")[1]["created"]
    listed = run("list")[1]["backups"]
    assert [backup["records"] for backup in listed] == [{"equipment": 20, "select_options": 5}] * 2
    shown = run("show", label)[1]
    assert shown["backup"]["label"] == label and shown["metadata"]["equipment_records_count"] == 20
    assert run("verify", label, "--level", "2")[1]["verification"]["ok"]
    assert run("verify", "--all")[1]["message"] == "All 2 backups verified at level 1 (stored bytes)."
    assert run("status")[1]["total"] == 2
    assert run("pin", label)[1]["backup"]["pinned"]
    assert not run("unpin", label)[1]["backup"]["pinned"]
    code, answer = run("comment", label, "before  the\nmove")
    assert (code, answer["backup"]["comment"]) == (0, "before the move")
    assert {each["label"]: each["comment"] for each in run("list")[1]["backups"]}[label] == "before the move"
    assert run("comment", label, "x" * 501)[0] == 2
    assert run("comment", label)[1]["backup"]["comment"] == ""
    pruned = run("prune", "--dry-run")[1]
    assert pruned["dry_run"] and pruned["deleted"] == [] and len(pruned["decisions"]) == 2


def test_the_way_back(run: Run, database: Database) -> None:
    fill(database)
    label = run("backup", "--force")[1]["backup"]["label"]
    before = raw(database, "Equipment")
    database.Equipment.delete_one({"_id": 3})
    database.Equipment.update_one({"_id": 4}, {"$set": {"Vendor": "changed"}})
    database.Equipment.insert_one({"_id": 99, "Serial": "new"})
    changed = raw(database, "Equipment")

    compared = run("compare", label, "--collection", "equipment")[1]["collections"]["equipment"]
    assert (compared["only_left"], compared["only_right"], compared["different"]) == (1, 1, 1)
    dry = run("restore", label, "--mode", "replace", "--dry-run")[1]["collections"]["equipment"]
    assert dry == {"added": 1, "removed": 1, "changed": 1, "unchanged": 18}
    assert raw(database, "Equipment") == changed

    code, done = run("restore", label, "--mode", "replace", "--yes")
    assert code == 0 and done["restored"] == {"equipment": 20, "select_options": 5}
    assert raw(database, "Equipment") == before
    assert run("undo", "--yes")[0] == 0
    assert raw(database, "Equipment") == changed

    code, merged = run("restore", label, "--collection", "equipment", "--mode", "merge", "--yes")
    assert code == 0 and (merged["inserted"], merged["updated"]) == (1, 1)
    assert database.Equipment.count_documents({}) == 21
    assert run("drill", label)[0] == 0
    assert run("history", "00004")[1]["versions"] == run("history", "4")[1]["versions"] != []
    assert run("history", "nobody")[1]["message"] == "No backup knows nobody."


def test_a_moment_is_brought_back_by_the_newest_good_backup_before_it(run: Run, database: Database) -> None:
    fill(database)
    before = raw(database, "Equipment")
    made = run("backup", "--force")[1]["backup"]
    until = datetime.fromisoformat(made["started"]) + timedelta(milliseconds=1)
    database.Equipment.delete_many({"_id": {"$gt": 15}})
    assert run("backup", "--force")[0] == 0

    assert run("restore", "--at", until.isoformat(), "--mode", "replace", "--yes")[0] == 0
    assert raw(database, "Equipment") == before
    code, refused = run("restore", "--at", "2025-11-26 11:59", "--mode", "replace", "--yes")
    assert code == NoBackupsFound.exit_code
    assert "at 2025-11-26 11:59:00" in refused["message"] and "the oldest is of" in refused["message"]
    for which in ([], [made["label"], "--at", "2025-11-26 11:59"], ["--at", "noon"]):
        assert run("restore", *which, "--mode", "replace", "--yes")[0] == 2


def test_a_merge_that_was_refused_has_a_code_of_its_own(run: Run, database: Database) -> None:
    fill(database)
    label = run("backup", "--force")[1]["backup"]["label"]
    records = list(database.Equipment.find())
    database.Equipment.delete_many({})
    database.Equipment.insert_many([{**record, "_id": float(record["_id"])} for record in records])
    merge = ("restore", label, "--collection", "equipment", "--mode", "merge", "--yes")

    code, merged = run(*merge)
    assert code == 20 and merged["message"].startswith("Restore stopped; current data unchanged: 20 refused")
    assert (merged["ok"], merged["extent"], len(merged["left_alone"])) == (False, "nothing", 20)

    database.Equipment_select_options.delete_one({"_id": 1})
    code, merged = run("restore", label, "--mode", "merge", "--yes")
    assert code == 3 and (merged["ok"], merged["extent"]) == (False, "partly")
    assert merged["message"].startswith("Merge completed, but not all of it: equipment: 20 refused, 0 added")
    assert "select_options: 1 added" in merged["message"]


def test_newest_of_sets_from_elsewhere_is_to_be_named(run: Run, database: Database, tmp_path: Path) -> None:
    fill(database)
    run("backup", "--force")
    elsewhere = tmp_path / "elsewhere"
    taken = run("import-set", str(tmp_path / "sets"), place=elsewhere)[1]["backup"]["label"]

    code, answer = run("verify", "newest", place=elsewhere)

    assert code == 16 and answer["message"].endswith("holds 1 imported backup; name one")
    assert run("verify", taken, place=elsewhere)[0] == 0


def test_lost_and_found_knows_the_trash(run: Run, database: Database) -> None:
    fill(database)
    run("backup", "--force")
    database.Equipment.delete_many({"_id": {"$in": [3, 4]}})
    database.Equipment_trash.insert_one({"record": {"_id": 3, "Serial": "00003"}, "by": "x"})

    lost = run("lost")[1]["lost"]

    assert [record["fields"]["Serial"] for record in lost] == ["00004"]


def test_pick_file(run: Run, database: Database, tmp_path: Path) -> None:
    fill(database)
    label = run("backup", "--force")[1]["backup"]["label"]
    database.Equipment.delete_many({"_id": {"$in": [3, 4]}})
    wanted = tmp_path / "pick.json"
    wanted.write_text(json.dumps({"records": {"~" + json.dumps({"$numberInt": "3"}): None}}))

    code, merged = run("restore", label, "--collection", "equipment", "--mode", "merge", "--yes", "--pick", str(wanted))

    assert code == 0 and merged["inserted"] == 1
    assert database.Equipment.find_one({"_id": 3}) and not database.Equipment.find_one({"_id": 4})


def test_import_set(run: Run, database: Database, tmp_path: Path) -> None:
    fill(database)
    made = run("backup", "--force")[1]["backup"]
    archive = tmp_path / "set.zip"
    with ZipFile(archive, "w") as packed:
        for path in (tmp_path / "sets" / made["day"]).iterdir():
            packed.write(path, f"{made['day']}/{path.name}")

    code, taken = run("import-set", str(archive), place=tmp_path / "elsewhere")

    assert code == 0 and taken["backup"]["records"] == {"equipment": 20, "select_options": 5}
    assert run("import-set", str(tmp_path / "nothing"))[0] == 2


def test_repair(run: Run, tmp_path: Path) -> None:
    ws, _ = folder(tmp_path / "sets")
    backup = store(ws)
    file_of(ws, backup, "metadata").unlink()

    code, mended = run("repair", backup.label)

    assert code == 0 and mended["action"] == "metadata"


def refused(tmp_path: Path) -> list[tuple[int, str, list[str]]]:
    """Exit code, first words, command: on a folder with one sound and several damaged sets."""
    ws, clock = folder(tmp_path / "sets")
    labels = []
    for _ in range(4):
        labels.append(store(ws).label)
        clock.pass_by(hours=1)
    sets = ws.catalog.sets()
    flip(file_of(ws, sets[0]), 90)
    file_of(ws, sets[1], "select_options").unlink()
    path = file_of(ws, sets[2], "metadata")
    path.write_text(path.read_text().replace('"min_reader_version": 2', '"min_reader_version": 5'))
    return [
        (13, "Backup verification failed", ["verify", labels[0]]),
        (13, "Backup verification failed", ["verify", "--all"]),
        (15, "Backup file not found", ["verify", labels[1]]),
        (19, "Backup was made by a newer version", ["verify", labels[2]]),
        (16, "No backups found", ["verify", "20200101_000000"]),
        (16, "No backups found", ["show", "nonsense"]),
        (2, "", ["backup", "--interval", "0.05"]),
        (2, "", ["restore", labels[3], "--mode", "merge", "--collection", "spares", "--yes"]),
        (2, "Nobody can be asked", ["restore", labels[3], "--mode", "replace"]),
        (2, "", ["restore", labels[3], "--mode", "sideways"]),
        (2, "", ["verify", labels[3], "--level", "4"]),
        (2, "--pick", ["restore", labels[3], "--mode", "replace", "--pick", "x", "--yes"]),
        (2, "", ["nonsense"]),
    ]


def test_exit_codes_and_first_words(run: Run, tmp_path: Path) -> None:
    for code, words, command in refused(tmp_path):
        status, answer = run(*command)

        assert (status, answer["exit_code"], answer["ok"]) == (code, code, False), command
        assert answer["message"].startswith(words), command


@pytest.mark.parametrize("interval", ["0", "0.05", "169", "x", "nan", "inf", "-1", "1e9", ""])
def test_interval_is_refused_with_its_bounds(run: Run, interval: str, tmp_path: Path) -> None:
    code, answer = run("backup", "--interval", interval)

    assert code == 2 and "0.1" in answer["message"] and "168" in answer["message"]
    assert not (tmp_path / "sets").exists()


def test_empty_folder(run: Run) -> None:
    code, answer = run("list")

    assert code == 16 and answer["message"].startswith("No backups found") and "is empty" in answer["message"]


def test_wrong_key(run: Run, tmp_path: Path) -> None:
    from tests.backup_engine.stored import age_seal

    ws, _ = folder(tmp_path / "sets", seal=age_seal())
    label = store(ws).label

    code, answer = run("verify", label, "--level", "2")

    assert code == 12 and answer["message"].startswith("Key needed")
    assert ws.seal != Seal()


UNREACHABLE = {
    "nobody listens": "mongodb://joe:s3cret@127.0.0.1:1/",
    "no such host": "mongodb://joe:s3cret@no-such-host.invalid/",
    "not an address": "mongodb://joe:s3cret@127.0.0.1:x/",
    "unknown option": "mongodb://joe:s3cret@127.0.0.1:1/?replicaSet=",
    "another protocol": "http://joe:s3cret@127.0.0.1/",
}


@pytest.mark.parametrize("why", UNREACHABLE)
def test_unreachable_database_hides_the_password(run: Run, why: str) -> None:
    code, answer = run("backup", "--force", uri=UNREACHABLE[why])

    assert code == 14 and answer["message"].startswith("Database connection failed")
    assert "s3cret" not in json.dumps(answer)


def test_looking_needs_no_database(run: Run, tmp_path: Path) -> None:
    ws, _ = folder(tmp_path / "sets")
    label = store(ws).label

    for command in (["list"], ["show", label], ["verify", label], ["prune", "--dry-run"], ["pin", label]):
        assert run(*command, uri=UNREACHABLE["nobody listens"])[0] == 0, command
    assert run("status", uri=UNREACHABLE["nobody listens"])[0] == 0


def test_looking_changes_nothing(run: Run, tmp_path: Path) -> None:
    ws, _ = folder(tmp_path / "sets")
    label = store(ws).label
    before = snapshot(tmp_path)

    for command in (["list"], ["show", label], ["verify", label], ["prune", "--dry-run"], ["status"]):
        run(*command)

    assert snapshot(tmp_path) == before


def program(*words: str, place: Path, **options: Any) -> subprocess.Popen[str]:
    """Start the program as a process of its own, with nothing of an installation around it."""
    code = ("import sys; from backup_engine.cli.main import main; sys.modules['streamlit'] = None; "
            "sys.modules['equipment'] = None; main()")
    return subprocess.Popen(
        [sys.executable, "-c", code, "--folder", str(place), *words], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}, **options,
    )


def test_words_for_people_without_streamlit(tmp_path: Path) -> None:
    ws, _ = folder(tmp_path)
    label = store(ws).label

    out, err = program("list", place=tmp_path).communicate(timeout=60)

    assert err == ""
    assert out.splitlines()[0].split() == ["BACKUP", "DAY", "AGE", "MADE", "BY", "KIND", "STATE", "VERIFIED", "RECORDS"]
    assert label in out and "30 equipment, 4 select_options" in out


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_stopped_in_the_middle_leaves_nothing(
    number: int, code: int, tmp_path: Path, shared_mongod: Mongod, database: Database
) -> None:
    database.Equipment.insert_many([{"_id": n, "Serial": f"{n:05d}" * 40} for n in range(25_000)])
    process = program("--uri", shared_mongod.uri, "--database", database.name, "backup", place=tmp_path)
    while not list(tmp_path.glob("*/.tmp-*")):
        assert process.poll() is None, process.communicate()

    process.send_signal(number)
    out, err = process.communicate(timeout=60)

    assert process.returncode == code, (out, err)
    assert "Traceback" not in err and "Cancelled" in err
    assert [path.name for path in tmp_path.glob("*day/*")] == []
    assert not list(tmp_path.glob(".state/intent*"))
    again = program("--uri", shared_mongod.uri, "--database", database.name, "backup", place=tmp_path)
    assert again.wait(timeout=120) == 0, again.communicate()


def test_unlock_says_who_holds_it_asks_and_releases(run: Run, tmp_path: Path, database: Database) -> None:
    assert run("unlock")[1]["message"] == "No lock is held."
    dead_holder(database, timedelta(0), host="busy-host", place="/srv/backups", pid=4711)

    code, refused = run("unlock", "--yes")
    assert (code, refused["error"]) == (11, "RestoreRunning")
    assert "restore on busy-host, process 4711, folder /srv/backups, since " in refused["message"]

    database[COLLECTION].update_one({"_id": LEASE_ID}, [{"$set": {"until": {"$add": ["$$NOW", -61_000]}}}])
    code, unasked = run("unlock")  # there is nobody to ask
    assert (code, "--yes" in unasked["message"]) == (2, True)
    code, released = run("unlock", "--yes")
    assert (code, released["released"]) == (0, True)
    assert (released["holder"]["host"], released["holder"]["process"]) == ("busy-host", 4711)
    assert run("unlock")[1]["released"] is False


def test_a_restore_from_a_read_only_folder_goes_to_the_work_folder(
    run: Run, tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    label = run("backup")[1]["backup"]["label"]
    database.Equipment.delete_many({})
    odd_mount.read_only(monkeypatch, tmp_path / "sets")
    restore = ("restore", label, "--collection", "equipment", "--mode", "replace", "--yes")

    code, refused = run(*restore)
    assert (code, "--work-folder" in refused["hint"]) == (18, True)
    code, done = run("--work-folder", str(tmp_path / "work"), *restore)
    assert (code, database.Equipment.count_documents({})) == (0, 20)
    assert f"lies in {tmp_path}/work" in done["message"]
    listed = run("list", "--work-folder", str(tmp_path / "work"))[1]["backups"]
    assert [backup["place"] for backup in listed] == [str(tmp_path / "work"), str(tmp_path / "sets")]

    assert run("undo", "--yes")[0] == 18  # nowhere to write
    code, undone = run("undo", "--yes", "--work-folder", str(tmp_path / "work"))
    assert (code, database.Equipment.count_documents({})) == (0, 0), undone


def test_help_names_every_verb() -> None:
    names = set(commands.commands)

    assert names == {"backup", "list", "show", "verify", "repair", "prune", "pin", "unpin", "comment", "status",
                     "restore", "undo", "compare", "drill", "history", "lost", "import-set", "owners", "adopt",
                     "activate", "recover", "unlock", "keys", "reseal", "restore-application", "undo-application",
                     "remotes", "push", "fetch"}


@pytest.mark.parametrize(("redirection", "encoding", "code", "said"), [
    (" >&-", "utf-8", 0, ""),
    (" >/dev/full", "utf-8", 1, "The answer could not be written: No space left on device."),
    ("", "latin-1", 0, "\\u201clab\\u201d"),
])
def test_no_terminal_is_a_reason_to_fail(
    tmp_path: Path, database: Database, redirection: str, encoding: str, code: int, said: str
) -> None:
    ws, _ = folder(tmp_path)
    backup = store(ws)
    about = {**backup.metadata, "source": {**backup.metadata["source"], "database": "lab"}}
    file_of(ws, backup, "metadata").write_bytes(encode(about))
    script = "from backup_engine.cli.main import main; main()"
    words = f"{sys.executable} -c '{script}' --folder {tmp_path} show {backup.label}{redirection}"

    done = subprocess.run(["sh", "-c", words], cwd=ROOT, capture_output=True, text=True, encoding=encoding,
                          env={**os.environ, "PYTHONIOENCODING": encoding}, check=False)

    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert said in done.stdout + done.stderr

"""Commands about places off the machine, and ``--from`` of those that read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from backup_engine.api import DatabaseBackupRestore
from backup_engine.cli.main import main
from backup_engine.errors import Cancelled
from tests.backup_engine.engine import OWN, fill, fill_own, raw
from tests.backup_engine.stored import flip
from tests.mongod import Mongod

Run = Callable[..., tuple[int, Any]]
Data = Database[dict[str, Any]]


@pytest.fixture
def run(
    tmp_path: Path, shared_mongod: Mongod, database: Data, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Run a command in this process with ``--json`` and a remote ``disk``: ``(exit code, answer)``."""
    monkeypatch.setattr("backup_engine.remotes.patient.FIRST_PAUSE", 0)
    (tmp_path / "disk").mkdir()

    def call(*words: str, text: bool = False, **more: Any) -> tuple[int, Any]:
        def engine(**given: Any) -> DatabaseBackupRestore:
            return DatabaseBackupRestore(remotes=f"disk=file://{tmp_path}/disk", **given, **more)

        capsys.readouterr()
        given = ["--uri", shared_mongod.uri, "--folder", str(tmp_path / "sets"), "--database", database.name]
        with pytest.raises(SystemExit) as ended:
            main([*given, *([] if text else ["--json"]), *words], engine=engine)
        said = capsys.readouterr().out
        return int(ended.value.code or 0), said if text else json.loads(said)

    return call


def test_the_applications_own_data_goes_there_and_back(run: Run, database: Data, tmp_path: Path) -> None:
    fill(database)
    fill_own(database)
    made = run("backup", "--force", application=OWN)[1]
    label = made["backup"]["label"]

    assert made["remotes"][0]["with_application"] == 1
    assert "3 users, 0 trash" in run("show", label, "--from", "disk", text=True, application=OWN)[1]
    assert run("verify", label, "--from", "disk", "--level", "2", application=OWN)[0] == 0
    assert run("drill", label, "--from", "disk", application=OWN)[0] == 0
    (tmp_path / "sets").rename(tmp_path / "lost")
    code, fetched = run("fetch", "disk", "newest", application=OWN)
    assert (code, fetched["application"], fetched["problem"]) == (0, [label], "")
    assert run("verify", label, "--level", "2", application=OWN)[0] == 0
    (tmp_path / "sets").rename(tmp_path / "lost too")
    flip(next((tmp_path / "disk" / "app").rglob("users*")), 5)
    code, fetched = run("fetch", "disk", "newest", application=OWN)
    assert code == 3 and fetched["backup"]["label"] == label and "was changed" in fetched["problem"]


def test_the_way_there(run: Run, database: Data, tmp_path: Path) -> None:
    fill(database)
    label = run("backup", "--force", "--no-push")[1]["backup"]["label"]
    assert run("status")[1]["remotes"][0]["waiting"] == [label]

    code, pushed = run("push")

    assert code == 0 and pushed["remotes"] == [{"remote": "disk", "sent": [label], "waiting": 0, "with_application": 0,
                                                    "problem": "", "cleared": [], "replaced": []}]
    [listed] = run("remotes")[1]["remotes"]
    assert (listed["name"], listed["state"], listed["address"]) == ("disk", "up to date", f"file://{tmp_path}/disk")
    assert "disk does not keep backups from being deleted" in run("remotes", text=True)[1]
    assert "remote disk:" in run("status", text=True)[1]
    assert [backup["label"] for backup in run("list", "--from", "disk")[1]["backups"]] == [label]
    assert run("show", "newest", "--from", "disk")[1]["backup"]["label"] == label
    assert run("verify", "newest", "--from", "disk", "--level", "2")[1]["verification"]["ok"]
    assert run("verify", "--all", "--from", "disk")[0] == 0
    assert run("drill", "--from", "disk")[1]["records"]["equipment"] == 20


def test_backup_sends_what_waits(run: Run, database: Data) -> None:
    fill(database)

    code, made = run("backup")
    label = made["backup"]["label"]
    assert (code, [each["sent"] for each in made["remotes"]]) == (0, [[label]])
    assert made["message"].endswith("Equipment_select_options. 1 backup sent to remote disk.")
    code, again = run("backup")
    assert (code, again["created"], again["remotes"]) == (0, False, [])

    code, kept = run("backup", "--force", "--no-push")
    assert (code, kept["remotes"], run("status")[1]["remotes"][0]["waiting"]) == (0, [], [kept["backup"]["label"]])
    code, later = run("backup")
    assert (code, later["created"], later["remotes"][0]["sent"]) == (0, False, [kept["backup"]["label"]])


def test_trouble_with_a_remote_is_a_warning_on_a_backup(run: Run, database: Data, tmp_path: Path) -> None:
    fill(database)
    (tmp_path / "disk").rename(tmp_path / "away")

    code, made = run("backup")

    assert code == 3 and made["created"] and made["message"].startswith("Backup created, but the remote disk is in ")
    assert "is not there" in made["message"] and made["message"].count("in trouble") == 1
    code, later = run("backup")
    assert (code, later["created"]) == (3, False)
    assert later["message"].startswith("Backup not needed.") and "The remote disk is in trouble" in later["message"]
    assert run("backup", "--force")[1]["message"].count("in trouble") == 1
    (tmp_path / "away").rename(tmp_path / "disk")
    assert run("push", "--now")[0] == 0
    code, well = run("backup", "--force")
    assert code == 0 and well["message"].startswith("Backup created successfully")


def test_stopped_while_it_sends(run: Run, database: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    def stops(*_: Any, **__: Any) -> None:
        raise Cancelled("nothing was changed")

    fill(database)
    monkeypatch.setattr("backup_engine.push.push", stops)

    code, made = run("backup")

    assert (code, made["created"]) == (130, True) and "Sending was stopped" in made["message"]


def test_the_way_back_with_the_folder_gone(run: Run, database: Data, tmp_path: Path) -> None:
    fill(database)
    label = run("backup", "--force")[1]["backup"]["label"]
    wanted = raw(database, "Equipment")
    database.Equipment.delete_many({"_id": {"$lt": 9}})
    for path in (tmp_path / "sets").rglob("*"):
        if path.is_file():
            path.unlink()

    compared = run("compare", label, "--from", "disk", "--collection", "equipment")[1]["collections"]["equipment"]
    rehearsed = run("restore", label, "--mode", "replace", "--from", "disk", "--dry-run")[1]
    code, restored = run("restore", label, "--mode", "replace", "--from", "disk", "--yes")

    assert compared["only_left"] == 9 and rehearsed["collections"]["equipment"]["added"] == 9
    assert code == 0 and restored["restored"] == {"equipment": 20, "select_options": 5}
    assert raw(database, "Equipment") == wanted
    code, fetched = run("fetch", "disk", "newest")
    assert code == 0 and fetched["backup"]["label"] == label and fetched["backup"]["pinned"]
    assert run("verify", label)[1]["verification"]["ok"]
    assert run("undo", "--yes")[0] == 0
    assert database.Equipment.count_documents({}) == 11


def test_adding_testing_removing(run: Run, database: Data, tmp_path: Path) -> None:
    fill(database)
    run("backup", "--force")
    (tmp_path / "second").mkdir()

    assert "added and works" in run("remotes", "add", "second", f"file://{tmp_path}/second")[1]["message"]
    assert [each["name"] for each in run("remotes")[1]["remotes"]] == ["disk", "second"]
    assert "works" in run("remotes", "test", "second")[1]["message"]
    assert "taken over" in run("remotes", "take-over", "second")[1]["message"]
    assert [each["remote"] for each in run("push")[1]["remotes"]] == ["disk", "second"]
    assert run("remotes", "remove", "second")[0] == 0
    assert run("remotes", "remove", "disk")[0] == 2


def test_trouble_has_its_exit_code(run: Run, database: Data, tmp_path: Path) -> None:
    fill(database)
    run("backup", "--force", "--no-push")
    (tmp_path / "disk").rename(tmp_path / "away")

    code, pushed = run("push", "--now")

    assert code == 22 and "is not there" in pushed["message"]
    assert run("list", "--from", "disk")[0] == 22
    assert run("remotes")[1]["remotes"][0]["state"] == "trouble"
    code, made = run("backup", "--force", "--no-push")
    assert code == 3 and made["created"] and "the remote disk is in trouble" in made["message"]


@pytest.mark.parametrize("words", [
    ("remotes", "add", "second"), ("remotes", "test"), ("remotes", "test", "disk", "more"), ("remotes", "list", "disk"),
    ("push", "nowhere"), ("fetch", "nowhere", "newest"), ("list", "--from", "nowhere"),
    ("remotes", "confirm-key", "disk", "SHA256:x"), ("remotes", "add", "second", "s3://key:hush@bucket/x"),
])
def test_what_cannot_be_asked_for(run: Run, words: tuple[str, ...]) -> None:
    code, answer = run(*words)

    assert code == 2 and "hush" not in json.dumps(answer)

"""The commands that say whose the backups are."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database

from backup_engine.ownership import identity, standby
from tests.backup_engine.cli.conftest import Run
from tests.backup_engine.engine import fill
from tests.backup_engine.sets import NOW, make_set


def test_a_backup_of_another_database_is_restored_only_after_saying_so(
    run: Run, database: Database[dict[str, Any]]
) -> None:
    other = f"{database.name}_other"
    fill(database)
    theirs = run("--database", other, "backup", "--force")  # the lists are empty there, and nothing lies in the folder
    assert theirs[0] == 0
    label = theirs[1]["backup"]["label"]
    assert run("backup")[0] == 0
    listed = {entry["database"]: entry["relation"] for entry in run("list")[1]["backups"]}
    assert listed == {database.name: "own", other: "foreign"}
    assert run("status")[1]["foreign"] == 1

    code, refused = run("restore", label, "--mode", "merge", "--yes")
    assert (code, refused["error"]) == (2, "ForeignBackup")
    assert database.Equipment.count_documents({}) == 20
    assert run("restore", label, "--mode", "replace", "--yes", "--from-other-database")[0] == 0
    assert database.Equipment.count_documents({}) == 0
    assert run("undo", "--yes")[0] == 0
    assert database.Equipment.count_documents({}) == 20
    database.client.drop_database(other)


def test_a_lost_database_is_adopted_with_one_command(run: Run, database: Database[dict[str, Any]]) -> None:
    fill(database)
    label = run("backup", "--force")[1]["backup"]["label"]
    database.client.drop_database(database.name)

    code, refused = run("backup")
    assert (code, refused["error"]) == (16, "ChoiceNeeded")
    assert run("owners")[1]["question"] == "dropped"
    code, adopted = run("adopt")

    assert code == 0
    assert [(holding["relation"], holding["gone"]) for holding in adopted["holdings"]] == [("adopted", False)]
    assert run("restore", label, "--mode", "replace", "--yes")[0] == 0
    assert database.Equipment.count_documents({}) == 20
    assert run("backup")[1]["created"]
    assert run("adopt", database.name, "--gone")[1]["holdings"][1]["gone"]
    assert run("adopt", "all", "--not-gone")[1]["holdings"][1]["gone"] is False
    assert run("adopt", "--gone", "--not-gone")[0] == 2


def test_starting_anew(run: Run, database: Database[dict[str, Any]]) -> None:
    fill(database)
    run("backup", "--force")
    database.client.drop_database(database.name)

    code, answered = run("owners", "--this-is", "new")

    assert (code, answered["question"]) == (0, None)
    assert run("backup")[0] == 0
    assert run("owners", "--this-is", "copy")[0] == 2


def test_a_recovered_copy_stands_by_until_one_command(run: Run, database: Database[dict[str, Any]]) -> None:
    fill(database)
    about = {"database": "Lab", "database_id": "id-of-the-original"}
    copied = standby.enter(database, make_set(1, NOW, metadata={"source": about}), "s3://bucket/lab", NOW)
    identity.create(database, claimed=False)

    code, refused = run("remotes", "add", "disk", "file:///nowhere")
    assert (code, refused["error"]) == (16, "StandingBy")
    assert refused["message"].startswith("Recovered copy: this is a copy of the database “Lab”")
    assert "activate" in refused["hint"] and run("remotes")[1]["remotes"] == []
    assert run("backup")[1]["created"], "nobody is kept from saving"
    assert "recovered copy" in run("prune")[1]["halted"]
    described = {**about, "backup": copied.label, "source": "s3://bucket/lab", "since": NOW.isoformat()}
    code, told = run("status")
    assert (code, told["standby"]) == (0, described)
    assert told["message"] == "This is a recovered copy that stands by."
    code, unasked = run("activate")
    assert (code, unasked["error"]) == (2, "BadInput") and "--yes" in unasked["message"]
    assert standby.read(database) is not None

    code, acts = run("activate", "--yes")

    assert (code, acts["was"]) == (0, described) and standby.read(database) is None
    told = run("status")[1]
    assert (told["standby"], told["halted"]) == (None, "")
    assert [holding["relation"] for holding in run("owners")[1]["holdings"]] == ["own", "adopted"]
    assert [holding["gone"] for holding in run("adopt", "Lab", "--gone")[1]["holdings"]] == [False, True]
    assert run("activate", "--yes")[0] == 2

"""``import``: as on the screen, with answers that a program can read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from pymongo.database import Database

from backup_engine.api import system_user
from equipment import backups
from equipment.backups import NOBODY
from equipment.settings import get_settings
from equipment.store import activity
from tests.equipment.commands.console import Run, typed
from tests.mongod import Mongod

Db = Database[dict[str, Any]]
LIST = "Geräteliste\n\nNr;Hersteller;Ort\n1;Acme;A\n2;Ohm;B\n3;Volt;C\n"
FIELDS = ["rows", "columns", "notes", "identity", "added", "updated", "unchanged", "left_out", "renumbered"]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shared_mongod: Mongod, database: Db) -> Iterator[Run]:
    database["Equipment"].insert_many([{"ID": 1, "Vendor": "Acme", "Location": "Z"}])
    with typed(monkeypatch, tmp_path, shared_mongod, database) as run:
        yield run


def given(text: str, name: str = "list.csv") -> str:
    Path(name).write_bytes(text.encode())
    return name


def answer(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def counts(result: Result) -> tuple[int, ...]:
    return tuple(answer(result)[name] for name in FIELDS[4:])


def test_a_list_comes_in_once_and_is_in_the_log(run: Run, database: Db) -> None:
    said = answer(run("import", given(LIST), "--json"))
    again = answer(run("import", "list.csv", "--json"))

    assert list(said) == FIELDS
    assert (said["rows"], said["columns"], said["identity"]) == (3, ["ID", "Vendor", "Location"], ["ID"])
    assert [said[name] for name in FIELDS[4:]] == [2, 1, 0, 0, 0]
    assert any("Geräteliste" in note for note in said["notes"]) and "“Nr” is the column ID." in said["notes"]
    assert [again[name] for name in FIELDS[4:]] == [0, 0, 3, 0, 0]
    written = activity.find(database, activity.Filter(actions=("records.import",)))
    assert [(entry["note"], entry["who"]) for entry in written] == [("from list.csv", system_user())] * 3
    assert len({record["Location"] for record in database["Equipment"].find()}) == 3


def test_a_dry_run_says_the_same_and_changes_nothing(run: Run, database: Db) -> None:
    before = list(database["Equipment"].find())

    said = answer(run("import", given(LIST), "--dry-run", "--json"))

    assert [said[name] for name in FIELDS[4:]] == [2, 1, 0, 0, 0]
    assert list(database["Equipment"].find()) == before
    assert "This would be: 2 added, 1 updated" in run("import", "list.csv", "--dry-run").stdout


@pytest.mark.parametrize(("clash", "expected"), [("renumber", (2, 0, 0, 0, 1)), ("skip", (1, 0, 0, 1, 0))])
def test_a_taken_id_is_given_anew_or_left_out(run: Run, database: Db, clash: str, expected: tuple[int, ...]) -> None:
    file = given("ID,Serial\n1,x\n7,y\n")

    for words in (["--dry-run"], []):
        said = answer(run("import", file, "--identity", "Serial", "--id-clash", clash, "--json", *words))
        assert tuple(said[name] for name in FIELDS[4:]) == expected
    assert any("ID 1" in note for note in said["notes"])


def test_a_taken_id_can_stop_it(run: Run, database: Db) -> None:
    stopped = run("import", given("ID,Serial\n1,x\n7,y\n"), "--identity", "Serial", "--id-clash", "stop", "--json")

    assert stopped.exit_code == 2
    assert {"ok": False, "exit_code": 2, "error": "BadInput"}.items() <= json.loads(stopped.stdout).items()
    assert database["Equipment"].count_documents({}) == 1


def test_how_the_file_is_read_can_be_said(run: Run, database: Db) -> None:
    Path("list.txt").write_bytes("Titel\nID|Raum\n4|'=ü\nTotal|\n".encode("cp1252"))
    words = ("import", "list.txt", "--separator", "|", "--encoding", "cp1252", "--header-row", "2", "--take-in",
             "--take-off", "--quote", "none", "--json")

    assert counts(run(*words)) == (2, 0, 0, 0, 0)
    assert {record["Location"] for record in database["Equipment"].find()} == {"Z", "=ü", ""}


def test_empty_cells_clear_only_when_asked(run: Run) -> None:
    file = given("ID,Location\n1,\n")

    assert counts(run("import", file, "--json")) == (0, 0, 1, 0, 0)
    assert counts(run("import", file, "--clear-empty", "--json")) == (0, 1, 0, 0, 0)


def test_another_list_with_its_own_numbers_is_refused_unless_it_is_meant(run: Run, database: Db) -> None:
    file = given("ID,Vendor,Location\n1,Volt,B\n")

    refused = run("import", file)
    assert (refused.exit_code, "another list" in refused.stderr) == (2, True)
    assert database["Equipment"].find_one()["Vendor"] == "Acme"  # type: ignore[index]
    assert counts(run("import", file, "--identity", "ID", "--json")) == (0, 1, 0, 0, 0)


def test_many_records_are_backed_up_first(run: Run) -> None:
    assert counts(run("import", given("ID\n" + "".join(f"{number}\n" for number in range(2, 103))), "--json"))[0] == 101

    found = backups.of(get_settings(), lambda: None).sets(NOBODY)  # type: ignore[arg-type, return-value]
    assert [(backup.trigger, backup.counts["equipment"]) for backup in found] == [("auto", 1)]


@pytest.mark.parametrize(("words", "why"), [
    (["gone.csv"], "gone.csv cannot be read"), (["list.csv", "--identity", "Colour"], "no column Colour"),
    (["list.csv", "--separator", "ab"], "no separator"), (["list.csv", "--encoding", "hex"], "no encoding hex"),
    (["list.csv", "--sheet", "2024"], "has no sheets"), (["list.csv", "--header-row", "99"], "Row 99"),
    (["list.csv", "--uri", ""], "must be text"), (["list.csv", "--database", "a b"], "cannot be the name")])
def test_what_cannot_be_used_says_so(run: Run, database: Db, words: list[str], why: str) -> None:
    given(LIST)

    refused = run("import", *words)

    assert (refused.exit_code, why in refused.stderr) == (2, True), refused.output
    assert database["Equipment"].count_documents({}) == 1


def test_another_database_can_be_named(run: Run, database: Db, shared_mongod: Mongod) -> None:
    other = f"{database.name}_b"
    host, _, options = shared_mongod.uri.partition("/?")
    there = f"{host}/{other}?{options}"
    try:
        assert counts(run("import", given("ID\n5\n"), "--database", other, "--json"))[0] == 1
        assert counts(run("import", given("ID\n6\n"), "--uri", there, "--json"))[0] == 1
        assert database.client[other]["Equipment"].count_documents({}) == 2
        assert database["Equipment"].count_documents({}) == 1
    finally:
        database.client.drop_database(other)

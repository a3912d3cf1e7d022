"""``export``: the list for another system, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bson import json_util
from pymongo.database import Database
from pymongo.errors import AutoReconnect

from equipment.exchange import list_export
from equipment.exchange.reading import tables
from equipment.store import activity
from tests.equipment.commands.console import Run, typed
from tests.mongod import Mongod

Db = Database[dict[str, Any]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shared_mongod: Mongod, database: Db) -> Iterator[Run]:
    database["Equipment"].insert_many([{"_id": 1, "ID": 1, "Vendor": "Acme & Co"},
                                      {"_id": 2, "ID": 2, "Vendor": "Ohm"}])
    with typed(monkeypatch, tmp_path, shared_mongod, database) as run:
        yield run


def test_it_is_written_to_the_output_and_into_the_log(run: Run, database: Db) -> None:
    done = run("export", "--filter", "is.Vendor=Acme & Co")

    assert (done.exit_code, done.stdout_bytes) == (0, '\ufeffID,"Vendor"\r\n1,Acme & Co\r\n'.encode())
    assert activity.count(database, activity.Filter(actions=("records.export",))) == 1


def test_the_ending_of_the_file_says_the_form(run: Run) -> None:
    for name, words in (("list.json", []), ("list.xlsx", []), ("list", ["--format", "json"])):
        assert run("export", "--out", name, "--filter", "sort=-ID", *words).exit_code == 0

    assert [record["ID"] for record in json_util.loads(Path("list.json").read_text())] == [2, 1]
    with Path("list.xlsx").open("rb") as file:
        assert tables.read(file, "list.xlsx").rows == (("2", "Ohm"), ("1", "Acme & Co"))
    assert Path("list").read_bytes() == Path("list.json").read_bytes()


def test_what_was_exported_imports_as_unchanged(run: Run) -> None:
    for name in ("list.csv", "list.xlsx"):
        run("export", "--out", name)
        assert "0 added, 0 updated, 2 unchanged." in run("import", name).stdout


def test_a_file_that_is_there_stays_when_it_fails(run: Run, database: Db) -> None:
    Path("list.xlsx").write_text("of yesterday")
    database["Equipment"].insert_one({"ID": 3, "Vendor": "x" * 40_000})

    refused = run("export", "--out", "list.xlsx")

    assert (refused.exit_code, "40,000 characters" in refused.stderr) == (2, True)
    assert [path.name for path in Path().glob("*list*")] == ["list.xlsx"]
    assert Path("list.xlsx").read_text() == "of yesterday"


def test_a_file_that_is_there_stays_when_it_breaks_off(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks_off(*_: Any, **__: Any) -> Iterator[bytes]:
        yield b"half of "
        raise AutoReconnect("gone")

    Path("list.csv").write_text("of yesterday")
    monkeypatch.setattr(list_export, "stream", breaks_off)

    assert run("export", "--out", "list.csv").exit_code == 14
    assert [(path.name, path.read_text()) for path in Path().glob("*list*")] == [("list.csv", "of yesterday")]


@pytest.mark.parametrize(("words", "code", "why"), [
    (["--filter", "vendor=Ohm"], 2, "no filter vendor"), (["--filter", "Ohm"], 2, "has no value"),
    (["--out", "gone/list.csv"], 1, "could not be written")])
def test_what_cannot_be_used_says_so(run: Run, words: list[str], code: int, why: str) -> None:
    refused = run("export", *words)

    assert (refused.exit_code, why in refused.stderr, refused.stdout) == (code, True, "")

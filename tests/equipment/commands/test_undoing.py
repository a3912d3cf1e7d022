"""``undo``: an import from the command line has a way back there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pymongo.database import Database

from tests.equipment.commands.console import typed
from tests.mongod import Mongod


def test_an_import_is_listed_and_taken_back_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shared_mongod: Mongod, database: Database[dict[str, Any]]
) -> None:
    before = {"_id": 1, "ID": 1, "Vendor": "Acme"}
    database["Equipment"].insert_one(before)
    (tmp_path / "list.csv").write_text("ID,Vendor\n1,Volt\n2,Ohm\n")
    with typed(monkeypatch, tmp_path, shared_mongod, database) as run:
        said = run("import", "list.csv", "--identity", "ID").stdout
        [number] = re.findall(r"equipment undo (\w+)", said)

        assert f"{number}  " in (listed := run("undo").stdout) and "from list.csv" in listed and "2 records" in listed
        assert "1 written back, 1 added ones moved to the trash" in run("undo", number).stdout
        assert list(database["Equipment"].find()) == [before]
        again, wrong = run("undo", number), run("undo", "x")
        assert (again.exit_code, "nothing to undo" in again.stderr) == (2, True)
        assert (wrong.exit_code, "is no number" in wrong.stderr) == (2, True)

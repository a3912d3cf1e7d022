"""Backups for programs: made and read back as work that goes on, and never restored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from equipment import backups
from equipment.server.api import jobs
from equipment.server.api.table import operations
from tests.equipment.server.api.lab import Db, Lab, problem


@pytest.fixture
def lab(database: Db, tmp_path: Path) -> Iterator[Lab]:
    database["Equipment"].insert_one({"_id": 1, "ID": 1})
    yield Lab(database, tmp_path)
    backups.stop()


def ended(lab: Lab, accepted: Any) -> dict[str, Any]:
    """Follow ``Location`` until the work is over."""
    assert accepted.status_code == 202, accepted.text
    where = accepted.headers["location"].removeprefix("/api/v1")
    job = jobs.find(accepted.json()["id"])
    assert job is not None and job.done.wait(60)
    told: dict[str, Any] = lab.ask("GET", where).json()
    return told


def test_a_backup_is_made_listed_and_read_back(lab: Lab) -> None:
    assert lab.ask("GET", "/backups").json() == {"items": []}

    made = ended(lab, lab.ask("POST", "/backups", json={}))

    assert (made["state"], made["error"]) == ("done", "")
    [backup] = lab.ask("GET", "/backups", scope="read").json()["items"]
    assert (backup["state"], backup["usable"], backup["counts"]["equipment"]) == ("complete", True, 1)
    checked = ended(lab, lab.ask("POST", f"/backups/{backup['id']}/verify", json={}))
    assert (checked["state"], checked["error"]) == ("done", "")


def test_a_damaged_one_is_said(lab: Lab) -> None:
    ended(lab, lab.ask("POST", "/backups", json={"force": True}))
    [backup] = lab.ask("GET", "/backups").json()["items"]
    [file] = [path for path in lab.settings.backup_folder.rglob("equipment_*.csv*") if ".app" not in path.parts]
    data = bytearray(file.read_bytes())
    data[-3] ^= 1
    file.write_bytes(data)

    told = ended(lab, lab.ask("POST", f"/backups/{backup['id']}/verify", json={}))

    assert (told["state"], told["code"]) == ("failed", "VerificationFailed") and file.name in told["error"]


def test_only_administrators_and_only_with_the_scope(lab: Lab) -> None:
    for method, path in (("GET", "/backups"), ("POST", "/backups"), ("POST", "/backups/x/verify"), ("GET", "/jobs/x")):
        more = {"json": {}} if method == "POST" else {}
        problem(lab.ask(method, path, role="manager", **more), 403)
        if more:
            problem(lab.ask(method, path, scope="read", **more), 403)
    problem(lab.ask("POST", "/backups/none/verify", json={}), 404, "NoBackupsFound")
    problem(lab.ask("GET", "/jobs/none"), 404)


def test_nothing_here_restores_or_deletes_one() -> None:
    about = [operation for operation in operations() if re.match(r"/(backups|jobs)", operation.path)]

    assert {(operation.method, operation.path) for operation in about} == {
        ("GET", "/backups"), ("POST", "/backups"), ("POST", "/backups/{id}/verify"), ("GET", "/jobs/{id}")}

"""The commands, run as a person runs them: a process of its own against a real server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyotp
from pymongo.database import Database

from equipment.accounts import login
from equipment.accounts.login import Visitor
from equipment.store import activity
from equipment.store.access import USERS
from equipment.store.accounts import factors
from equipment.store.activity import Filter
from tests.equipment.store.people import signed_in
from tests.mongod import Mongod

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse battery"
Db = Database[dict[str, Any]]


def run(server: Mongod, database: Db, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run ``python -m equipment user …``."""
    environment = {**os.environ, "MONGODB_URI": server.uri, "MONGODB_DATABASE": database.name}
    command = [sys.executable, "-m", "equipment", "user", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, input=given, capture_output=True, text=True, timeout=120,
                          check=False)


def test_the_story_at_the_console(shared_mongod: Mongod, database: Db) -> None:
    added = run(shared_mongod, database, "add", "Ada", "--role", "admin", "--password-stdin", given=PASSWORD + "\n")
    assert (added.returncode, added.stdout) == (0, "Ada was created with the role admin.\n")
    assert login.sign_in(database, "ada", PASSWORD, Visitor())[1].role == "admin"

    bob = run(shared_mongod, database, "add", "Bob")
    code = re.search(r": (\S+)$", bob.stdout.strip())
    assert code is not None
    assert login.sign_in(database, "bob", code[1], Visitor())[1].must_change_password

    assert run(shared_mongod, database, "role", "bob", "manager").returncode == 0
    listed = json.loads(run(shared_mongod, database, "list", "--json").stdout)
    assert [(account["name"], account["role"]) for account in listed] == [("Ada", "admin"), ("Bob", "manager")]
    assert activity.count(database, Filter(actions=("user.role",))) == 1


def test_a_second_factor_that_is_lost_is_taken_away_at_the_console(shared_mongod: Mongod, database: Db) -> None:
    who, secret = signed_in(database, "admin", "ada"), factors.offer("ada").secret
    factors.confirm(database, who, "ada", secret, pyotp.TOTP(secret).now())

    taken = run(shared_mongod, database, "reset-factor", "Ada")

    assert (taken.returncode, taken.stdout) == (0, "Ada signs in with the password alone.\n")
    assert not (database[USERS].find_one({"_id": "ada"}) or {"factor": 1}).get("factor")
    (logged,) = activity.find(database, Filter(actions=("user.factor",)), limit=1)
    assert logged["note"] == "reset by an administrator"
    for name, why in (("ada", "has no second factor"), ("nobody", "no second factor")):
        again = run(shared_mongod, database, "reset-factor", name)
        assert (again.returncode, why in again.stderr, "Traceback" in again.stderr) == (2, True, False)


def test_what_cannot_be_says_so(shared_mongod: Mongod, database: Db) -> None:
    run(shared_mongod, database, "add", "Ada", "--role", "admin")

    last = run(shared_mongod, database, "disable", "ada")
    assert (last.returncode, "last administrator" in last.stderr) == (2, True)
    unknown = run(shared_mongod, database, "reset", "nobody")
    assert (unknown.returncode, "no such account" in unknown.stderr) == (2, True)
    poor = run(shared_mongod, database, "add", "Bob", "--password-stdin", given="hunter2\n")
    assert poor.returncode == 2
    for answer in (last, unknown, poor):
        assert "Traceback" not in answer.stderr
        assert "hunter2" not in answer.stderr + answer.stdout


def test_a_database_that_does_not_answer(shared_mongod: Mongod, database: Db) -> None:
    environment = {**os.environ, "MONGODB_URI": "mongodb://bob:secret@127.0.0.1:1/"}
    command = [sys.executable, "-m", "equipment", "user", "list"]

    answer = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )

    assert answer.returncode == 14
    assert answer.stderr.startswith("Database connection failed")
    assert "secret" not in answer.stderr

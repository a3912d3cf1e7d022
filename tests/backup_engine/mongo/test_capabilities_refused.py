"""Servers that lack something: Atlas, MongoDB 4.4, a proxy with a list of commands. What there is, is tried."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymongo
import pytest
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database

from backup_engine import compare, create, drill, merge, restore, undo, verify
from backup_engine.errors import BackupError, DatabaseUnreachable, RestoreStopped
from backup_engine.model import BackupSet
from backup_engine.mongo.capabilities import Capabilities, named
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import fill, raw, workspace
from tests.mongod import Mongod
from tests.refusing_proxy import Answer, refusing, unknown

Doc = dict[str, Any]
NAMES = ("Equipment", "Equipment_select_options")
KEYS = ("equipment", "select_options")
ROOT = Path(__file__).resolve().parents[3]


def atlas(command: RawBSONDocument) -> Doc | None:
    """Refuse what a free cluster of Atlas does, in its words."""
    name = next(iter(command))
    why = ""
    if name in ("replSetGetStatus", "replSetGetConfig", "setParameter", "getParameter", "serverStatus", "collStats"):
        why = f"CMD_NOT_ALLOWED: {name}"
    elif command.get("bypassDocumentValidation"):
        why = "bypassDocumentValidation is not allowed in this atlas tier"
    elif name == "find" and command.get("noCursorTimeout"):
        why = "noTimeout cursors are disallowed in this atlas tier"
    elif name == "createIndexes" and any("v" in index for index in command["indexes"]):
        why = "Index option v is disallowed in createIndexes command in this Atlas tier"
    return {"ok": 0.0, "errmsg": why, "code": 8000, "codeName": "AtlasError"} if why else None


def without_snapshots(command: RawBSONDocument) -> Doc | None:
    """Refuse to read one instant outside a transaction, as MongoDB 4.4 does."""
    concern = command.get("readConcern") or {}
    if concern.get("level") != "snapshot" or "startTransaction" in command:
        return None
    return {"ok": 0.0, "errmsg": "read concern level snapshot is only valid in a transaction", "code": 72,
            "codeName": "InvalidOptions"}


def refuses(name: str, code: int, words: str) -> Answer:
    return lambda command: ({"ok": 0.0, "errmsg": words, "code": code, "codeName": "Refused"}
                            if next(iter(command)) == name else None)


@contextmanager
def behind(server: Mongod, answer: Answer, name: str) -> Iterator[Database[Doc]]:
    """Give a database as it is seen through a proxy that refuses."""
    with refusing(server, answer) as uri, pymongo.MongoClient(uri) as client:
        yield client[name]


def filled(database: Database[Doc]) -> None:
    fill(database, 40, 5)
    database.Equipment.create_index("Serial", unique=True)
    database.Equipment.create_index([("Vendor", 1)], collation={"locale": "de"})


def everything(database: Database[Doc]) -> list[list[bytes]]:
    return [raw(database, name) for name in NAMES]


def made(ws: Workspace, kind: Any = "full") -> BackupSet:
    backup = create.create(ws, force=True, kind=kind).set
    assert backup is not None and backup.kind == kind
    return backup


@pytest.mark.parametrize(
    ("answer", "captures"),
    [(atlas, True), (without_snapshots, False), (unknown("buildInfo", "buildinfo", "connectionStatus"), True)],
    ids=["Atlas", "no snapshot reads", "a proxy with a list"],
)
def test_every_verb_works_where_something_is_missing(
    shared_mongod: Mongod, database: Database[Doc], tmp_path: Path, answer: Answer, captures: bool
) -> None:
    filled(database)
    with behind(shared_mongod, answer, database.name) as seen:
        ws = workspace(tmp_path, seen)
        assert Capabilities.of(seen).captures is captures
        before = everything(database)
        full = made(ws)
        assert full.metadata["source"]["consistency"] == ("snapshot" if captures else "none")
        database.Equipment.update_many({"_id": {"$lt": 5}}, {"$set": {"Vendor": "later"}})
        database.Equipment.delete_many({"_id": {"$gte": 38}})
        later = everything(database)
        small = made(ws, "differential")
        assert verify.verify(ws, small, 2).ok
        drill.drill(ws, small)
        assert compare.compare(ws, full).different == 5

        restored = restore.replace(ws, restore.plan_replace(ws, full, KEYS))

        assert everything(database) == before
        assert {index["name"] for index in database.Equipment.list_indexes()} == {"_id_", "Serial_1", "Vendor_1"}
        assert ("writes during the restore were not captured (the server has no snapshot reads)"
                in restored.problems) is not captures
        undo.undo(ws)
        assert everything(database) == later
        merged = merge.merge(ws, merge.plan(ws, full, "equipment"))
        assert (merged.inserted, merged.updated) == (2, 5)
        assert everything(database) == before


@pytest.mark.parametrize("answer", [
    refuses("renameCollection", 8000, "CMD_NOT_ALLOWED: renameCollection"),
    refuses("createIndexes", 59, "no such command: 'createIndexes'"),
    lambda command: ({"ok": 0.0, "errmsg": "The $changeStream stage is not supported", "code": 303, "codeName": "x"}
                     if "$changeStream" in str(command.get("pipeline", "")) else None),
], ids=["renameCollection", "createIndexes", "change streams"])
def test_where_a_replace_is_not_possible_nothing_was_changed(
    shared_mongod: Mongod, database: Database[Doc], tmp_path: Path, answer: Answer
) -> None:
    filled(database)
    with behind(shared_mongod, answer, database.name) as seen:
        ws = workspace(tmp_path, seen)
        backup = made(ws)
        database.Equipment.delete_one({"_id": 3})
        before = everything(database)

        with pytest.raises(RestoreStopped, match="current data unchanged"):
            restore.replace(ws, restore.plan_replace(ws, backup, KEYS))

        assert everything(database) == before
        assert not [name for name in database.list_collection_names() if "__" in name]
        assert merge.merge(ws, merge.plan(ws, backup, "equipment")).inserted == 1


def test_what_a_validator_refuses_is_said_on_atlas_as_to_a_user_without_the_right(
    shared_mongod: Mongod, database: Database[Doc], tmp_path: Path
) -> None:
    database.Equipment.insert_one({"_id": 1, "old": True})
    database.command("collMod", "Equipment", validator={"Serial": {"$exists": True}})
    with behind(shared_mongod, atlas, database.name) as seen:
        ws = workspace(tmp_path, seen)
        backup = made(ws)

        with pytest.raises(RestoreStopped, match="the validation rules of Equipment refuse") as stopped:
            restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]))

    assert "A free cluster of Atlas lets nobody do it." in stopped.value.hint


def test_a_server_without_hello_is_told_to_be_the_wrong_one(
    shared_mongod: Mongod, database: Database[Doc], tmp_path: Path
) -> None:
    with behind(shared_mongod, unknown("hello"), database.name) as seen, pytest.raises(BackupError) as raised:
        create.create(workspace(tmp_path, seen), force=True)

    assert "no such command: 'hello'" in raised.value.message
    assert raised.value.hint == "docs/deployment.md says what a MongoDB must have."


def test_atlas_refuses_a_login_and_a_command_by_one_code() -> None:
    login = named(pymongo.errors.OperationFailure("bad auth : Authentication failed.", 8000))
    command = named(pymongo.errors.OperationFailure("CMD_NOT_ALLOWED: collStats", 8000, {
        "errmsg": "CMD_NOT_ALLOWED: collStats"}))

    assert isinstance(login, DatabaseUnreachable) and "user name or password" in login.message
    assert not isinstance(command, DatabaseUnreachable) and "CMD_NOT_ALLOWED: collStats" in command.message


ASKED = re.compile(r"server_info|build_?info|wire_?version|version_?array", re.I)
TOLD = {"backup_engine/mongo/capabilities.py", "equipment/server/about.py", "equipment/server/diagnosis.py"}
"""Who may ask for the version: for the metadata of a set, and for a line that whoever helps reads."""
ORDER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


def _compared(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(isinstance(operator, ORDER) for operator in node.ops):
            text = ast.unparse(node)
            if re.search(r"\b(version|major|minor|wire)\b(?!\.sets)", text):
                yield text


def test_nothing_is_concluded_from_the_version_of_a_server() -> None:
    sources = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
               for package in ("backup_engine", "equipment") for path in (ROOT / package).rglob("*.py")}

    assert {name for name, text in sources.items() if ASKED.search(text)} == TOLD
    assert {name: found for name, text in sources.items() if (found := list(_compared(ast.parse(text))))} == {}
    look: Callable[[str], list[str]] = lambda code: list(_compared(ast.parse(code)))  # noqa: E731
    assert look("major >= 5") and look("int(version.split('.')[0]) < 5") and not look("version is None")

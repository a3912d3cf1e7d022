"""What a database user with ``readWrite`` can do, and what is said where a right is missing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymongo
import pytest
from pymongo.database import Database
from pymongo.errors import OperationFailure
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from backup_engine import create, drill, merge, restore, undo
from backup_engine.errors import PermissionDenied, RestoreStopped
from backup_engine.model import OWNER_SOURCES, BackupSet
from backup_engine.mongo.rights import BYPASS, denied
from backup_engine.repository import ledger
from backup_engine.verify import verify
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import OWN, back_up, fill_own, workspace
from tests.mongod import Mongod, with_access_control

Doc = dict[str, Any]
SECRET = "s3cret-pass"
RULES: dict[str, Doc] = {
    "schema": {"$jsonSchema": {"required": ["n"], "properties": {"n": {"bsonType": "int", "minimum": 1}}}},
    "divides": {"$expr": {"$gt": [{"$divide": [1, "$n"]}, 0]}},
    "converts": {"$expr": {"$gt": [{"$toInt": "$n"}, 0]}},
}
"""All take n = 1; to 0 and to text the first says no, and the others fail or say no."""
_numbers = itertools.count()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mongod]:
    server = with_access_control(tmp_path_factory.mktemp("key"), SECRET)
    yield server
    server.stop()


@pytest.fixture
def root(guarded: Mongod) -> Iterator[Database[Doc]]:
    """A database of its own, with every right."""
    with guarded.client(username="root", password=SECRET) as client:
        yield client[f"lab{next(_numbers)}"]


@pytest.fixture
def ws(guarded: Mongod, root: Database[Doc], tmp_path: Path, asked: Asked) -> Iterator[Workspace]:
    """The same database as a user sees it who has ``readWrite`` there and nothing else."""
    with as_user(guarded, root, ["readWrite"], event_listeners=[asked]) as client:
        yield workspace(tmp_path, client[root.name])


def as_user(server: Mongod, root: Database[Doc], roles: list[Any], **options: Any) -> pymongo.MongoClient[Doc]:
    name = f"user{next(_numbers)}"
    root.command("createUser", name, pwd=SECRET, roles=roles)
    return server.client(username=name, password=SECRET, authSource=root.name, **options)


class Asked(CommandListener):
    """Counts the commands that were to pass a validator by."""

    def __init__(self) -> None:
        self.past_the_validator = 0

    def started(self, event: CommandStartedEvent) -> None:
        self.past_the_validator += BYPASS in event.command

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Of no interest."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Of no interest."""


@pytest.fixture
def asked() -> Asked:
    return Asked()


def fill(root: Database[Doc], rule: Doc | None = None, numbers: tuple[Any, ...] = (1, 1, 1)) -> None:
    root.create_collection("Equipment", **({"validator": rule} if rule else {}))
    root.Equipment.insert_many([{"_id": place, "n": n} for place, n in enumerate(numbers)],
                               bypass_document_validation=True)


def replace(ws: Workspace, backup: BackupSet) -> restore.Restored:
    return restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"]))


@pytest.mark.parametrize("rule", [None, *RULES.values()], ids=["no rule", *RULES])
def test_read_write_is_enough_where_no_record_breaks_a_rule(
    ws: Workspace, root: Database[Doc], rule: Doc | None, asked: Asked
) -> None:
    fill(root, rule)
    backup = back_up(ws)

    root.Equipment.delete_one({"_id": 1})
    merged = merge.merge(ws, merge.plan(ws, backup, "equipment"))
    root.Equipment.delete_many({})
    drilled = drill.drill(ws, backup)
    replaced = replace(ws, backup)
    undone = undo.undo(ws)

    assert (merged.inserted, merged.refused) == (1, 0)
    assert drilled.counts["equipment"] == replaced.counts["equipment"] == 3
    assert undone.counts["equipment"] == 0
    assert root.Equipment.options().get("validator") == rule
    assert asked.past_the_validator == 0


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_record_that_breaks_a_rule_takes_a_right_that_is_named(
    guarded: Mongod, ws: Workspace, root: Database[Doc], rule: Doc, tmp_path: Path
) -> None:
    fill(root, rule, (1, 0, "x", 1))
    backup = back_up(ws)
    before = ledger.read(ws.storage)
    root.Equipment.delete_many({"_id": {"$ne": 0}})

    with pytest.raises(RestoreStopped) as drilled:
        drill.drill(ws, backup)
    with pytest.raises(RestoreStopped) as replaced:
        replace(ws, backup)
    merged = merge.merge(ws, merge.plan(ws, backup, "equipment"))

    for problem in (drilled.value, replaced.value):
        assert f"lacks the action bypassDocumentValidation on {root.name}.Equipment" in problem.message
        assert "records of the backup, the first of them row 2 (_id 1)," in problem.message
        assert f"the role dbAdmin on {root.name}" in problem.hint
    assert ledger.read(ws.storage).get(backup.backup_id) == before.get(backup.backup_id)  # nothing against the set
    assert (merged.inserted, merged.refused) == (1, 2)
    assert {outcome.why for outcome in merged.report if outcome.status == "refused"} == {
        "the collection's validation rule rejects the record, and the database user lacks the action "
        f"bypassDocumentValidation on {root.name}.Equipment: grant it the role dbAdmin, or a role with that action, "
        "and merge again"}
    assert [document["_id"] for document in root.Equipment.find(sort=[("_id", 1)])] == [0, 3]
    # what the message advises
    with as_user(guarded, root, ["readWrite", "dbAdmin"]) as client:
        stronger = workspace(tmp_path, client[root.name])
        assert merge.merge(stronger, merge.plan(stronger, backup, "equipment")).inserted == 2
        assert "2 records of Equipment do not meet its validation rules" in drill.drill(stronger, backup).message
        assert "2 records of Equipment do not meet its validation rules" in replace(stronger, backup).message
    assert root.Equipment.count_documents({}) == 4


def test_more_records_break_a_rule_than_a_batch_is_repeated_for(ws: Workspace, root: Database[Doc]) -> None:
    fill(root, RULES["schema"], (1,) * 10 + (0,) * 30)
    backup = back_up(ws)
    root.Equipment.delete_many({})

    merged = merge.merge(ws, merge.plan(ws, backup, "equipment"))

    assert (merged.inserted, merged.refused) == (10, 30)


def test_rights_on_single_collections_are_not_enough_and_it_says_which_is_missing(
    guarded: Mongod, root: Database[Doc], tmp_path: Path
) -> None:
    actions = ["find", "insert", "update", "remove", "createIndex", "listIndexes", "changeStream", "collStats"]
    names = ("Equipment", "Equipment_select_options", "backup_restore_state", "backup_restore_journal")
    root.command("createRole", "narrow", roles=[], privileges=[
        {"resource": {"db": root.name, "collection": name}, "actions": actions} for name in names])
    fill(root)
    with as_user(guarded, root, ["narrow"]) as client:
        ws = workspace(tmp_path, client[root.name])

        with pytest.raises(PermissionDenied, match=f"lacks the action listCollections on the database {root.name}"):
            create.create(ws)
    # what is missing for a backup is that action alone
    root.command("createRole", "lists", roles=["narrow"], privileges=[
        {"resource": {"db": root.name, "collection": ""}, "actions": ["listCollections"]}])
    with as_user(guarded, root, ["lists"]) as client:
        ws = workspace(tmp_path, client[root.name])

        backup = back_up(ws)

        assert backup.counts["equipment"] == 3
        with pytest.raises(PermissionDenied, match="lacks the action createCollection on every collection of"):
            drill.drill(ws, backup)
        assert back_up(ws).counts["equipment"] == 3  # the drill that could not begin leaves nothing to clear up


@pytest.mark.parametrize(("said", "wanted"), [
    ('{ insert: "Equipment", ordered: false, bypassDocumentValidation: true', "bypassDocumentValidation on every coll"),
    ('{ renameCollection: "lab.Equipment__restore_ab12", to: "lab.Equipment"', "renameCollectionSameDB on every colle"),
    ('{ findAndModify: "backup_restore_state", query: {}', "update on lab.backup_restore_state"),
    ('{ aggregate: 1, pipeline: [ { $changeStream: {} } ]', "changeStream on every collection of lab"),
    ('{ createIndexes: "Equipment__drill_ab12"', "createIndex on every collection of lab"),
    ('{ collMod: "Equipment__restore_ab12", expireAfterSeconds: 60', "collMod on every collection of lab"),
    ('{ listCollections: 1, cursor: {}', "listCollections on the database lab"),
])
def test_the_missing_action_is_read_from_what_the_server_says(said: str, wanted: str) -> None:
    problem = denied(OperationFailure(f"not authorized on lab to execute command {said} }}", 13), " at host")

    assert f"the database user lacks the action {wanted}" in problem.message
    advised = "dbAdmin" if wanted.startswith(("bypass", "collMod")) else "readWrite"
    assert problem.hint == f"Grant it the role {advised} on lab, or a role with that action."


def test_a_refusal_in_other_words_is_still_one() -> None:
    assert denied(OperationFailure("no", 13), " at host").detail == "the database user may not do this at host"


def test_who_may_read_the_lists_alone_backs_them_up_and_is_told_what_is_missing(
    guarded: Mongod, root: Database[Doc], tmp_path: Path
) -> None:
    fill(root)
    fill_own(root)
    names = [*(source.collection for source in OWNER_SOURCES), "backup_restore_state", "backup_restore_journal"]
    root.command("createRole", "lists", roles=[], privileges=[
        {"resource": {"db": root.name, "collection": ""}, "actions": ["listCollections"]},
        *({"resource": {"db": root.name, "collection": name}, "actions": ["find", "listIndexes", "collStats"]}
          for name in names)])

    with as_user(guarded, root, ["lists"]) as client:
        made = back_up(workspace(tmp_path, client[root.name], application=OWN))

    assert made.metadata["source"]["consistency"] == "snapshot" and made.counts["equipment"] == 3
    assert made.warnings[1].startswith("accounts, trash and activity: not saved with this backup (Permission denied: "
                                       "the database user lacks the action ")
    assert verify(workspace(tmp_path, root), made, 2).ok

"""One verb on a replica set in an odd state, or with an odd connection string: is the answer true, to the record?

``play`` gives the answer and a verdict as ``elections`` does: "ok", or what was broken.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bson

from backup_engine import create, drill, merge, restore, undo, verify
from backup_engine.api import DatabaseBackupRestore
from backup_engine.errors import BackupError
from backup_engine.model import BackupSet
from backup_engine.mongo import pinned
from backup_engine.records import raw
from backup_engine.repository import contents
from backup_engine.workspace import Workspace
from tests.backup_engine.engine import workspace
from tests.replica_set import ReplicaSet

Doc = dict[str, Any]
State = dict[Any, str]
NAME = "exact"
RECORDS = 2_000
VERBS = ("backup", "replace", "merge", "undo", "drill")
OPTIONS = (
    "readPreference=secondaryPreferred", "readPreference=nearest", "readConcernLevel=majority",
    "readConcernLevel=linearizable", "w=1", "w=0", "w=3", "journal=false", "retryWrites=false", "wtimeoutMS=300",
    "timeoutMS=100", "socketTimeoutMS=30", "maxPoolSize=1",
)
"""What a connection string may say, each with a member that lags behind."""
DIRECT = "directConnection=true, to a secondary"
DOWN = "w=3, one member down"


@dataclass
class Ground:
    """A backup of a list, and the list, which has changed since; made in a way that nobody doubts."""

    members: ReplicaSet
    folder: Path
    name: str = NAME
    saved: State = field(default_factory=dict)
    changed: State = field(default_factory=dict)

    def prepare(self, verb: str) -> None:
        """Make it; for an undo the backup has been restored."""
        self.client = self.members.client()
        self.client.drop_database(self.name)
        # Not for every member: the one that lags behind never says that it has the index.
        self.truth = pinned.database(self.client, self.name)
        self.truth.Equipment.insert_many([{"_id": n, "v": "well", "text": "x" * 100} for n in range(RECORDS)])
        self.truth.command({"createIndexes": "Equipment", "indexes": [{"key": {"v": 1}, "name": "v_1"}],
                            "commitQuorum": "majority"})
        self.ws = workspace(self.folder, self.truth)
        created = create.create(self.ws, force=True).set
        assert created is not None
        self.backup = created
        self.saved = self.live()
        self.truth.Equipment.update_many({"_id": {"$lt": 700}}, {"$set": {"v": "spoilt"}})
        self.truth.Equipment.delete_many({"_id": {"$gte": RECORDS - 100}})
        self.truth.Equipment.insert_one({"_id": "later", "v": "new"})
        self.changed = self.live()
        if verb == "undo":
            restore.replace(self.ws, restore.plan_replace(self.ws, created, ["equipment"]))
            assert self.live() == self.saved

    def judge(self, verb: str, code: int, before: list[BackupSet]) -> str:
        """Say what is broken."""
        live = self.live()
        wished = {"replace": self.saved, "merge": {**self.changed, **self.saved}}.get(verb, self.changed)
        unchanged = self.saved if verb == "undo" else self.changed
        if code == 0 and live != wished:
            return "false success"
        if code in (14, 20) and live != unchanged:
            return "called unchanged, and it is not"
        if verb == "backup" and (wrong := self._wrong_set(code, before)):
            return wrong
        if left := [name for name in self.truth.list_collection_names() if "__" in name]:
            return f"left behind: {left}"
        return "ok"

    def live(self) -> State:
        """What the list holds."""
        return {record["_id"]: record["v"] for record in self.truth.Equipment.find()}

    def _wrong_set(self, code: int, before: list[BackupSet]) -> str:
        known = {backup.backup_id for backup in before}
        made = [backup for backup in self.ws.catalog.sets() if backup.backup_id not in known]
        if len(made) != (code == 0):
            return f"{'false success' if code == 0 else 'a failure'}: {len(made)} new sets"
        for backup in made:
            shown = {document["_id"]: document["v"] for batch in contents.documents(self.ws, backup, "equipment")
                     for document in map(bson.decode, raw.documents_of(batch))}
            if shown != self.changed or not verify.verify(self.ws, backup, 2).ok:
                return "false success: the set is not the list"
        return ""


def play(ground: Ground, verb: str, backups: DatabaseBackupRestore) -> tuple[str, str]:
    """Do a verb as ``backups`` does it on a ground that is prepared; gives answer and verdict."""
    before = ground.ws.catalog.sets()
    try:
        code, message = 0, _done(backups.workspace, verb, ground.backup)
    except BackupError as problem:
        code, message = problem.exit_code, problem.message
    return f"{code} {message}", ground.judge(verb, code, before)


def with_options(members: ReplicaSet, options: str, verb: str, folder: Path) -> tuple[str, str]:
    """Do a verb with what a connection string says, one member lagging or down; the set is healthy before.

    Everything must succeed, except that a direct connection to a secondary must be refused.
    """
    ground = Ground(members, folder)
    behind = members.secondaries()[0]
    uri = f"{members.uri}&{options.partition(',')[0]}"
    if options == DIRECT:
        uri = f"mongodb://{behind.host}/?directConnection=true"
    try:
        if options == DOWN:
            behind.kill()
            ground.prepare(verb)
            answer, verdict = _play(ground, verb, uri)
        else:
            with members.lagging(behind):
                ground.prepare(verb)
                answer, verdict = _play(ground, verb, uri)
    finally:
        ground.client.close()
    return answer, answered(answer, verdict, 14 if options == DIRECT else 0)


def answered(answer: str, verdict: str, code: int) -> str:
    """Give the verdict, or that another answer is expected."""
    return verdict if verdict != "ok" or answer.startswith(f"{code} ") else f"not answered with {code}"


def _play(ground: Ground, verb: str, uri: str) -> tuple[str, str]:
    return play(ground, verb, DatabaseBackupRestore(uri, database=ground.name, backup_folder=str(ground.folder)))


def _done(ws: Workspace, verb: str, backup: BackupSet) -> str:
    if verb == "backup":
        return create.create(ws, force=True).message
    if verb == "replace":
        return restore.replace(ws, restore.plan_replace(ws, backup, ["equipment"])).message
    if verb == "merge":
        return merge.merge(ws, merge.plan(ws, backup, "equipment")).message
    return undo.undo(ws).message if verb == "undo" else drill.drill(ws, backup).message

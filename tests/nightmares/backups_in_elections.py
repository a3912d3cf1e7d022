"""One change of primary while a backup is made, or taken in from a zip: what is listed afterwards, and is it true?

Somebody counts up in both collections all the time, in one transaction each time. So a set shows an instant that was:
both counters are equal, at least what was acknowledged when the backup began, and at most what the list has today.
"""

from __future__ import annotations

import itertools
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal
from unittest.mock import patch
from zipfile import ZipFile

import bson
from pymongo.database import Database

from backup_engine import create, failpoints, take_in, verify
from backup_engine.errors import BackupError
from backup_engine.model import BackupSet
from backup_engine.mongo import pinned
from backup_engine.records import raw
from backup_engine.repository import contents
from tests.backup_engine.engine import workspace
from tests.nightmares.elections import FAULTS, LAGS, NAME, RECORDS, Case, Doc, Stage, State

STEPS = {
    "full backup": ("W1", "W3", "W6", "W8", "W9"), "differential backup": ("W1", "W3", "W6", "W8", "W9"),
    "import-set": ("W2", "W6", "W8", "W9"),
}
PATIENCE = 30.0
"""Seconds in which a backup must work once there is a primary."""
COUNTER = "counter"


def matrix() -> list[Case]:
    """Every case there is; a zip has nothing to do with members that lag."""
    return [Case(fault, verb, step, lag) for verb, steps in STEPS.items()
            for step, fault, lag in itertools.product(steps, FAULTS, LAGS) if lag == "none" or verb != "import-set"]


@dataclass
class Backing(Stage):
    """A backup while the primary changes; ``judge`` looks at every set that is listed."""

    before: list[str] = field(default_factory=list)
    began: int = 0
    """What had been acknowledged when the verb began."""

    def prepare(self) -> None:
        """A list, a full backup of it, and some changes."""
        records = [{"_id": number, "v": "saved", "text": "x" * 100} for number in range(RECORDS)]
        for collection, its in ((self.database.Equipment, records), (self.database.Equipment_select_options, [])):
            collection.insert_many([*its, {"_id": COUNTER, "n": 0}])
        create.create(self.ws, force=True, kind="full")
        self.database.Equipment.update_many({"_id": {"$mod": [10, 0]}}, {"$set": {"v": "changed"}})
        self.old = self.wished = self._live()
        self.before = [backup.backup_id for backup in self.ws.catalog.sets()]

    def write(self, database: Database[Doc], number: int) -> None:
        """Count up in both collections and note how far."""
        with database.client.start_session() as session, session.start_transaction(
                write_concern=database.write_concern):
            for collection in (database.Equipment, database.Equipment_select_options):
                counted = collection.find_one_and_update(
                    {"_id": COUNTER}, {"$inc": {"n": 1}}, session=session, return_document=True)
        self.acknowledged.add(counted["n"])

    def verb(self) -> str:
        """Make a backup, due or not, of the kind the case names."""
        self._until_somebody_wrote()
        kind: Literal["full", "differential"] = "full" if self.case.verb.startswith("full") else "differential"
        return create.create(self.ws, force=True, kind=kind).message

    def judge(self, code: int) -> str:
        """Look at every listed set, then make another backup."""
        made = [backup for backup in self.ws.catalog.sets() if backup.backup_id not in self.before]
        if len(made) != (code == 0):
            return f"false success: {len(made)} new sets" if code == 0 else f"a failure left {len(made)} sets listed"
        bad = [backup.label for backup in self.ws.catalog.sets() if not verify.verify(self.ws, backup, 2).ok]
        if bad:
            return f"{'false success: ' if code == 0 else ''}{', '.join(bad)} does not verify"
        if made and (wrong := self._untrue(made[0])):
            return f"false success: {wrong}"
        if lost := self._lost():
            return f"{len(lost)} acknowledged writes lost: {sorted(lost)[:5]}"
        if self._live() != self.old:
            return "the list changed"
        return self._again()

    def _untrue(self, backup: BackupSet) -> str:
        """Say what of a set is not what the list was at one instant."""
        shown = {key: self.content(backup, key) for key in ("equipment", "select_options")}
        left, right = (shown[key].pop(COUNTER) for key in shown)
        if shown != {"equipment": self.old, "select_options": {}}:
            return "the set does not hold the list"
        if min(left, right) < self.began:
            return f"the set is of {left} and {right}, and {self.began} was acknowledged before it began"
        if backup.metadata["source"]["consistency"] != "snapshot":
            return "" if backup.warnings else "nothing says that there was no common instant"
        if left != right:
            return f"two instants, {left} and {right}"
        now = self._counters()[0]
        return f"the set is of {left}, and the list has only come to {now}" if left > now else ""

    def content(self, backup: BackupSet, key: str) -> State:
        """What a set holds: ``v`` of each record, ``n`` of the counter."""
        documents = (bson.decode(encoded) for batch in contents.documents(self.ws, backup, key)
                     for encoded in raw.documents_of(batch))
        return {document["_id"]: document.get("v", document.get("n")) for document in documents}

    def _again(self) -> str:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                created = create.create(self.ws, force=True).set
                break
            except BackupError as problem:
                if time.monotonic() > deadline:
                    return f"no backup within {PATIENCE:.0f} s of a primary: {problem.message}"
                time.sleep(0.2)
        if created is None or not verify.verify(self.ws, created, 2).ok or (wrong := self._untrue(created)):
            return f"the next backup is not well: {wrong}"
        place = Path(self.ws.storage.describe())
        left = [path.name for path in place.rglob("*") if path.name.startswith((".tmp", "intent_"))]
        return f"left behind: {left}" if left else "ok"

    def _lag_begins(self) -> AbstractContextManager[object]:
        if self.case.step in ("W1", "W2"):
            return nullcontext()
        return patch.dict(failpoints.hooks, {"W1": self._begin_lag})

    def _until_somebody_wrote(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while not self.acknowledged and time.monotonic() < deadline:
            time.sleep(0.01)
        self.began = max(self.acknowledged, default=0)

    def _counters(self) -> tuple[int, int]:
        both = (self.database.Equipment, self.database.Equipment_select_options)
        left, right = ((collection.find_one({"_id": COUNTER}) or {})["n"] for collection in both)
        return left, right

    def _lost(self) -> set[Any]:
        reached = min(self._counters())
        return {number for number in self.acknowledged if number > reached}


@dataclass
class Importing(Backing):
    """A set comes in from a zip while the primary changes."""

    source: Path = Path()

    def prepare(self) -> None:
        """Besides all that, a zip with a backup of another list."""
        super().prepare()
        with TemporaryDirectory() as folder, pinned.open_client(self.members.uri) as client:
            other = pinned.database(client, f"{NAME}_elsewhere")
            if other.Equipment.estimated_document_count() == 0:
                other.Equipment.insert_many([{"_id": n, "v": "elsewhere"} for n in range(RECORDS)])
            create.create(workspace(Path(folder), other), force=True)
            self.source = _zipped(Path(folder), Path(self.ws.storage.describe()).parent / f"{time.time_ns()}.zip")

    def verb(self) -> str:
        """Take the zip in."""
        self._until_somebody_wrote()
        return f"{len(take_in.import_sets(self.ws, self.source))} taken in"

    def _untrue(self, backup: BackupSet) -> str:
        if backup.trigger != "imported":
            return super()._untrue(backup)
        elsewhere = dict.fromkeys(range(RECORDS), "elsewhere")
        return "" if self.content(backup, "equipment") == elsewhere else "the set is not the one of the zip"

    def _again(self) -> str:
        if len(take_in.import_sets(self.ws, self.source)) != 1:
            return "the zip cannot be taken in any more"
        imported = [backup for backup in self.ws.catalog.sets() if backup.trigger == "imported"]
        if len(imported) != 1 or (wrong := self._untrue(imported[0])):
            return f"{len(imported)} sets of one zip are listed; {wrong}"
        return super()._again()


def stage_of(case: Case) -> type[Stage]:
    """Give what plays a case."""
    return Importing if case.verb == "import-set" else Backing if case.verb in STEPS else Stage


def _zipped(folder: Path, target: Path) -> Path:
    with ZipFile(target, "w") as archive:
        for path in folder.rglob("*"):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return target

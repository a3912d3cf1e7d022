"""Every verb once over one database, each answer compared byte by byte with what has to come of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import WriteError

from backup_engine import api
from backup_engine.api import BackupSet, DatabaseBackupRestore
from backup_engine.mongo.capabilities import Capabilities
from scripts.upgrade_parts import exact
from scripts.upgrade_parts.making import change, insert_exactly
from scripts.upgrade_parts.samples import odd_documents, records
from scripts.upgrade_parts.steps import Steps, require

__all__ = ["Verbs", "take_over"]

LIST, OPTIONS = "Equipment", "Equipment_select_options"
NAMES = (LIST, OPTIONS)
UNSEEN = "writes during the restore were not captured"


@dataclass
class Verbs:
    """A database that is filled, backed up, changed and brought back, on whatever server it lies."""

    database: Database[dict[str, Any]]
    folder: Path
    steps: Steps
    saved: dict[str, exact.Content] = field(default_factory=dict)
    """What the full set has to bring back."""
    refused: frozenset[bytes] = frozenset()
    """Documents that this server does not store; before MongoDB 5.0 those with a field name that begins with $."""

    def __post_init__(self) -> None:
        self.system = DatabaseBackupRestore(connect=lambda: self.database, backup_folder=self.folder)
        self.ws = self.system.workspace

    def run(self) -> None:
        """Do everything, in the order in which a lab would."""
        with self.steps.step("fill"):
            self._fill()
        with self.steps.step("full backup"):
            self.saved = self._content()
            made = self._make("full")
            wanted = "snapshot" if Capabilities.of(self.database).snapshot_reads else "none"
            found = made.metadata["source"]["consistency"]
            require(found == wanted, f"its consistency is {found} instead of {wanted}")
        with self.steps.step("verify"):
            self._verify()
        with self.steps.step("differential backup"):
            change(self.database[LIST], "before the differential set")
            later, made = self._content(), self._make("differential")
            self._replace(made)
            self._must_be(later)
        with self.steps.step("drill"):
            api.drill(self.ws, self._first())
            require(not [name for name in self.database.list_collection_names() if "__" in name], "it left something")
        with self.steps.step("compare"):
            compared = api.compare(self.ws, self._first())
            told = compared.different, compared.only_left, compared.only_right
            require(told == (5, 4, 2), f"instead of 5 changed, 4 deleted and 2 new records it tells of {told}")
        before = self._content()
        with self.steps.step("replace"):
            self._replace(self._first())
            self._must_be(self.saved)
        with self.steps.step("undo"):
            api.undo(self.ws)
            self._must_be(before)
        with self.steps.step("merge"):
            self._merge()
        with self.steps.step("prune"):
            api.prune(self.ws)

    def _fill(self) -> None:
        items, options = self.database[LIST], self.database[OPTIONS]
        self.database.create_collection(OPTIONS, validator={"Category": {"$exists": True}}, validationLevel="moderate")
        options.insert_many({"Category": f"Category {number}", "Vendor": f"Vendor, {number}"} for number in range(12))
        self.refused = _refused(self.database["trial"], odd_documents())
        insert_exactly(items, [document for document in (*odd_documents(), *records()) if document not in self.refused])
        items.create_index([("Vendor", 1), ("Serial", -1)], name="by vendor", collation={"locale": "de", "strength": 2})
        items.create_index("uuid", unique=True, partialFilterExpression={"uuid": {"$type": "string"}})

    def _content(self) -> dict[str, exact.Content]:
        return exact.content(self.database, NAMES)

    def _must_be(self, wanted: dict[str, exact.Content]) -> None:
        differs = exact.difference(wanted, self._content())
        require(not differs, differs)

    def _make(self, kind: Any) -> BackupSet:
        made = api.create(self.ws, force=True, kind=kind).set
        assert made is not None
        require(made.kind == kind, f"the set became {made.kind} instead of {kind}")
        return made

    def _first(self) -> BackupSet:
        return min((backup for backup in self.ws.catalog.sets()), key=lambda backup: backup.seq)

    def _verify(self) -> None:
        for backup in self.ws.catalog.sets():
            found = api.verify(self.ws, backup, 2)
            require(found.ok, found.message)

    def _replace(self, backup: BackupSet) -> None:
        plan = api.plan_replace(self.ws, backup, [source.key for source in self.ws.sources])
        restored = api.replace(self.ws, plan)
        require(restored.safety is not None, "the restore made no safety set")
        told = [words for words in restored.problems if words.startswith(UNSEEN)]
        require(bool(told) is not Capabilities.of(self.database).captures, f"of writes meanwhile it says {told}")
        require(len(told) == len(restored.problems), "; ".join(restored.problems))

    def _clustered(self) -> bool:
        return Capabilities.of(self.database).transactions

    def _merge(self) -> None:
        ids = [document["_id"] for document in self.database[LIST].find({"_id": {"$type": "objectId"}}, {"_id": 1})]
        before = set(exact.documents(self.database[LIST]))
        self.database[LIST].delete_many({"_id": {"$in": ids[-40:]}})
        self.database[LIST].update_many({"_id": {"$in": ids[:30]}}, {"$set": {"Vendor": "mangled"}})
        plan = api.plan_merge(self.ws, self._newest(), "equipment")
        merged = api.merge(self.ws, plan)
        require(not merged.warnings or not self._clustered(), "; ".join(merged.warnings))
        gone = before - set(exact.documents(self.database[LIST]))
        require(not gone, f"{len(gone)} records did not come back")

    def _newest(self) -> BackupSet:
        made = [backup for backup in self.ws.catalog.sets() if backup.trigger != "pre_restore"]
        return max(made, key=lambda backup: backup.seq)


def take_over(
    database: Database[dict[str, Any]], folder: Path, wanted: dict[str, exact.Content], refused: frozenset[bytes]
) -> str:
    """Restore the first full set of a folder that another server filled; gives what this server cannot have of it.

    Where it refuses records of the set, replace has to stop and change nothing, and merge to bring all the others.
    Raises what is wrong.
    """
    ws = DatabaseBackupRestore(connect=lambda: database, backup_folder=folder).workspace
    api.adopt(ws, "all")
    first = min(ws.catalog.sets(), key=lambda backup: backup.seq)
    missing = {exact.digest(document) for document in refused} & {*wanted[LIST]["documents"]}
    try:
        api.replace(ws, api.plan_replace(ws, first, [source.key for source in ws.sources]))
    except api.RestoreStopped:
        if not missing or database.list_collection_names(filter={"name": {"$in": [*NAMES]}}):
            raise
        api.merge_all(ws, [api.plan_merge(ws, first, source.key) for source in ws.sources])
        there = {name: content["documents"] for name, content in exact.content(database, NAMES).items()}
        rest = {name: sorted({*content["documents"]} - missing) for name, content in wanted.items()}
        require({name: sorted(found) for name, found in there.items()} == rest, "merge did not bring all the others")
        return f"replace stopped before it began, merge brought all but {len(missing)} records"
    differs = exact.difference(wanted, exact.content(database, NAMES))
    require(not differs, differs)
    return ""


def _refused(collection: Collection[dict[str, Any]], documents: Iterable[bytes]) -> frozenset[bytes]:
    tried, refused = list(documents), set()
    for document in tried:
        try:
            collection.insert_one(RawBSONDocument(document))  # type: ignore[arg-type]
        except WriteError:
            refused.add(document)
    collection.drop()
    return frozenset(refused)

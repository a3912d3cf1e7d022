"""What one version leaves behind for the other: a list, settings, sets of every kind, a restore that can be undone.

Everything is noted in a record, a JSON object: of every set what it is and what it has to bring back, of the database
every document. The content is read with pymongo, never through the engine.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import bson
from bson.raw_bson import RawBSONDocument
from pymongo.collection import Collection

from backup_engine import api, model
from backup_engine.api import BackupSet, DatabaseBackupRestore, Workspace
from scripts.upgrade_parts import exact
from scripts.upgrade_parts.seals import PASSPHRASE, SEALED, Keys, for_set, sealed
from scripts.upgrade_parts.steps import Steps, require

__all__ = ["CHOICES", "Making", "Record", "about", "change", "insert_exactly", "names", "replace",
           "without_odd_documents"]

Record = dict[str, Any]
LIST, OPTIONS = "Equipment", "Equipment_select_options"
FULL, DIFFERENTIAL, LEGACY, SAFETY, PINNED = "full", "differential", "of the original system", "safety", "pinned"
CHOICES = {"interval_hours": 168.0, "drill_every_days": 0.0}
"""Preferences that are noted and found again; with them no page starts a backup or a drill of its own."""
LEGACY_RECORDS = 40


def names(ws: Workspace) -> list[str]:
    """Give the names of the collections under backup."""
    return [source.collection for source in ws.sources]


def about(backup: BackupSet) -> dict[str, Any]:
    """Give what every version has to say the same about a set."""
    return {
        "label": backup.label, "day": backup.day, "backup_id": backup.backup_id, "seq": backup.seq,
        "state": backup.state, "kind": backup.kind, "base": backup.base, "trigger": backup.trigger,
        "pinned": backup.pinned, "records": backup.counts,
        "min_reader_version": backup.metadata.get("min_reader_version"),
    }


def replace(ws: Workspace, backup: BackupSet) -> BackupSet:
    """Replace all collections by the set's; give the safety set."""
    restored = api.replace(ws, api.plan_replace(ws, backup, [source.key for source in ws.sources]))
    require(restored.safety is not None, "the restore made no safety set")
    require(not restored.problems, "; ".join(restored.problems))
    assert restored.safety is not None
    return restored.safety


def without_odd_documents(collection: Collection[dict[str, Any]]) -> None:
    """Delete what the driver cannot read as Python values: the live list's types are looked at with the driver."""
    collection.delete_many({"_id": {"$type": "int"}})


def change(collection: Collection[dict[str, Any]], mark: str) -> None:
    """Change, delete and add a few records; ``mark`` makes the changes differ from earlier ones."""
    ids = [document["_id"] for document in collection.find({"_id": {"$type": "objectId"}}, {"_id": 1}).limit(9)]
    collection.update_many({"_id": {"$in": ids[:5]}}, {"$set": {"Comments": f"changed: {mark}", "new field": mark}})
    collection.delete_many({"_id": {"$in": ids[5:]}})
    collection.insert_many([{"Comments": mark, "Serial": f"{mark} {number}"} for number in range(2)])


@dataclass
class Making:
    """One version's turn to write. ``documents`` fill the list when it is empty."""

    system: DatabaseBackupRestore
    name: str
    keys: Keys
    documents: Iterable[bytes]
    steps: Steps
    record: Record = field(default_factory=lambda: {"sets": []})

    def __post_init__(self) -> None:
        self.ws = self.system.workspace
        self.database = self.ws.connect()

    def run(self) -> Record:
        """Make everything and note it."""
        with self.steps.step("fill the list, choose settings"):
            self._fill()
            chosen = api.Scheduler(self.ws, api.Preferences()).change(**CHOICES)
            self.record["choices"] = {name: getattr(chosen, name) for name in CHOICES}
        with self.steps.step("make a full set"):
            self._make(FULL, "full")
        with self.steps.step("make a differential set"):
            change(self.database[LIST], f"{self.name}, before the differential set")
            self._make(DIFFERENTIAL, "differential")
        with self.steps.step("make compressed and encrypted sets"):
            self._make_sealed()
        with self.steps.step("restore a set of the original system"):
            self._legacy()
        with self.steps.step("restore, with a safety set"):
            self._restore()
        with self.steps.step("make a pinned full set"):
            api.pin(self.ws, self._make(PINNED, "full"))
        with self.steps.step("note everything"):
            self._note()
        return self.record

    def _fill(self) -> None:
        items, options = self.database[LIST], self.database[OPTIONS]
        if items.estimated_document_count():
            return
        self.database.create_collection(OPTIONS, validator={"Category": {"$exists": True}}, validationLevel="moderate")
        for number in range(12):
            options.insert_one({"Category": f"Category {number}", "Vendor": f"Vendor, {number}" if number % 2 else ""})
        insert_exactly(items, self.documents)
        items.create_index("ID")
        items.create_index([("Vendor", 1), ("Serial", -1)], name="by vendor", collation={"locale": "de", "strength": 2})
        items.create_index("uuid", unique=True, partialFilterExpression={"uuid": {"$type": "string"}})

    def _content(self) -> dict[str, exact.Content]:
        return exact.content(self.database, names(self.ws))

    def _make(self, what: str, kind: Any, ws: Workspace | None = None) -> BackupSet:
        made = api.create(ws or self.ws, force=True, kind=kind).set
        assert made is not None
        require(made.kind == kind, f"the set became {made.kind} instead of {kind}")
        self._keep(what, made, self._content())
        return made

    def _keep(self, what: str, made: BackupSet, content: dict[str, exact.Content]) -> None:
        self.record["sets"].append({"what": what, **about(made), "content": content})

    def _set(self, what: str) -> BackupSet:
        label = next(noted["label"] for noted in self.record["sets"] if noted["what"] == what)
        return self.ws.catalog.find(label)

    def _make_sealed(self) -> None:
        """A passphrase costs a second of work for every file, by design: one such set in a folder is enough."""
        there = {for_set(self.ws, backup, self.keys).seal.suffix for backup in self.ws.catalog.sets()}
        for what, suffix in SEALED.items():
            if what != PASSPHRASE or suffix not in there:
                self._make(what, "full", sealed(self.ws, suffix, self.keys))

    def _legacy(self) -> None:
        """Text takes the types of the live list: the other version starts from the same full set."""
        folder = Path(self.ws.storage.describe())
        earlier = [backup for backup in self.ws.catalog.sets() if backup.state == "legacy"]
        legacy = earlier[0] if earlier else self.ws.catalog.find(_write_legacy(folder, self.database[LIST]))
        replace(self.ws, self._set(FULL))
        without_odd_documents(self.database[LIST])
        replace(self.ws, legacy)
        self._keep(LEGACY, legacy, self._content())
        replace(self.ws, self._set(FULL))

    def _restore(self) -> None:
        change(self.database[LIST], f"{self.name}, before the restore")
        before = self._content()
        safety = replace(self.ws, self._set(FULL))
        self._keep(SAFETY, safety, before)

    def _note(self) -> None:
        self.record |= {
            "all": [about(backup) for backup in self.ws.catalog.sets()],
            "live": self._content(),
            "others": exact.others(self.database, names(self.ws)),
            "triggers": _on_disk(),
        }


def _on_disk() -> list[str]:
    """Give the triggers that this version reads in metadata; one made continuously stands there as ``auto``."""
    try:
        from backup_engine.repository.manifest_reader import _TRIGGERS
    except ImportError:  # the version before has them in the model alone
        return list(get_args(model.Trigger))
    return list(_TRIGGERS)


def insert_exactly(collection: Collection[dict[str, Any]], documents: Iterable[bytes]) -> None:
    """Insert as is. MongoDB fills in a ``Timestamp(0, 0)`` at an insert, so that it takes a second write."""
    wanted = list(documents)
    collection.insert_many(RawBSONDocument(document) for document in wanted)  # type: ignore[misc]
    for document in {*wanted} - {*exact.documents(collection)}:
        literal = {"$literal": RawBSONDocument(document)}
        collection.update_one({"_id": bson.decode(document)["_id"]}, [{"$replaceWith": literal}])
    require({*wanted} == {*exact.documents(collection)}, "MongoDB did not store the documents as they are")


def _write_legacy(folder: Path, collection: Collection[dict[str, Any]]) -> str:
    """Write a set as the original system did, two days old; give its label."""
    moment = datetime.now().replace(microsecond=0) - timedelta(days=2)
    label, day = moment.strftime("%Y%m%d_%H%M%S"), model.DAYS[moment.weekday()]
    fields = ("ID", "Category", "Serial", "Purchase Value", "Last Cal Date", "Comments", "check", "Hours")
    rows = list(collection.find({"ID": {"$lte": LEGACY_RECORDS}, "Category": {"$exists": True}}, sort=[("ID", 1)]))
    (folder / day).mkdir(exist_ok=True)
    with (folder / day / f"equipment_backup_{label}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(fields)
        writer.writerows([document.get(name, "") for name in fields] for document in rows)
    metadata = {
        "backup_timestamp": moment.isoformat(), "backup_interval_hours": 1, "day_of_week": day,
        "equipment_records_count": len(rows), "select_options_records_count": 0,
        "equipment_file": f"equipment_backup_{label}.csv", "select_options_file": f"select_options_backup_{label}.csv",
        "backup_hash": "0" * 32,
    }
    (folder / day / f"backup_metadata_{label}.json").write_text(json.dumps(metadata, indent=2), encoding="utf-8")
    return label

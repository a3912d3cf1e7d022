"""What one version has to do with what the other left: know it again, prove it, bring it back to the last byte."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import bson
from bson import ObjectId

from backup_engine import api
from backup_engine.api import DatabaseBackupRestore
from scripts.upgrade_parts import exact
from scripts.upgrade_parts.making import (
    FULL,
    LEGACY,
    LIST,
    PINNED,
    SAFETY,
    Record,
    about,
    change,
    names,
    replace,
    without_odd_documents,
)
from scripts.upgrade_parts.seals import PASSPHRASE, Keys, for_set
from scripts.upgrade_parts.steps import Steps, require

__all__ = ["Taking"]


@dataclass
class Taking:
    """One version's turn to read what ``record`` promises."""

    system: DatabaseBackupRestore
    name: str
    keys: Keys
    record: Record
    steps: Steps

    def __post_init__(self) -> None:
        self.ws = self.system.workspace
        self.database = self.ws.connect()

    def look(self) -> None:
        """Do what changes nothing."""
        with self.steps.step("data folder: every document"):
            self._as_it_was()
        with self.steps.step("settings"):
            chosen = asdict(api.Scheduler(self.ws, api.Preferences()).refresh())
            kept = {name: chosen[name] for name in self.record["choices"]}
            require(kept == self.record["choices"], f"they were {self.record['choices']} and are {kept}")
        with self.steps.step("list"):
            self._list()
        with self.steps.step("verify, level 2"):
            self._verify()

    def restore(self) -> None:
        """Do what changes the list."""
        with self.steps.step("differential set on the other's full set"):
            self._differential()
        with self.steps.step("undo the other's restore"):
            self._undo()
        for noted in self.record["sets"]:
            if noted["what"] == PASSPHRASE:
                continue  # its safety set would be under the passphrase, too: seconds for what verifying has shown
            with self.steps.step(f"replace: {noted['what']}"):
                self._replace(noted)
        with self.steps.step("merge"):
            self._merge()

    def _as_it_was(self) -> None:
        self.must_be(self.record["live"])
        there = exact.others(self.database, names(self.ws))
        changed = [f"{name} ({len(digests)} documents)" for name, digests in self.record["others"].items()
                   if Counter(digests) != Counter(there.get(name, []))]
        require(not changed, f"not as they were: {', '.join(changed)}")

    def _list(self) -> None:
        there = {backup.label: backup for backup in self.ws.catalog.sets()}
        wanted = {noted["label"]: noted for noted in self.record["all"]}
        require(there.keys() == wanted.keys(), f"the sets are {sorted(there)} instead of {sorted(wanted)}")
        for label, noted in wanted.items():
            present = about(there[label])
            differing = [f"{name} was {value} and is {present[name]}" for name, value in noted.items()
                         if value != present[name]]
            require(not differing, f"{label}: {there[label].problem or 'sound'}; {', '.join(differing)}")
        listed = sum(map(len, self.system.get_available_backups().values()))
        require(listed == len(wanted), f"get_available_backups lists {listed} of {len(wanted)} sets")

    def _verify(self) -> None:
        """Decode every row, safety sets included. A set under a passphrase costs seconds: only while it is new."""
        new = {noted["label"] for noted in self.record["sets"]}
        bad = []
        for backup in self.ws.catalog.sets():
            ws = for_set(self.ws, backup, self.keys)
            if backup.label in new or ws.seal.passphrase is None:
                check = api.verify(ws, backup, 2)
                bad += [] if check.ok else [f"{backup.label}: {check.message}"]
        require(not bad, "; ".join(bad))

    def _differential(self) -> None:
        """The full set is the last thing the other made: only a restore in between would make it useless as a base."""
        base = self._noted(PINNED)["backup_id"]
        change(self.database[LIST], f"{self.name}, on the other's full set")
        content = self.content()
        made = api.create(self.ws, force=True, kind="differential").set
        assert made is not None
        require(made.base == base, f"it became a {made.kind} set on {made.base}, not one on {base}")
        self.record["sets"].append({"what": "own differential", "label": made.label, "content": content})

    def _undo(self) -> None:
        """Undoing twice brings back what was there before."""
        before, offered, safety = self.content(), api.undoable(self.ws), self._noted(SAFETY)
        require(offered and offered.label == safety["label"], f"{offered and offered.label} is offered for an undo")
        api.undo(self.ws)
        self.must_be(safety["content"])
        api.undo(self.ws)
        self.must_be(before)

    def _replace(self, noted: Record) -> None:
        if noted["what"] == LEGACY:
            replace(self.ws, self.ws.catalog.find(self._noted(FULL)["label"]))
            without_odd_documents(self.database[LIST])
        backup = self.ws.catalog.find(noted["label"])
        replace(for_set(self.ws, backup, self.keys), backup)
        self.must_be(noted["content"])

    def _merge(self) -> None:
        """Deleted and changed records come back, and one that only the list has stays."""
        noted = self._noted(FULL)
        backup = self.ws.catalog.find(noted["label"])
        replace(self.ws, backup)
        items = self.database[LIST]
        ids = [document["_id"] for document in items.find({"ID": {"$gte": 20}}, {"_id": 1}).limit(6)]
        items.delete_many({"_id": {"$in": ids[:3]}})
        items.update_many({"_id": {"$in": ids[3:]}}, {"$set": {"Comments": "to be taken back"}})
        own: dict[str, Any] = {"_id": ObjectId(), "Comments": "only in the list"}
        items.insert_one(own)

        merged, message = self.system.restore_from_backup(backup.metadata, "equipment", "merge")

        require(merged, message)
        wanted = {name: dict(content) for name, content in noted["content"].items()}
        wanted[LIST]["documents"] = [*wanted[LIST]["documents"], exact.digest(bson.encode(own))]
        self.must_be(wanted)

    def _noted(self, what: str) -> Record:
        matching: Record = next(noted for noted in self.record["sets"] if noted["what"] == what)
        return matching

    def content(self) -> dict[str, exact.Content]:
        return exact.content(self.database, names(self.ws))

    def must_be(self, wanted: dict[str, exact.Content]) -> None:
        words = exact.difference(wanted, self.content())
        require(not words, words)

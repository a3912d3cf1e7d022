"""What an entry of the activity log is about, by the name people know it by instead of its number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import bson
from pymongo.collection import Collection

from backup_engine.records import raw
from equipment.domain.record import ID, name_of
from equipment.store.access import USERS, Db
from equipment.store.activity import ACTIVITY, PURGED
from equipment.store.list import ids, keys, records, undo

__all__ = ["keys_of", "names"]

LONGEST: Final = 200
WORDS: Final = {"column:all": "all columns", "option:all": "all choices", "list": "the list", "schedule": "schedules",
                "setting:sign_up": "self sign-up", "setting:loans": "loans",
                 "setting:messages": "messages"}
NAMING: Final = ("_id", ID, "Vendor", "Model", "Description")
LABEL: Final = re.compile(r"[0-9]{8}_[0-9]{6}(?:_[0-9]+)?")
KINDS: Final = {"column": "column", "option": "choices of", "view": "view", "setting": "setting", "backup": "backup",
                "category": "category"}


def names(db: Db, entries: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Give a name for each target of these entries: of records as they are, or as the trash or an entry has them."""
    entries = list(entries)
    targets = {str(entry["target"]) for entry in entries}
    found = {target: _in_words(target) for target in targets}
    found |= _of_records(db, entries, {target for target in targets if target.startswith("record:")})
    people = {target.removeprefix("user:") for target in targets if target.startswith("user:")}
    found |= {f"user:{user['_id']}": str(user["name"])
              for user in db[USERS].find({"_id": {"$in": sorted(people)}}, {"name": 1})} if people else {}
    for target in targets:
        if target.startswith("deed:"):
            found[target] = _of_deed(db, target.removeprefix("deed:"))
    return found


def keys_of(db: Db, typed: str) -> list[str]:
    """Give the targets of records with that ID or key: in the list, in the trash, or deleted for good."""
    said = typed.strip()[:LONGEST].removeprefix("record:").removeprefix("ID ").strip()
    if not said:
        return []
    found = {keys.target(key) for key in records.named(db, said)}
    wanted: list[Any] = [said]
    if said.isascii() and said.lstrip("-").isdigit() and -(1 << 63) <= int(said) < 1 << 63:
        wanted.append(int(said))
    found |= {keys.target(keys.key_of_id(entry["record"]["_id"]))
              for entry in db[ids.TRASH].find({f"record.{ID}": {"$in": wanted}}, {"record._id": 1}).limit(LONGEST)}
    found |= {str(entry["target"]) for entry in
              db[ACTIVITY].find({"action": PURGED, f"before.{ID}": {"$in": wanted}}, {"target": 1}).limit(LONGEST)}
    return sorted(found) or [keys.target(said)]


def _of_records(db: Db, entries: list[Mapping[str, Any]], targets: set[str]) -> dict[str, str]:
    found = {}
    for entry in entries:  # what an addition or a deletion for good has kept of it
        kept = entry["after"] if isinstance(entry["after"], Mapping) else entry["before"]
        if entry["target"] in targets and isinstance(kept, Mapping) and ID in kept:
            found[str(entry["target"])] = name_of(kept)
    wanted = [target.removeprefix("record:") for target in targets]
    if not wanted:
        return found
    identities = [keys.id_of(key) for key in wanted]
    trash = db[ids.TRASH]
    exact = trash.with_options(codec_options=raw.FORGIVING) if isinstance(trash, Collection) else trash
    for trashed in exact.find({"record._id": {"$in": identities}}, {f"record.{name}": 1 for name in NAMING}):
        found[keys.target(keys.key_of_id(trashed["record"]["_id"]))] = f"{name_of(trashed['record'])} (in the trash)"
    for live in records.entries(db, wanted):
        found[keys.target(live.key)] = name_of(bson.decode(live.raw, codec_options=raw.FORGIVING))
    return {target: found.get(target, "a record that is gone") for target in targets}


def _of_deed(db: Db, number: str) -> str:
    known = db[undo.UNDO].find_one({"_id": keys.id_of(number)}, {"note": 1})
    return str(known["note"]) if known and known.get("note") else "a change of many records"


def _in_words(target: str) -> str:
    if target in WORDS:
        return WORDS[target]
    if LABEL.fullmatch(target):
        return f"backup {target}"
    kind, found, name = target.partition(":")
    if found and kind in KINDS:
        return f"{KINDS[kind]} {name}"
    return name if found and kind in ("user", "record") else target

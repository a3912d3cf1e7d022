"""Taking the application's own data back from a backup: what holds records is added to, never replaced.

Activity, trash, loans, events, plans, attached files and the values of deleted columns only grow: what is there stays
as it is. A record is not put into the trash when the list or the trash has it. Settings, views and column settings
become what they were, and those that the backup does not know stay. The accounts follow ``accounts.restored``. Every
document is written only over exactly what was seen, so that a change made at this very moment is seen the next time
round: who is being disabled now stays disabled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import bson

from backup_engine.errors import BadInput, RestoreIncomplete
from backup_engine.model import SILENT, Batch, TakenBack, Watch
from backup_engine.mongo.guarded import apply
from backup_engine.records import raw
from backup_engine.records.changes import Applied, Change
from equipment.domain.counting import number_of
from equipment.store import moments
from equipment.store.access import SESSIONS, USERS, Db
from equipment.store.accounts import administrators, restored
from equipment.store.activity import ACTIVITY
from equipment.store.life import attachments, file_bytes, loans, stocktakings
from equipment.store.life.events import EVENTS
from equipment.store.life.plans import PLANS
from equipment.store.list.column_values import VALUES
from equipment.store.list.listing import EQUIPMENT
from equipment.store.list.schema import COLUMNS
from equipment.store.list.trash import TRASH
from equipment.store.list.views import VIEWS
from equipment.store.raw_documents import raw_documents

__all__ = ["take_back"]

TRIES: Final = 100
"""Times that documents which somebody changes at this moment are looked at again."""
AT_ONCE: Final = 1000
MOST_BYTES: Final = 16 << 20
"""Of the documents that are in memory at once, the last one aside; parts of files have a MiB each."""
CLAIMING: Final = (("loans", loans.LOANS, loans.CLAIMS, loans.ended),
                   ("stocktakings", stocktakings.STOCKTAKINGS, ("open",), stocktakings.over),
                   ("files", attachments.ATTACHMENTS, attachments.CLAIMS, attachments.gone))
Saved = Callable[[str], Iterable[Batch]]
Doc = dict[str, Any]


def take_back(
    db: Db, saved: Saved, *, undo: bool = False, dry_run: bool = False, watch: Watch = SILENT
) -> TakenBack:
    """Bring back the collections of ``saved`` by their keys (see ``store.saved``); a dry run only counts.

    Raises ``BadInput`` when afterwards nobody could sign in and administer, before anything is changed;
    ``RestoreIncomplete`` when somebody keeps changing what is to be written. Done twice it changes nothing more.
    """
    wanted = list(_documents(saved, "users"))
    would = _accounts(db, wanted, undo)
    if dry_run:
        watch.step("Looking at the accounts")
    counts: dict[str, Mapping[str, int]] = {}
    # first what only grows: a crash on the way leaves more than there was, and the next try goes on
    counts["activity"] = _add(db, ACTIVITY, _documents(saved, "activity"), dry_run, watch)
    if not dry_run:
        file_bytes.prepare(db)  # on it rests that no part is there twice
    parts = _not_held(db, _documents(saved, "file_parts"))
    counts["file_parts"] = _add(db, file_bytes.CHUNKS, parts, dry_run, watch)
    # a file is there once its length is, so its parts come before, and what is attached after both
    counts["file_lengths"] = _add(db, file_bytes.FILES, _documents(saved, "file_lengths"), dry_run, watch)
    for key, name, claims, ended in CLAIMING:
        counts[key] = _add(db, name, _free(db, name, claims, ended, _documents(saved, key)), dry_run, watch)
    counts["events"] = _add(db, EVENTS, _documents(saved, "events"), dry_run, watch)
    counts["plans"] = _add(db, PLANS, _documents(saved, "plans"), dry_run, watch)
    counts["trash"] = _add(db, TRASH, _not_there(db, _documents(saved, "trash")), dry_run, watch)
    counts["views"] = _overwrite(db, VIEWS, _documents(saved, "views"), dry_run)
    columns = list(_documents(saved, "columns"))
    counts["columns"] = _overwrite(db, COLUMNS, columns, dry_run, stays=_was_deleted)
    values = _of_deletions(_deletions(db, columns), _documents(saved, "deleted_columns"))
    counts["deleted_columns"] = _add(db, VALUES, values, dry_run, watch)
    settings = (document for document in _documents(saved, "settings") if not administrators.is_list(document))
    counts["settings"] = _overwrite(db, administrators.SETTINGS, settings, dry_run)
    if not dry_run:
        would = _write_accounts(db, wanted, undo)
        db[SESSIONS].delete_many({})  # they have ended with the accounts' epoch; nobody need find them any more
    counts["users"] = would.counts
    return TakenBack(counts, (*would.notes, "everybody is signed out, and one-time codes are void"))


def _accounts(db: Db, wanted: Sequence[bytes], undo: bool) -> restored.Accounts:
    would = restored.plan(wanted, raw_documents(db[USERS]), undo=undo, now=moments.now())
    if would.changes and not would.administrators:
        raise BadInput("Afterwards nobody could sign in as an administrator.",
                       hint="Enable one of the administrators of that backup first, or choose another backup.")
    return would


def _write_accounts(db: Db, wanted: Sequence[bytes], undo: bool) -> restored.Accounts:
    first = would = _accounts(db, wanted, undo)
    administrators.narrow(db, would.administrators)  # before: too short a list loses no administrator
    changes: Sequence[Change] = would.changes
    for _ in range(TRIES):
        left = _left(apply(db[USERS], changes))
        if not left:
            for key in would.administrators:
                administrators.admit(db, key)
            return first
        again = {outcome.change.identity for outcome in left}
        would = restored.plan(wanted, raw_documents(db[USERS]), undo=undo, now=moments.now())
        changes = [change for change in would.changes if change.identity in again]
    raise RestoreIncomplete(f"{number_of(len(left), 'account')} could not be written ({left[0].why})",
                            hint="Do it again.")


def _overwrite(
    db: Db, name: str, documents: Iterable[bytes], dry_run: bool,
    stays: Callable[[Doc, Doc], bool] = lambda there, saved: False,
) -> Counter[str]:
    """Make the documents what they were; those that only the database has stay."""
    wanted = {raw.id_of(document): document for document in documents}
    counts: Counter[str] | None = None
    for _ in range(TRIES):
        there = {raw.id_of(document): document for document in raw_documents(db[name])}
        keep = {identity for identity, document in wanted.items()
                if identity in there and stays(bson.decode(there[identity]), bson.decode(document))}
        changes = [Change(there.get(identity), document) for identity, document in wanted.items()
                   if identity not in keep and there.get(identity) != document]
        if counts is None:  # what somebody changes meanwhile is not counted again
            added = sum(change.before is None for change in changes)
            kept = len(keep) + len(there.keys() - wanted.keys())
            counts = Counter(added=added, changed=len(changes) - added, kept=kept,
                             unchanged=len(wanted) - len(changes) - len(keep))
        if dry_run:
            return counts
        left = _left(apply(db[name], changes))
        if not left:
            return counts
    raise RestoreIncomplete(f"{len(left)} documents of {name} could not be written ({left[0].why})",
                            hint="Do it again.")


def _left(applied: Iterable[Applied]) -> list[Applied]:
    return [outcome for outcome in applied if outcome.status in ("conflict", "refused")]


def _add(db: Db, name: str, documents: Iterable[bytes], dry_run: bool, watch: Watch) -> Counter[str]:
    """Insert what is not there; what is there stays as it is."""
    counts: Counter[str] = Counter(added=0, kept=0)
    for group in _groups(documents):
        watch.step(f"Adding to {name}", counts.total())
        ids = [raw.value_of(raw.id_of(document)) for document in group]
        known = {raw.element_of(found["_id"]) for found in db[name].find({"_id": {"$in": ids}}, {"_id": 1})}
        missing = [document for document in group if raw.id_of(document) not in known]
        if not dry_run:
            refused = [outcome for outcome in apply(db[name], [Change(None, document) for document in missing])
                       if outcome.status == "refused"]
            if refused:
                raise RestoreIncomplete(f"an entry of {name} could not be written ({refused[0].why})",
                                        hint="Do it again.")
        counts.update(added=len(missing), kept=len(group) - len(missing))
    return counts


def _not_there(db: Db, entries: Iterable[bytes]) -> Iterator[bytes]:
    """Leave out entries of the trash whose records the list or the trash has."""
    for group in _groups(entries):
        records = [raw.id_of(dict(raw.elements(entry))[b"record"][1:]) for entry in group]
        ids = [raw.value_of(identity) for identity in records]
        there = {raw.element_of(found["_id"]) for found in db[EQUIPMENT].find({"_id": {"$in": ids}}, {"_id": 1})}
        trashed = {raw.element_of(found["record"]["_id"]): found["_id"]
                   for found in db[TRASH].find({"record._id": {"$in": ids}}, {"record._id": 1})}
        for entry, record in zip(group, records, strict=True):
            same = trashed.get(record) in (None, raw.value_of(raw.id_of(entry)))
            if record not in there and same:
                yield entry


def _not_held(db: Db, parts: Iterable[bytes]) -> Iterator[bytes]:
    """Leave out parts of files that are there under another number, and those of uploads that never ended."""
    for group in _groups(parts):
        wanted = [(each["files_id"], each["n"]) for each in map(bson.decode, group)]
        where = {"files_id": {"$in": sorted({file for file, _ in wanted})}}
        known = db[file_bytes.CHUNKS].find(where, {"files_id": 1, "n": 1})
        there = {(found["files_id"], found["n"]) for found in known}
        yield from (part for part, named in zip(group, wanted, strict=True)
                    if named not in there and file_bytes.is_hash(named[0]))


def _free(
    db: Db, name: str, claims: Sequence[str], ended: Callable[[Doc], Doc], documents: Iterable[bytes]
) -> Iterator[bytes]:
    """Let what claims something that is unique, as a loan claims its thing and its days, come back as ended where
    another one has it now."""
    for group in _groups(documents):
        wanted = [bson.decode(document) for document in group]
        taken = [{field: {"$in": [value for each in wanted for value in _as_list(each.get(field))]}}
                 for field in claims]
        there = list(db[name].find({"$or": taken}, dict.fromkeys(claims, 1)))
        for document, each in zip(group, wanted, strict=True):
            clashes = any(other["_id"] != each["_id"] and
                          set(_as_list(other.get(field))) & set(_as_list(each.get(field)))
                          for other in there for field in claims)
            yield bson.encode(ended(each)) if clashes else document


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _was_deleted(there: Doc, saved: Doc) -> bool:
    """Whether a column was deleted or brought back since: that is undone where its values are, not here."""
    return there.get("deleted") != saved.get("deleted")


def _deletions(db: Db, columns: Iterable[bytes]) -> set[Any]:
    """Give the numbers of the deletions that can be brought back once the column settings are as they were."""
    there = {column["_id"]: column for column in db[COLUMNS].find({})}
    after = {column["_id"]: column for column in map(bson.decode, columns)} | there
    return {column["deleted"]["number"] for column in after.values() if "deleted" in column}


def _of_deletions(numbers: set[Any], documents: Iterable[bytes]) -> Iterator[bytes]:
    for document in documents:
        value = bson.decode(document)
        if value.get("deletion") in numbers or "waiting" in value:
            yield document


def _documents(saved: Saved, key: str) -> Iterator[bytes]:
    return (document for batch in saved(key) for document in raw.documents_of(batch))


def _groups(documents: Iterable[bytes]) -> Iterator[list[bytes]]:
    group, size = list[bytes](), 0
    for document in documents:
        group.append(document)
        size += len(document)
        if len(group) == AT_ONCE or size >= MOST_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group

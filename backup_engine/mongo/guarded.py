"""Write records only over exactly what the writer has seen.

A change carries the whole record before and after as raw BSON. It is made when the stored bytes are still those of
``before``; otherwise it becomes a conflict and the other person's work stays. Field-wise operators are not used:
``$set`` corrupts names such as ``a.b``, '' or ``$x``, and query filters hold 5.0 for 5 and null for missing.

Three ways, chosen by what the server can do: ``Transactions`` (replica set, sharded cluster), a ``Guard`` on ``$$ROOT``
(standalone; weaker, it takes 5 and 5.0 for the same), and ``InMemory``, a plain comparison (the demo).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pymongo.collection import Collection
from pymongo.read_concern import ReadConcern

from backup_engine.errors import Cancelled
from backup_engine.model import SILENT, Watch
from backup_engine.mongo.capabilities import answers_commands, database_errors
from backup_engine.mongo.guarded_ways import Also, Guard, InMemory, Transactions, Way, read
from backup_engine.records import raw
from backup_engine.records.changes import Applied, Change, Status, judge

__all__ = ["Also", "Applied", "Change", "Status", "apply", "apply_each", "judge", "taken_back"]

MAX_BYTES = 8 * 1024 * 1024
"""Of records before and after in one batch, so that a transaction stays small whatever the records weigh."""


def apply(
    collection: Collection[dict[str, Any]],
    changes: Iterable[Change],
    *,
    also: Also | None = None,
    batch: int = 1000,
    bypass_validation: bool = False,
    watch: Watch = SILENT,
) -> list[Applied]:
    """Make the changes and tell what became of each, in order.

    Up to ``batch`` changes (8 MiB of records) are one transaction together with what ``also`` writes. Raises
    ``bypass_validation`` sends what the validator refuses again past it, and nothing else: that takes the right
    ``bypassDocumentValidation``; without it the record is refused and says so. Raises
    ``DatabaseUnreachable``, ``PermissionDenied``, ``Cancelled`` or what ``also`` raises: then the batch at hand is
    undone (not on a standalone) and earlier batches stay.
    """
    return list(
        apply_each(collection, changes, also=also, batch=batch, bypass_validation=bypass_validation, watch=watch)
    )


def apply_each(
    collection: Collection[dict[str, Any]],
    changes: Iterable[Change],
    *,
    also: Also | None = None,
    batch: int = 1000,
    bypass_validation: bool = False,
    watch: Watch = SILENT,
    total: int | None = None,
    done: int = 0,
) -> Iterator[Applied]:
    """Do the same batch by batch in bounded memory; ``total`` is for the progress report only, and so is ``done``: how
    many of them were made before."""
    with database_errors(collection.database):
        way = _way_to(collection, bypass_validation)
        for group in _groups(changes, batch):
            try:
                watch.step("Writing", done, total)
            except Cancelled:
                raise Cancelled(f"{done} changes were made before, the rest was not" if done else "") from None
            yield from way.write(group, also)
            done += len(group)


def taken_back(collection: Collection[dict[str, Any]], changes: Iterable[Change]) -> int:
    """Count the changes after which a majority has the record as it was before: made, and then lost in an election."""
    lasting = collection.with_options(codec_options=raw.RAW, read_concern=ReadConcern("majority"))
    lost = 0
    with database_errors(collection.database):
        for group in _groups(changes, 1000):
            state = read(lasting, group)
            lost += sum(change.before != change.after and state[change.identity] == change.before for change in group)
    return lost


def _way_to(collection: Collection[dict[str, Any]], bypass_validation: bool) -> Way:
    """Choose by what the server can do."""
    if not answers_commands(collection.database):
        return InMemory(collection)
    hello = collection.database.client.admin.command("hello")
    exact = collection.with_options(codec_options=raw.RAW)
    if "setName" in hello or hello.get("msg") == "isdbgrid":
        return Transactions(exact, bypass_validation)
    return Guard(exact, bypass_validation)


def _groups(changes: Iterable[Change], batch: int) -> Iterator[Sequence[Change]]:
    group: list[Change] = []
    size = 0
    for change in changes:
        weight = len(change.before or b"") + len(change.after or b"")
        if group and (len(group) >= batch or size + weight > MAX_BYTES):
            yield group
            group, size = [], 0
        group.append(change)
        size += weight
    if group:
        yield group

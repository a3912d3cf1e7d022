"""Take a table into the list as a merge: what is new is added, what differs is updated, nothing is removed.

The plan is the engine's, the same that a restore in merge mode uses; it is shown before anything is written, and only
what it says is written, guarded by the exact bytes it saw.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import bson
from pymongo.collection import Collection

from backup_engine.errors import BadInput, HeldByOthers
from backup_engine.model import SILENT, Batch, Watch
from backup_engine.mongo.guarded import Also, apply_each
from backup_engine.records import raw
from backup_engine.records.changes import Applied, Change
from backup_engine.records.live_profile import LiveProfile, key_text
from backup_engine.records.planner import Planned
from backup_engine.records.table_plan import plan_rows
from equipment.domain.column_names import trouble
from equipment.domain.counting import number_of
from equipment.domain.record import ID
from equipment.domain.values.dates import Order
from equipment.exchange import cell_values, memory
from equipment.exchange.numbering import needs_id
from equipment.exchange.plan import Plan, make
from equipment.exchange.reading.tables import Table
from equipment.exchange.settling import Settled, settle
from equipment.store import activity
from equipment.store.access import Db, Who, require
from equipment.store.list import columns, ids, listing, records, undo
from equipment.store.list.listing import EQUIPMENT

MANY = 100
"""Records that are there and that an import may change without the right for bulk edits."""
STEP = 1_000
LEAVE_OUT = ""
"""Mapping target of a column that is not imported."""

MEMORY_PER_CELL = 400
"""Bytes that planning and writing take for each cell: 125 MB for 20,000 rows of 19 columns, and some for MongoDB."""

MEMORY_PER_MAPPED_CELL = 40
"""Bytes of a cell's place in a row by names; the texts are there already."""

Mapped = Sequence[dict[str, str]]
"""Texts by the names of columns, the same names in every row."""


@dataclass(frozen=True)
class Renumbered:
    """A new record whose ID was taken: the row, what it brought, and what it got."""

    row: int
    brought: str
    got: str


@dataclass(frozen=True)
class Imported:
    """What became of an import, in records."""

    added: int
    updated: int
    unchanged: int
    conflicts: tuple[str, ...]
    renumbered: tuple[Renumbered, ...] = ()
    deed: str = field(default="", compare=False)
    """Number by which ``store.list.undo`` takes it back; empty when nothing was written."""

    @property
    def message(self) -> str:
        """One sentence for people."""
        left = f" {number_of(len(self.conflicts), 'row was', 'rows were')} left out." if self.conflicts else ""
        given = f" {len(self.renumbered):,} new ones got another ID, as theirs was taken." if self.renumbered else ""
        return f"{self.added:,} added, {self.updated:,} updated, {self.unchanged:,} unchanged.{given}{left}"


def apply_mapping(table: Table, mapping: Mapping[str, str]) -> Mapped:
    """Give the rows under their columns' names. Raises ``BadInput`` naming every name that is taken twice or cannot be
    used."""
    # A name of the list stands as it is: " A" is another column than "A".
    wanted = {header: column if column == header else column.strip() for header, column in mapping.items()
              if column.strip()}
    problems = [f"Two columns of the file go to {column}." for column, count in Counter(wanted.values()).items()
                if count > 1]
    problems += [problem for column in wanted.values() if (problem := trouble(column))]
    if problems:
        raise BadInput(" ".join(dict.fromkeys(problems)), hint="Choose other names for them, or leave them out.")
    memory.require(MEMORY_PER_MAPPED_CELL * len(table.rows) * len(wanted),
                   _importing(len(table.rows), len(wanted)), "Leave columns out.")
    return [{column: row[header] for header, column in wanted.items()} for row in table.records()]


def plan(
    db: Db, rows: Mapped, identity: Sequence[str], *, clear_empty: bool, watch: Watch = SILENT
) -> Plan:
    """Say for each row what the import would do with it; ``identity`` are the columns that tell records apart.

    New records get a uuid; their ID comes when they are added. Raises ``BadInput`` for more rows than there is memory
    for.
    """
    require_memory(rows)

    def profile() -> LiveProfile:
        return LiveProfile.over(_each(db), candidates=(), watch=watch)

    planned = plan_rows(rows, _batches(db), identity, profile=profile, clear_empty=clear_empty, numbered=ID,
                        shown=cell_values.shown, read=cell_values.read, watch=watch)
    return make(_watched(planned, len(rows), watch), rows)


@activity.one_deed()
def run(
    db: Db, who: Who, planned: Plan, *, skip_taken: bool = False,
    date_orders: Mapping[str, Order] | None = None, note: str = "", watch: Watch = SILENT
) -> Imported:
    """Do what was planned. A record somebody changed since the plan is left alone and told.

    A new record whose ID another one has gets the lowest free one, or is left out with ``skip_taken``. ``date_orders``
    are stored with their columns, where nobody has decided them; undoing the import leaves them. Raises
    ``PermissionDenied`` for who may not import, or not change more than ``MANY`` records.
    """
    require(db, who, "records.import")
    if planned.counts["update"] > MANY:
        require(db, who, "records.bulk_edit")
    settled = settle(db, planned, skip=skip_taken)
    conflicts = {planned[place].row for place in planned.places["conflict"]}.union(settled.taken if skip_taken else ())
    left = [f"Row {row}: {settled[row - 1].why}" for row in sorted(conflicts)]
    total = planned.counts["insert"] + planned.counts["update"] - (len(settled.taken) if skip_taken else 0)
    unnumbered = planned.counts["insert"] - len(planned.brought) + (0 if skip_taken else len(settled.taken))
    brought = [text for place, text in planned.brought.items() if place + 1 not in settled.taken]
    renumbered: list[Renumbered] = []
    with ids.reserve(db, unnumbered, (*brought, *planned.joined)) as numbers:
        log, deed = records.log_changes(db, who, "records.import", note), ""
        if total:
            deed = undo.begin(db, who, "records.import", note)
            log = numbers.guarding(undo.kept(db, deed, log))
        tally: Counter[str] = Counter()
        written: list[str] = []
        for entry, outcome in _written(db, settled, total, numbers, log, watch):
            tally[outcome.status] += 1
            written += [records.target(outcome)] if outcome.written else []
            if outcome.written and entry.row in settled.taken:
                renumbered.append(Renumbered(entry.row, settled.taken[entry.row], _id_in(outcome.change)))
            if outcome.status in ("conflict", "refused"):
                left.append(f"Record {raw.id_text(outcome.change.identity)}: {outcome.why}")
    for name, order in (date_orders or {}).items():
        columns.decide_date_order(db, who, name, order)
    activity.told(who, "records.import", written, note)
    listing.wrote(db)
    unchanged = planned.counts["unchanged"] + tally["unchanged"]
    return Imported(tally["inserted"], tally["updated"], unchanged, tuple(left), tuple(renumbered), deed)


def _written(
    db: Db, settled: Settled, total: int, numbers: ids.Reserved, log: Also, watch: Watch
) -> Iterator[tuple[Planned, Applied]]:
    """Write them in batches; what is left when the numbers were given to others gets other ones."""
    done = 0

    def left() -> Iterator[Planned]:
        return islice((entry for entry in settled if entry.change is not None), done, None)

    for _ in range(ids.TRIES):
        free, entries = iter(numbers), deque[Planned]()
        changes = (_numbered(_noted(entry, entries), free) for entry in left())
        try:
            for outcome in apply_each(db[EQUIPMENT], changes, also=log, watch=watch, total=total, done=done):
                done += 1
                yield entries.popleft(), outcome
            return
        except ids.Lost:
            numbers.take_again(sum(map(needs_id, left())))
    raise HeldByOthers("Others take numbers for new records all the time.", hint="Do it again: what was written stays.")


def _noted(entry: Planned, entries: deque[Planned]) -> Planned:
    entries.append(entry)
    return entry


def _watched(planned: Iterable[Planned], total: int, watch: Watch) -> Iterator[Planned]:
    for place, entry in enumerate(planned):
        if place % STEP == 0:
            watch.step("Comparing with the list", place, total)
        yield entry


def require_memory(rows: Mapped) -> None:
    """Raise ``BadInput`` for more rows than there is memory for."""
    columns, left = len(rows[0]) if rows else 0, memory.free()
    at_most = (left or 0) // (MEMORY_PER_CELL * max(1, columns)) // 100 * 100
    parts = f"Split the file into parts of at most {at_most:,} rows, or" if at_most else "Leave columns out, or"
    memory.require(MEMORY_PER_CELL * columns * len(rows), _importing(len(rows), columns),
                   f"{parts} give the application more memory. Nothing was changed.")


def _id_in(change: Change) -> str:
    return key_text(raw.value_of(dict(raw.elements(change.after or b""))[ID.encode()]))


def _numbered(planned: Planned, numbers: Iterator[int]) -> Change:
    assert planned.change is not None
    if planned.change.before is not None or planned.change.after is None:
        return planned.change
    fields = bson.decode(planned.change.after, codec_options=raw.PYTHON)
    fields.pop("_id")
    return Change(None, records.new_document(fields, numbers))


def _batches(db: Db) -> Iterator[Batch]:
    collection = db[EQUIPMENT]
    if isinstance(collection, Collection):
        batches: Any = collection.find_raw_batches({})
        yield from batches
        return
    yield from (bson.encode(document) for document in collection.find())


def _each(db: Db) -> Iterable[bytes]:
    return (document for batch in _batches(db) for document in raw.documents_of(batch))


def _importing(rows: int, columns: int) -> str:
    return f"Importing {number_of(rows, 'row')} of {number_of(columns, 'column')}"

"""Commands that look into the past: what differs, what a record was, what is only in backups."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Literal

import click
from pymongo.database import Database

from backup_engine.cli.restore import BOTH, collections_of
from backup_engine.cli.session import Answer, Session, from_remote, verb
from backup_engine.cli.words import as_data, when
from backup_engine.compare import Comparison, compare as compare_sets
from backup_engine.errors import BadInput
from backup_engine.history import Version, history_of
from backup_engine.lost import lost_and_found
from backup_engine.model import BackupSet
from backup_engine.mongo import raw_batches
from backup_engine.mongo.capabilities import database_errors
from backup_engine.records import raw
from backup_engine.records.planner import FieldChange

SHOWN = 1_000


@verb("compare", help="Compare a backup with the current list, or with another backup.")
@click.argument("left", metavar="A")
@click.argument("right", metavar="[B]", required=False)
@click.option("--collection", default=BOTH, show_default=True, help="equipment, select_options or both.")
@from_remote
def compare(session: Session, left: str, right: str | None, collection: str, remote: str | None) -> Answer:
    """Compare; only A is read from a remote."""
    keys = collections_of(session, collection)
    with session.reading(remote, left) as (ws, left_set), session.watch() as watch:
        right_set: BackupSet | Literal["current"] = session.find(right) if right else "current"
        comparisons = [compare_sets(ws, left_set, right_set, key, watch=watch) for key in keys]
    lines = [line for comparison in comparisons for line in _difference_lines(comparison)]
    message = " ".join(f"{comparison.key}: {comparison.message}" for comparison in comparisons)
    data = {"collections": {comparison.key: _comparison_data(comparison) for comparison in comparisons}}
    return Answer(message, data, tuple(lines))


def _difference_lines(comparison: Comparison) -> Iterator[str]:
    yield from comparison.notes
    for row in islice(comparison.rows, SHOWN):
        if row.kind == "different":
            for change in comparison.fields(row):
                yield (f"{comparison.key} {row.identity}  {raw.name_text(change.name)}: {_text(change.before)} → "
                       f"{_text(change.after)}")
        else:
            side = comparison.left if row.kind == "only_left" else comparison.right
            yield f"{comparison.key} {row.identity}  only in {side}"
    if len(comparison.rows) > SHOWN:
        yield f"… and {len(comparison.rows) - SHOWN:,} more"
    for setting in (*comparison.index_differences, *comparison.option_differences):
        yield f"{comparison.key} {setting.name}: {setting.left} → {setting.right}"


def _comparison_data(comparison: Comparison) -> dict[str, Any]:
    rows = [{"record": row.identity, "kind": row.kind,
             "fields": [_change(change) for change in comparison.fields(row)] if row.kind == "different" else []}
            for row in islice(comparison.rows, SHOWN)]
    return {"only_left": comparison.only_left, "only_right": comparison.only_right, "different": comparison.different,
            "same": comparison.same, "left": comparison.left, "right": comparison.right, "records": rows,
            "truncated": len(comparison.rows) > SHOWN, "notes": list(comparison.notes),
            "indexes": [setting.name for setting in comparison.index_differences],
            "options": [setting.name for setting in comparison.option_differences]}


@verb("history", help="Show every version of a record that any backup has. KEY is its _id, uuid, ID or Serial.")
@click.argument("key", metavar="KEY")
@click.option("--collection", default="equipment", show_default=True, help="equipment or select_options.")
def history(session: Session, key: str, collection: str) -> Answer:
    """Show a record's timeline."""
    (source,) = _single(session, collection)
    with session.watch() as watch:
        timeline = history_of(session.workspace, source, key, watch=watch)
        # A command line has only text: 7 may be the number 7. More than 18 digits may not fit into 64 bits.
        if not timeline.versions and key.isdecimal() and len(key) < 19:
            numeric = raw.id_text(raw.element_of(int(key)))
            timeline = history_of(session.workspace, source, numeric, watch=watch)
    now = session.workspace.clock()
    lines: list[str] = []
    for version in timeline.versions:
        what = "not there" if version.document is None else f"{len(version.changes)} fields changed"
        lines.append(f"{when(version.first.started, now)} – {when(version.last.started, now)}  {what}")
        lines += [f"    {raw.name_text(change.name)}: {_text(change.before)} → {_text(change.after)}"
                  for change in version.changes]
    lines += [f"Backup {backup.label} cannot be read: {why}" for backup, why in timeline.unreadable]
    number = len(timeline.versions)
    message = f"{number:,} versions of {timeline.identity}." if number else f"No backup knows {key}."
    data = {"record": timeline.identity, "versions": [_version(version) for version in timeline.versions],
            "unreadable": [backup.label for backup, _ in timeline.unreadable]}
    return Answer(message, data, tuple(lines))


def _version(version: Version) -> dict[str, Any]:
    return {"there": version.document is not None, "first": version.first.label, "last": version.last.label,
            "sets": version.sets, "changes": [_change(change) for change in version.changes]}


@verb("lost", help="List records that are in backups but neither in the current list nor in its trash.")
@click.option("--collection", default="equipment", show_default=True, help="equipment or select_options.")
@click.option("--trash", metavar="NAME", help="Collection of the trash; by default the list's name with “_trash”.")
def lost(session: Session, collection: str, trash: str | None) -> Answer:
    """Show lost and found."""
    (key,) = _single(session, collection)
    ws = session.workspace
    database = ws.connect()
    name = trash or f"{ws.source(key).collection}_trash"
    with session.watch() as watch:
        records = lost_and_found(ws, key, present=map(_record_in, _stored(database, name)), watch=watch)
    now = ws.clock()
    lines = tuple(f"{record.identity}  last in backup {record.last.label} ({when(record.last.started, now)})"
                  for record in records)
    data = [{"record": record.identity, "last": as_data(record.last),
             "fields": {raw.name_text(field): raw.element_text(value)
                        for field, value in raw.elements(record.document)}}
            for record in records]
    words = f"{len(records):,} records are in backups only." if records else "No record is in backups only."
    return Answer(words, {"lost": data}, lines)


def _stored(database: Database[dict[str, Any]], name: str) -> Iterator[bytes]:
    """As they are stored: a record that cannot be decoded is in the trash all the same."""
    with database_errors(database):
        for batch in raw_batches.find(database[name]):
            yield from raw.documents_of(batch)


def _record_in(entry: bytes) -> bytes:
    """The record itself, or wrapped as the application's trash has it."""
    record = dict(raw.elements(entry)).get(b"record", b"")
    return record[1:] if record[:1] == b"\x03" else entry


def _single(session: Session, collection: str) -> tuple[str]:
    keys = collections_of(session, collection)
    if len(keys) != 1:
        raise BadInput("Choose one collection.")
    return (keys[0],)


def _change(change: FieldChange) -> dict[str, str | None]:
    return {"field": raw.name_text(change.name), "before": None if change.before is None else _text(change.before),
            "after": None if change.after is None else _text(change.after)}


def _text(element: bytes | None) -> str:
    return "(missing)" if element is None else raw.element_text(element)


COMMANDS = (compare, history, lost)

"""Commands that bring data back. Only ``restore`` without ``--dry-run`` and ``undo`` change the database."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from backup_engine import drill as drills, merge, restore, take_in, undo as undoing
from backup_engine.cli.session import Answer, Session, from_remote, verb
from backup_engine.cli.words import as_data
from backup_engine.compare import compare
from backup_engine.deeds import system_user
from backup_engine.errors import BadInput, RestoreIncomplete, RestoreStopped
from backup_engine.merge import Merged
from backup_engine.model import BackupSet, Watch
from backup_engine.ownership import lookup
from backup_engine.records.planner import Pick
from backup_engine.restore import Restored
from backup_engine.workspace import Workspace

BOTH = "both"
DO_NOT_ASK = "Do not ask; needed where there is no terminal, as in a script."
EXTENTS = {"all": 0, "partly": 3, "nothing": RestoreStopped.exit_code}
"""Exit codes of a merge: one that wrote nothing because every record was refused is a restore that stopped."""


def collections_of(session: Session, collection: str) -> tuple[str, ...]:
    """Turn the option into collection keys. Raises ``BadInput``."""
    keys = tuple(source.key for source in session.workspace.sources)
    if collection == BOTH:
        return keys
    if collection not in keys:
        raise BadInput(f"There is no collection {collection!r}: use {', '.join(keys)} or {BOTH}.")
    return (collection,)


@verb("restore", help="Bring a backup back. Replace makes the list exactly the backup; merge keeps what only the list "
                      "has. A safety backup is made first; undo takes everything back.")
@click.argument("backup_id", metavar="[ID]", required=False)
@click.option("--at", metavar="MOMENT",
              help="Instead of ID: the newest good backup at that moment or before, such as \"2026-11-26 11:59\". "
                   "Local time of this machine unless it says otherwise (11:59+01:00); a date alone means its end.")
@click.option("--collection", default=BOTH, show_default=True, help="equipment, select_options or both.")
@click.option("--mode", type=click.Choice(["replace", "merge"]), required=True,
              help="What becomes of records that only the list has: replace takes them away, merge keeps them.")
@click.option("--pick", "pick_file", type=click.Path(path_type=Path), metavar="FILE",
              help="Merge only these records: one id a line, or JSON {\"records\": {id: [field, …] or null}, "
                   "\"fields\": [field, …]}.")
@click.option("--from-other-database", "foreign", is_flag=True,
              help="Say that a backup of another database is meant.")
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--yes", is_flag=True, help=DO_NOT_ASK)
@from_remote
def restore_set(
    session: Session, backup_id: str | None, at: str | None, collection: str, mode: str, pick_file: Path | None,
    foreign: bool, dry_run: bool, yes: bool, remote: str | None,
) -> Answer:
    """Restore."""
    if (backup_id is None) == (at is None):
        raise BadInput("Say which backup is meant: give its ID, or --at with a moment, and not both.")
    keys = collections_of(session, collection)
    pick = _read_pick(pick_file, keys, mode) if pick_file else None
    with session.reading(remote, backup_id or "", at) as (ws, backup):
        # before anybody is asked: a question about the wrong database is easily answered with yes
        lookup.require_own(ws, ws.connect(), backup, foreign=foreign)
        if not dry_run:
            _confirm(session, backup, keys, mode, yes)
        with session.watch() as watch:
            if dry_run:
                return _rehearsed(ws, backup, keys, mode, pick, watch)
            if mode == "replace":
                plan = restore.plan_replace(ws, backup, keys, foreign=foreign, watch=watch)
                return _restored(restore.replace(ws, plan, actor=actor(), watch=watch))
            plans = [merge.plan(ws, backup, key, pick=pick, foreign=foreign, watch=watch) for key in keys]
            return _merged(merge.merge_all(ws, plans, actor=actor(), watch=watch))


@verb("undo", help="Take back the last restore.")
@click.option("--yes", is_flag=True, help=DO_NOT_ASK)
def undo(session: Session, yes: bool) -> Answer:
    """Undo."""
    if not yes:
        ask("Take back the last restore?")
    with session.watch() as watch:
        return _restored(undoing.undo(session.workspace, actor=actor(), watch=watch))


@verb("drill", help="Rehearse a restore (default: of the newest good backup) beside the live data, and compare.")
@click.argument("backup_id", metavar="[ID]", required=False)
@from_remote
def drill(session: Session, backup_id: str | None, remote: str | None) -> Answer:
    """Drill."""
    if backup_id is None and remote is None:
        with session.watch() as watch:
            done = drills.drill(session.workspace, None, watch=watch)
    else:
        with session.reading(remote, backup_id or "newest") as (ws, chosen), session.watch() as watch:
            done = drills.drill(ws, chosen, watch=watch)
    return Answer(done.message, {"backup": as_data(done.backup), "records": done.counts})


@verb("import-set", help="Take in every backup of a zip file or a folder; all are verified first.")
@click.argument("path", type=click.Path(path_type=Path))
def import_set(session: Session, path: Path) -> Answer:
    """Import."""
    if not path.exists():
        raise BadInput(f"There is no file or folder {path}.")
    with session.watch() as watch:
        taken = take_in.import_sets(session.workspace, path, watch=watch)
    *_, newest = taken
    lines = tuple(f"Backup {backup.label} is here now: {_counts(backup)}." for backup in taken)
    message = lines[0] if len(taken) == 1 else f"{len(taken):,} backups are here now, the newest {newest.label}."
    data = {"backup": as_data(newest), "backups": [as_data(backup) for backup in taken]}
    return Answer(message, data, lines if len(taken) > 1 else ())


def _counts(backup: BackupSet) -> str:
    return ", ".join(f"{count:,} {key}" for key, count in backup.counts.items())


def _confirm(session: Session, backup: BackupSet, keys: tuple[str, ...], mode: str, yes: bool) -> None:
    if yes:
        return
    counts = ", ".join(f"{backup.counts.get(key, 0):,} {key}" for key in keys)
    words = {"replace": f"Replace the current list by backup {backup.label} ({counts})?",
             "merge": f"Merge backup {backup.label} ({counts}) into the current list?"}
    ask(f"{words[mode]} A safety backup is made first.")


def ask(question: str) -> None:
    """Go on only when a person says yes. Raises ``BadInput`` where nobody can be asked."""
    if not sys.stdin.isatty():
        raise BadInput("Nobody can be asked here, as there is no terminal: add --yes.")
    click.confirm(question, abort=True, err=True)  # standard output is for the answer


def _rehearsed(
    ws: Workspace, backup: BackupSet, keys: tuple[str, ...], mode: str, pick: Pick | None, watch: Watch
) -> Answer:
    """Say what would change, from the same plan that would do it."""
    lines: list[str] = []
    data: dict[str, Any] = {"backup": as_data(backup), "mode": mode, "dry_run": True, "collections": {}}
    if mode == "replace":
        plan = restore.plan_replace(ws, backup, keys, foreign=True, watch=watch)  # was asked for before
        lines += [*plan.decisions, *plan.warnings]
    for key in keys:
        if mode == "merge":
            planned = merge.plan(ws, backup, key, pick=pick, foreign=True, watch=watch)
            lines += [f"{key}: {planned.message}", *planned.decisions, *planned.warnings]
            data["collections"][key] = {"insert": planned.inserts, "update": planned.updates,
                                        "unchanged": planned.unchanged, "only_current": planned.only_live}
        else:
            comparison = compare(ws, backup, "current", key, watch=watch)
            lines.append(f"{key} becomes exactly this backup: {comparison.only_left:,} added, "
                         f"{comparison.only_right:,} removed, {comparison.different:,} changed, "
                         f"{comparison.same:,} unchanged.")
            data["collections"][key] = {"added": comparison.only_left, "removed": comparison.only_right,
                                        "changed": comparison.different, "unchanged": comparison.same}
    return Answer("Nothing was changed (dry run).", {**data, "notes": lines}, tuple(lines))


def _restored(done: Restored) -> Answer:
    data = {"restored": dict(done.counts), "safety": as_data(done.safety) if done.safety else None,
            "problems": list(done.problems), "captured": done.captured}
    code = RestoreIncomplete.exit_code if done.message.startswith(RestoreIncomplete.opening) else 0
    return Answer(done.message, data, code=code)


def _merged(done: list[Merged]) -> Answer:
    counts: Counter[str] = Counter()
    for merged in done:
        counts += Counter(inserted=merged.inserted, updated=merged.updated, unchanged=merged.unchanged,
                          conflicts=merged.conflicts, refused=merged.refused, skipped=merged.skipped)
    left = [outcome for merged in done for outcome in merged.report if outcome.status in ("conflict", "refused")]
    lines = tuple(f"{outcome.identity}: {outcome.status}. {outcome.why}".strip() for outcome in left)
    data = {
        **{name: counts[name] for name in ("inserted", "updated", "unchanged", "conflicts", "refused", "skipped")},
        "left_alone": [{"record": outcome.identity, "status": outcome.status, "why": outcome.why} for outcome in left],
        "safety": [as_data(merged.safety) for merged in done if merged.safety], "extent": merge.extent_of(done),
    }
    return Answer(merge.message_of(done), data, lines, EXTENTS[merge.extent_of(done)])


def _read_pick(path: Path, keys: tuple[str, ...], mode: str) -> Pick:
    if mode != "merge":
        raise BadInput("--pick goes with --mode merge: a replace takes everything.")
    if len(keys) != 1:
        raise BadInput("--pick goes with one collection.")
    try:
        text = path.read_text(encoding="utf-8-sig")  # a byte order mark would become part of the first id
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}") from error
    if not text.lstrip().startswith("{"):
        return Pick(records={line.strip(): None for line in text.splitlines() if line.strip()})
    try:
        return _pick_of(json.loads(text))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:  # brackets by the thousand recurse
        raise BadInput(f"{path} is not a list of records to pick: {error}") from error


def _pick_of(said: Mapping[str, Any]) -> Pick:
    if said.keys() - {"records", "fields"}:
        raise ValueError("only “records” and “fields” are known")
    records, fields = said.get("records"), said.get("fields")
    if isinstance(records, list):
        records = dict.fromkeys(records)
    chosen = None if records is None else {
        str(record): None if names is None else frozenset(map(str, names)) for record, names in records.items()
    }
    return Pick(chosen, None if fields is None else frozenset(map(str, fields)))


def actor() -> str:
    """Who runs this command, for the journal."""
    user = system_user()
    return f"{user} (command line)" if user else "command line"


COMMANDS = (restore_set, undo, drill, import_set)

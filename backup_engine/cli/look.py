"""Commands that only look."""

from __future__ import annotations

from datetime import timedelta

import click

from backup_engine import prune as pruning, verify as verifying
from backup_engine.cli.session import Answer, Session, verb
from backup_engine.cli.words import age, as_data, check_data, size, table, when
from backup_engine.errors import NoBackupsFound, VerificationFailed
from backup_engine.repository import ledger
from backup_engine.status import status as read_status
from backup_engine.verify import Verification


@verb("list", help="List all backups, newest first.")
def list_sets(session: Session) -> Answer:
    """List every set, damaged ones included."""
    ws = session.workspace
    sets = list(reversed(ws.catalog.sets()))
    if not sets:
        raise NoBackupsFound(ws.catalog.why_empty())
    now = ws.clock()
    checks = ledger.read(ws.storage)
    rows = []
    for one in sets:
        check = checks.get(one.backup_id)
        verified = "" if check is None else f"{age(now - check.when)} ago" if check.ok else "FAILED"
        counts = ", ".join(f"{count:,} {key}" for key, count in one.counts.items())
        rows.append((one.label, when(one.started, now)[:3], age(now - one.started), one.trigger, one.kind,
                     one.state + (" pinned" if one.pinned else ""), verified, counts))
    header = ("BACKUP", "DAY", "AGE", "MADE BY", "KIND", "STATE", "VERIFIED", "RECORDS")
    usable = sum(one.usable for one in sets)
    code = 0 if usable else NoBackupsFound.exit_code
    where = ws.storage.describe()
    message = f"{usable:,} backups in {where}." if usable else NoBackupsFound(ws.catalog.why_empty()).message
    return Answer(message, {"backups": [as_data(one) for one in sets]}, table(header, rows), code)


@verb("show", help="Show everything known about one backup.")
@click.argument("backup_id", metavar="ID")
def show(session: Session, backup_id: str) -> Answer:
    """Show one set."""
    ws = session.workspace
    one = session.find(backup_id)
    check = ledger.read(ws.storage).get(one.backup_id)
    facts = [
        ("id", one.backup_id), ("started", when(one.started, ws.clock())), ("state", one.state), ("kind", one.kind),
        ("made by", one.trigger), ("pinned", "yes" if one.pinned else "no"), ("rests on", one.base or ""),
        ("problem", one.problem), ("warnings", "; ".join(one.warnings)),
        ("verified", "" if check is None else f"level {check.level}, {'sound' if check.ok else 'FAILED'}, "
                                              f"{when(check.when, ws.clock())}"),
    ]
    facts += [(key, f"{part.records:,} records, {size(part.stored_bytes)}, {part.file or 'no file'}")
              for key, part in one.parts.items()]
    lines = tuple(f"{name + ':':<16}{value}" for name, value in facts if value)
    verified = None if check is None else {"level": check.level, "ok": check.ok, "when": check.when.isoformat()}
    return Answer(f"Backup {one.label} in {ws.storage.describe()}/{one.day}.",
                  {"backup": as_data(one), "verified": verified, "metadata": dict(one.metadata)}, lines)


@verb("verify", help="Check one backup (default: the newest), or all of them and whether the newest is recent enough.")
@click.argument("backup_id", metavar="[ID]", required=False)
@click.option("--all", "everything", is_flag=True, help="Check every backup.")
@click.option("--level", type=click.IntRange(0, 2), default=1, show_default=True,
              help="0 listing, 1 hashes of the files, 2 every row.")
def verify(session: Session, backup_id: str | None, everything: bool, level: int) -> Answer:
    """Verify."""
    if backup_id and everything:
        raise click.UsageError("Give an ID or --all, not both.")
    ws = session.workspace
    if not everything:
        chosen = session.find(backup_id or "newest")
        with session.watch() as watch:
            return _verified(verifying.verify(ws, chosen, level, watch=watch))
    if not ws.catalog.sets():
        raise NoBackupsFound(ws.catalog.why_empty())
    with session.watch() as watch:
        report = verifying.verify_all(ws, level, watch=watch)
    lines = tuple(one.message for one in report.verifications)
    data = {"verifications": [check_data(one) for one in report.verifications], "stale": report.stale}
    return Answer(report.message, data, lines, 0 if report.ok else VerificationFailed.exit_code)


def _verified(found: Verification) -> Answer:
    data = {"verification": check_data(found)}
    if found.ok:
        return Answer(found.message, data)
    error = verifying.error_of(found)
    return Answer(str(error), data, code=error.exit_code)


@verb("status", help="Say how the backups stand.")
def status(session: Session) -> Answer:
    """Show the state of the folder."""
    ws = session.workspace
    now = ws.clock()
    found = read_status(ws)
    drilled = ledger.last_drill(ws)
    halted = pruning.halted(ws) if found.last else ""
    stale = verifying.freshness(ws)
    verified = ledger.last_verified(ws, found.last) if found.last else None
    facts = [
        ("folder", ws.storage.describe()), ("last backup", _ago(found.age)),
        ("verified", _ago(now - verified if verified else None)), ("backups", f"{found.total:,}"),
        ("made today", f"{found.today:,}"), ("damaged", f"{found.damaged:,}"), ("longest gap", age(found.longest_gap)),
        ("free space", size(found.free_bytes)), ("restore drill", _ago(now - drilled if drilled else None)),
        ("retention", f"nothing is deleted: {halted}" if halted else f"{ws.keep_days} days"),
    ]
    data = {
        "last": as_data(found.last) if found.last else None,
        "age_seconds": found.age.total_seconds() if found.age else None, "total": found.total, "today": found.today,
        "damaged": found.damaged, "free_bytes": found.free_bytes, "stale": stale, "halted": halted,
        "longest_gap_seconds": found.longest_gap.total_seconds() if found.longest_gap else None,
        "last_drill": drilled.isoformat() if drilled else None,
        "last_verified": verified.isoformat() if verified else None,
    }
    message = f"Attention: {stale}." if stale else "The backups are up to date."
    return Answer(message, data, tuple(f"{name + ':':<16}{value}" for name, value in facts))


def _ago(span: timedelta | None) -> str:
    text = age(span)
    return text if text == "never" else f"{text} ago"


COMMANDS = (list_sets, show, verify, status)

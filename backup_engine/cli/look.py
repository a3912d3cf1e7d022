"""Commands that only look."""

from __future__ import annotations

from datetime import datetime, timedelta

import click

from backup_engine import offsite, prune as pruning, verify as verifying
from backup_engine.cli.remote import remote_data, standing_of
from backup_engine.cli.session import Answer, Session, from_remote, verb
from backup_engine.cli.words import age, as_data, check_data, size, standby_data, table, when
from backup_engine.errors import KeyNeeded, NoBackupsFound, VerificationFailed
from backup_engine.fetch import unseen
from backup_engine.keys import proofs
from backup_engine.model import BackupSet, Room
from backup_engine.ownership import lookup
from backup_engine.ownership.owner import Owner, called
from backup_engine.policy.tiers import Tiers
from backup_engine.repository import companions, ledger
from backup_engine.repository.damage import LEVELS
from backup_engine.repository.ledger import Check
from backup_engine.status import status as read_status
from backup_engine.verify import Verification
from backup_engine.workspace import Workspace


@verb("list", help="List all backups, newest first.")
@from_remote
def list_sets(session: Session, remote: str | None) -> Answer:
    """List every set, damaged ones included."""
    with session.listed(remote) as ws:
        return _list(ws)


def _list(ws: Workspace) -> Answer:
    sets = list(reversed(ws.catalog.sets()))
    if not sets:
        raise NoBackupsFound(ws.catalog.why_empty())
    now = ws.clock()
    checks = ledger.read(ws.storage)
    owner = lookup.shown(ws)
    rows: list[tuple[str, ...]] = []
    for backup in sets:
        check = checks.get(backup.backup_id)
        verified = "" if check is None else _checked(check, now) if check.ok else "FAILED"
        counts = ", ".join(f"{count:,} {key}" for key, count in backup.counts.items())
        aside = " in the work folder" if where_of(ws, backup) != ws.storage.describe() else ""
        rows.append((backup.label, when(backup.started, now)[:3], age(now - backup.started), backup.trigger,
                     backup.kind, backup.state + (" pinned" if backup.pinned else "") + aside, verified, counts,
                     _whose(owner, backup), backup.comment))
    header: tuple[str, ...] = ("BACKUP", "DAY", "AGE", "MADE BY", "KIND", "STATE", "VERIFIED", "RECORDS", "OF DATABASE",
                               "COMMENT")
    said = [column for column, name in enumerate(header)
            if name not in ("OF DATABASE", "COMMENT") or any(row[column] for row in rows)]
    header, rows = tuple(header[column] for column in said), [tuple(row[column] for column in said) for row in rows]
    usable = sum(backup.usable for backup in sets)
    code = 0 if usable else NoBackupsFound.exit_code
    where = ws.storage.describe()
    twins = [f"Attention: {words}." for words in unseen(ws)]
    message = f"{usable:,} backups in {where}." if usable else NoBackupsFound(ws.catalog.why_empty()).message
    data = [{**as_data(backup), "relation": owner.relation(backup), "place": where_of(ws, backup)} for backup in sets]
    return Answer(message, {"backups": data}, (*table(header, rows), *twins), code)


def where_of(ws: Workspace, backup: BackupSet) -> str:
    """Give the folder in which a set lies: the backup folder, or the work folder."""
    return ws.storage.place(backup.day, backup.metadata_file)


def _whose(owner: Owner, backup: BackupSet) -> str:
    relation = owner.relation(backup)
    return "" if relation in ("own", "everybody") else f"{called(backup)}{', adopted' * (relation == 'adopted')}"


@verb("show", help="Show everything known about one backup.")
@click.argument("backup_id", metavar="ID")
@from_remote
def show(session: Session, backup_id: str, remote: str | None) -> Answer:
    """Show one set."""
    with session.listed(remote) as ws:
        return _show(ws, session.find(backup_id, ws))


def _show(ws: Workspace, backup: BackupSet) -> Answer:
    check = ledger.read(ws.storage).get(backup.backup_id)
    facts = [
        ("id", backup.backup_id), ("started", when(backup.started, ws.clock())), ("state", backup.state),
        ("kind", backup.kind), ("made by", backup.trigger), ("pinned", "yes" if backup.pinned else "no"),
        ("comment", backup.comment),
        ("rests on", backup.base or ""), ("application", _application(ws, backup)),
        ("of database", called(backup) if backup.database else ""),
        ("opens with", _opens_with(ws, backup)),
        ("problem", backup.problem), ("warnings", "; ".join(backup.warnings)),
        ("verified", "" if check is None else f"level {check.level} ({LEVELS[check.level]}), "
                                              f"{'sound' if check.ok else 'FAILED'}, "
                                              f"{when(check.when, ws.clock())}"),
    ]
    facts += [(key, f"{part.records:,} records, {size(part.stored_bytes)}, {part.file or 'no file'}")
              for key, part in backup.parts.items()]
    lines = tuple(f"{name + ':':<16}{value}" for name, value in facts if value)
    verified = None if check is None else {"level": check.level, "ok": check.ok, "when": check.when.isoformat()}
    return Answer(f"Backup {backup.label} in {where_of(ws, backup)}/{backup.day}.",
                  {"backup": as_data(backup), "verified": verified, "metadata": dict(backup.metadata)}, lines)


def _application(ws: Workspace, backup: BackupSet) -> str:
    """Say what of the application's own data was saved with a set."""
    own = companions.of(ws, backup)
    problem = companions.trouble(ws, backup)
    if problem or own is None:
        return problem
    return ", ".join(f"{count:,} {key}" for key, count in own.counts.items()) + f" ({own.kind}, {own.backup_id[:8]})"


@verb("verify", help="Check one backup (default: the newest), or all of them and whether the newest is recent enough.")
@click.argument("backup_id", metavar="[ID]", required=False)
@click.option("--all", "everything", is_flag=True, help="Check every backup.")
@click.option("--level", type=click.IntRange(0, 2), default=1, show_default=True,
              help="0 listing, 1 hashes of the files, 2 every row.")
@from_remote
def verify(session: Session, backup_id: str | None, everything: bool, level: int, remote: str | None) -> Answer:
    """Verify."""
    if backup_id and everything:
        raise click.UsageError("Give an ID or --all, not both.")
    with session.listed(remote) as ws:
        if everything:
            return _verify_all(session, ws, level)
        chosen = session.find(backup_id or "newest", ws)
        with session.watch() as watch:
            return _verified(verifying.verify(ws, chosen, level, remember=remote is None, watch=watch))


def _verify_all(session: Session, ws: Workspace, level: int) -> Answer:
    if not ws.catalog.sets():
        raise NoBackupsFound(ws.catalog.why_empty())
    with session.watch() as watch:
        report = verifying.verify_all(ws, level, watch=watch)
    called = ws.annex.about.called if ws.annex is not None else ""
    lines = (*(verification.message for verification in report.verifications),
             *(f"{_own(called, verification.backup)}: {verification.message}" for verification in report.apart))
    data = {"verifications": [check_data(verification) for verification in report.verifications], "stale": report.stale,
            "application": [check_data(verification) for verification in report.apart]}
    code = 0 if report.ok else KeyNeeded.exit_code if report.sound else VerificationFailed.exit_code
    return Answer(report.message, data, lines, code)


def _own(called: str, backup: BackupSet) -> str:
    kept = "safety backup of" if backup.trigger == "pre_restore" else "without a list:"
    return f"{kept[:1].upper()}{kept[1:]} {called}"


def _verified(verification: Verification) -> Answer:
    data = {"verification": check_data(verification)}
    if verification.ok:
        return Answer(verification.message, data)
    error = verifying.error_of(verification)
    return Answer(str(error), data, code=error.exit_code)


@verb("status", help="Say how the backups stand.")
def status(session: Session) -> Answer:
    """Show the state of the folder."""
    ws = session.workspace
    now = ws.clock()
    standing = read_status(ws)
    drilled = ledger.last_drill(ws)
    halted = pruning.halted(ws) if standing.last else ""
    stale = verifying.freshness(ws)
    check = ledger.last_sound(ws, standing.last) if standing.last else None
    verified = check.when if check else None
    remotes = offsite.noted_standings(ws)
    facts = [
        ("folder", ws.storage.describe()), ("last backup", _ago(standing.age)),
        ("verified", _verified_as(standing.last, check, now)), ("backups", f"{standing.total:,}"),
        ("made today", f"{standing.today:,}"), ("damaged", f"{standing.damaged:,}"),
        ("longest gap", age(standing.longest_gap)),
        ("free space", size(standing.free_bytes)), ("restore drill", _ago(now - drilled if drilled else None)),
        ("retention", f"nothing is deleted: {halted}" if halted else _retention(ws)),
        *([("not safe", standing.application)] if standing.application else []),
        *([("data folder", _room(standing.room))] if standing.room else []),
        *([("other databases", f"{standing.foreign:,} backups in this folder")] if standing.foreign else []),
        *([("attention", standing.question.words)] if standing.question else []),
        *([("recovered copy", standing.standby.words)] if standing.standby else []),
        *((f"remote {each.name}", standing_of(each, now)) for each in remotes),
    ]
    data = {
        "last": as_data(standing.last) if standing.last else None,
        "age_seconds": standing.age.total_seconds() if standing.age else None, "total": standing.total,
        "today": standing.today, "damaged": standing.damaged, "free_bytes": standing.free_bytes,
        "data_folder_free_bytes": standing.room.free if standing.room else None,
        "read_only": standing.room.short if standing.room else False,
        "stale": stale, "halted": halted,
        "longest_gap_seconds": standing.longest_gap.total_seconds() if standing.longest_gap else None,
        "last_drill": drilled.isoformat() if drilled else None,
        "last_verified": verified.isoformat() if verified else None,
        "last_verified_level": check.level if check else None,
        "encrypted": bool(standing.last and standing.last.encrypted),
        "foreign": standing.foreign, "question": standing.question.kind if standing.question else None,
        "standby": standby_data(standing.standby) if standing.standby else None,
        "remotes": [remote_data(each) for each in remotes],
        "application": standing.application,
    }
    attention = stale or standing.application
    sound = "This is a recovered copy that stands by." if standing.standby else "The backups are up to date."
    message = f"Attention: {attention}." if attention else sound
    return Answer(message, data, tuple(f"{name + ':':<16}{value}" for name, value in facts))


def _checked(check: Check, now: datetime) -> str:
    return f"{age(now - check.when)} ago ({LEVELS[check.level]})"


def _verified_as(last: BackupSet | None, check: Check | None, now: datetime) -> str:
    if check is not None:
        return _checked(check, now)
    return "never" if last is None else "read back when it was made"


def _opens_with(ws: Workspace, backup: BackupSet) -> str:
    """Name the keys of an encrypted set; which of them anybody still has only a drill shows."""
    if not backup.encrypted:
        return ""
    shown = proofs.proven(ws.storage)
    recipients = backup.metadata.get("codec", {}).get("recipients", ())
    keys = [f"{key} ({f'proven {shown[key]:%Y-%m-%d}' if key in shown else 'not proven: drill with its identity'})"
            for key in recipients]
    return ", ".join(keys) or "a passphrase"


def _room(room: Room) -> str:
    limit = f"the list is read-only below {size(room.least)}"
    return f"{size(room.free)} free{', TOO LITTLE' if room.short else ''}; {limit}"


def _retention(ws: Workspace) -> str:
    """Say the days, and the tiers as far as an option decides: nobody is asked for what is stored."""
    return ", besides ".join(filter(None, (f"{ws.keep_days} days", Tiers(**ws.tiers).words)))


def _ago(span: timedelta | None) -> str:
    text = age(span)
    return text if text == "never" else f"{text} ago"


COMMANDS = (list_sets, show, verify, status)

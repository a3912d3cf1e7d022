"""Commands that make, mend, mark or delete sets."""

from __future__ import annotations

from datetime import datetime

import click

from backup_engine import comment as commenting, prune as pruning, repair as repairs
from backup_engine.cli.sending import Sent, pushed_data, send_waiting
from backup_engine.cli.session import Answer, Session, verb
from backup_engine.cli.words import age, as_data, table, when

WARNED = 3


@verb("backup", help="Make a backup if one is due, and send to the remotes what waits for them.")
@click.option("--force", is_flag=True, help="Make it even if none is due.")
@click.option("--interval", metavar="HOURS", help="Hours between backups, 0.1 to 168.")
@click.option("--no-push", is_flag=True, help="Send nothing: somebody else does, such as the app.")
def backup(session: Session, force: bool, interval: str | None, no_push: bool) -> Answer:
    """Create a set."""
    with session.watch() as watch:
        created = session.backups.create(
            interval, force=force, remotes=no_push, watch=watch)  # type: ignore[arg-type]  # checked there
    sent = Sent()
    if not no_push:
        with session.watch() as watch:
            sent = send_waiting(session.workspace, watch=watch)
    created, made = created.but(sent.troubles), created.set
    data = {"created": made is not None, "backup": as_data(made) if made else None, "warnings": list(created.warnings),
            "file": session.backups.first_file(made), "remotes": [pushed_data(each) for each in sent.pushed],
            "notes": sent.notes}
    notes = tuple(f"Note: {warning}." for warning in created.warnings if warning not in created.message)
    lines = (str(data["file"]), *notes) if made else ()
    trouble = [f"{words[:1].upper()}{words[1:]}." for words in sent.troubles if made is None]
    code = session.signalled if sent.stopped else WARNED if created.problems or sent.troubles else 0
    after = " ".join((*sent.sentences, *trouble))
    return Answer(f"{created.message.rstrip('.')}. {after}" if after else created.message, data, lines, code)


@verb("repair", help="Put lost metadata back, or bring the readable rows of a damaged backup into a new one.")
@click.argument("backup_id", metavar="ID")
def repair(session: Session, backup_id: str) -> Answer:
    """Repair a set without ever overwriting it."""
    with session.watch() as watch:
        done = repairs.repair(session.workspace, session.find(backup_id), watch=watch)
    return Answer(done.message, {"backup": as_data(done.backup), "action": done.action, "lost": dict(done.lost),
                                 "application": done.beside}, code=WARNED if done.beside else 0)


@verb("prune", help="Delete what the retention rules let go.")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted, and why each backup stays.")
@click.option("--acknowledge", is_flag=True, help="Accept what has stopped the deletion (a shrunken list, the clock).")
def prune(session: Session, dry_run: bool, acknowledge: bool) -> Answer:
    """Apply retention."""
    ws = session.workspace
    with session.watch() as watch:
        done = pruning.prune(ws, dry_run, acknowledge_shrink=acknowledge, watch=watch)
    gone = {deleted.label for deleted in done.deleted}
    now, leaves, following = ws.clock(), done.leaves, done.next_to_go
    rows = [(decision.backup.label, age(decision.age), "delete" if decision.backup.label in gone else "keep",
             when(leaves[decision.backup.place], now) if decision.backup.place in leaves else "", decision.reason)
            for decision in done.decisions]
    after = (_next(following.label, leaves[following.place], now),) if following else ()
    data = {
        "dry_run": dry_run, "halted": done.halted, "deleted": [deleted.backup_id for deleted in done.deleted],
        "decisions": [{"backup_id": decision.backup.backup_id, "label": decision.backup.label, "keep": decision.keep,
                       "reason": decision.reason, "rules": list(decision.rules),
                       "age_hours": decision.age.total_seconds() / 3600,
                       "leaves_after": leaves[decision.backup.place].isoformat()
                       if decision.backup.place in leaves else None}
                      for decision in done.decisions],
        "next_to_go": following.backup_id if following else None,
    }
    return Answer(done.message, data, (*table(("BACKUP", "OLDER BY", "", "KEPT UNTIL", "REASON"), rows), *after))


def _next(label: str, moment: datetime, now: datetime) -> str:
    if moment <= now:
        return f"Next to go: {label}, with the next good backup."
    return f"Next to go: {label}, after {when(moment, now)} if backups go on being made."


def _mark(session: Session, backup_id: str, pinned: bool) -> Answer:
    change = pruning.pin if pinned else pruning.unpin
    marked = change(session.workspace, session.find(backup_id))
    words = "is pinned: retention leaves it alone" if pinned else "is no longer pinned"
    started = when(marked.started, session.workspace.clock())
    return Answer(f"Backup {marked.label} of {started} {words}.", {"backup": as_data(marked)})


@verb("pin", help="Protect a backup from retention.")
@click.argument("backup_id", metavar="ID")
def pin(session: Session, backup_id: str) -> Answer:
    """Pin a set."""
    return _mark(session, backup_id, True)


@verb("unpin", help="Give a backup back to retention.")
@click.argument("backup_id", metavar="ID")
def unpin(session: Session, backup_id: str) -> Answer:
    """Unpin a set."""
    return _mark(session, backup_id, False)


@verb("comment", help="Say something about a backup, in plain text that is not encrypted; without TEXT nothing is said "
                      "any more.")
@click.argument("backup_id", metavar="ID")
@click.argument("text", metavar="[TEXT]", default="")
def comment(session: Session, backup_id: str, text: str) -> Answer:
    """Comment on a set."""
    marked = commenting.comment(session.workspace, session.find(backup_id), text)
    words = f"bears the comment: {marked.comment}" if marked.comment else "bears no comment"
    return Answer(f"Backup {marked.label} {words}", {"backup": as_data(marked)})


COMMANDS = (backup, repair, prune, pin, unpin, comment)
